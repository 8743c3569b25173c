-- What the outbox holds and what became of it: kept in the same transactions as the outbox.
CREATE TABLE spool (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  records INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL,
  dropped INTEGER NOT NULL,
  gaps INTEGER NOT NULL,
  quarantined INTEGER NOT NULL
) STRICT;
INSERT INTO spool
  SELECT 1, count(*),
    coalesce(sum(coalesce(octet_length(window_key), 0) + coalesce(octet_length(counts), 0) + coalesce(octet_length(gap), 0)), 0),
    0, 0, count(gap), 0
  FROM outbox;
-- Of key, counts and gap as they were written; what was written before this step has none.
ALTER TABLE outbox ADD COLUMN crc INTEGER;
-- How often a record was pulled and refused.
CREATE TABLE refusal (
  cursor INTEGER PRIMARY KEY,
  times INTEGER NOT NULL
) STRICT;
-- Records that stood in the way of those behind them. Nothing checks them: they may be damaged.
CREATE TABLE quarantine (
  cursor INTEGER PRIMARY KEY,
  producer TEXT NOT NULL,
  boot_epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  closed_ms INTEGER NOT NULL,
  window_key TEXT,
  counts BLOB,
  gap TEXT,
  reason TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
