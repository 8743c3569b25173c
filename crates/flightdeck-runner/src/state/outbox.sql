CREATE TABLE outbox (
  -- Never used again once forgotten: a cursor stays in order for ever.
  cursor INTEGER PRIMARY KEY AUTOINCREMENT,
  producer TEXT NOT NULL,
  boot_epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  closed_ms INTEGER NOT NULL,
  -- A window has a key and counts, a gap has what was lost.
  window_key TEXT CHECK (json_valid(window_key)),
  counts BLOB,
  gap TEXT CHECK (json_valid(gap)),
  CHECK ((window_key IS NULL) = (counts IS NULL) AND (window_key IS NULL) <> (gap IS NULL)),
  UNIQUE (producer, boot_epoch, sequence)
) STRICT;
