CREATE TABLE endpoint (
  name TEXT PRIMARY KEY,
  desired TEXT NOT NULL CHECK (json_valid(desired)),
  previous TEXT,
  changed_ms INTEGER NOT NULL
) STRICT;
