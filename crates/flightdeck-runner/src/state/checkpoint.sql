CREATE TABLE checkpoint (
  window_key TEXT PRIMARY KEY CHECK (json_valid(window_key)),
  counts BLOB NOT NULL
) STRICT;
