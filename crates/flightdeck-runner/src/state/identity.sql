CREATE TABLE identity (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  producer TEXT NOT NULL CHECK (length(producer) = 32),
  boot_epoch INTEGER NOT NULL CHECK (boot_epoch >= 1),
  -- Windows and gaps closed in this epoch: the next origin's sequence is one more.
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  -- The last time at which everything counted was known to be on the disk.
  safe_ms INTEGER NOT NULL,
  stopped_cleanly INTEGER NOT NULL CHECK (stopped_cleanly IN (0, 1))
) STRICT;
