-- How far each of those who pull windows has said that they are safe with it: by the id of its token, and one for the
-- holder of the control token.
CREATE TABLE reader (
  id TEXT PRIMARY KEY,
  cursor INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
