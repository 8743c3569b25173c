-- Who is let in. The token itself is not kept, only its SHA-256.
CREATE TABLE token (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  role TEXT NOT NULL CHECK (json_valid(role)),
  scope TEXT NOT NULL CHECK (json_valid(scope)),
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER,
  revoked_ms INTEGER
) STRICT;
-- The code that was shown, as long as it may be used.
CREATE TABLE pairing (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  code TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  tries INTEGER NOT NULL CHECK (tries >= 0)
) STRICT;
