-- Predictions by the id of their request, until labels come: a ring for each endpoint.
CREATE TABLE prediction (
  seq INTEGER PRIMARY KEY,
  endpoint TEXT NOT NULL,
  id TEXT NOT NULL,
  version TEXT NOT NULL,
  role TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  -- A class or a number.
  label TEXT,
  value REAL,
  UNIQUE (endpoint, id)
) STRICT;
-- What became true, until somebody takes it.
CREATE TABLE label (
  -- Never used again once forgotten.
  cursor INTEGER PRIMARY KEY AUTOINCREMENT,
  endpoint TEXT NOT NULL,
  id TEXT NOT NULL,
  label TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  UNIQUE (endpoint, id)
) STRICT;
-- Predictions that met their labels, as counts. Of numbers only errors: then both texts are empty and `number` is 1.
CREATE TABLE outcome (
  endpoint TEXT NOT NULL,
  version TEXT NOT NULL,
  role TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  number INTEGER NOT NULL CHECK (number IN (0, 1)),
  label TEXT NOT NULL,
  predicted TEXT NOT NULL,
  rows INTEGER NOT NULL,
  sum REAL NOT NULL,
  sum_abs REAL NOT NULL,
  sum_squares REAL NOT NULL,
  PRIMARY KEY (endpoint, start_ms, version, role, number, label, predicted)
) STRICT, WITHOUT ROWID;
-- Requests that were kept, where an endpoint says so.
CREATE TABLE sample (
  cursor INTEGER PRIMARY KEY AUTOINCREMENT,
  endpoint TEXT NOT NULL,
  version TEXT NOT NULL,
  role TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  id TEXT,
  inputs TEXT NOT NULL,
  outputs TEXT NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX sample_by_endpoint ON sample (endpoint, cursor, at_ms, bytes);
-- Figures of both.
CREATE TABLE telemetry_count (
  endpoint TEXT NOT NULL,
  what TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (endpoint, what)
) STRICT, WITHOUT ROWID;
