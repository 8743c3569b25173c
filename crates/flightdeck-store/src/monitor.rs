//! Where the decision rule stands for each version at each endpoint, and what it said at each step.

use flightdeck_core::{Digest, Name, Timestamp};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, params, rusqlite};

pub(crate) const CREATE: &str = "
CREATE TABLE monitor (
  runner TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  version TEXT NOT NULL,
  next_ms INTEGER NOT NULL,
  state BLOB NOT NULL,
  PRIMARY KEY (runner, endpoint, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE verdict (
  runner TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  version TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  document BLOB NOT NULL,
  PRIMARY KEY (runner, endpoint, version, start_ms)
) STRICT, WITHOUT ROWID;
";

/// A version at an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// The runner.
    pub runner: &'a Name,
    /// The endpoint.
    pub endpoint: &'a Name,
    /// The version.
    pub version: &'a Digest,
}

/// What the rule said at a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictRecord {
    /// The step's start.
    pub start: Timestamp,
    /// Rows in the step.
    pub rows: u64,
    /// The verdicts of all features, encoded by whoever judged.
    pub document: Vec<u8>,
}

/// The rule's state, and the start of the first step that was not judged.
pub fn state(connection: &Connection, of: Watched<'_>) -> Result<Option<(Timestamp, Vec<u8>)>> {
    let mut statement = connection.prepare_cached(
        "SELECT next_ms, state FROM monitor WHERE runner = ?1 AND endpoint = ?2 AND version = ?3",
    )?;
    let key = params![of.runner.as_str(), of.endpoint.as_str(), of.version.to_string()];
    let read = |row: &rusqlite::Row<'_>| Ok((Timestamp::from_ms(row.get(0)?), row.get(1)?));
    Ok(statement.query_row(key, read).optional()?)
}

/// Replaces the rule's state.
pub fn put_state(act: &Act<'_>, of: Watched<'_>, next: Timestamp, state: &[u8]) -> Result<()> {
    act.execute(
        "INSERT OR REPLACE INTO monitor (runner, endpoint, version, next_ms, state) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![of.runner.as_str(), of.endpoint.as_str(), of.version.to_string(), next.as_ms(), state],
    )?;
    Ok(())
}

/// Keeps what the rule said at a step.
pub fn add_verdict(act: &Act<'_>, of: Watched<'_>, verdict: &VerdictRecord) -> Result<()> {
    let mut statement = act.prepare_cached(
        "INSERT OR REPLACE INTO verdict (runner, endpoint, version, start_ms, rows, document)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    statement.execute(params![
        of.runner.as_str(),
        of.endpoint.as_str(),
        of.version.to_string(),
        verdict.start.as_ms(),
        verdict.rows as i64,
        verdict.document,
    ])?;
    Ok(())
}

/// What the rule said at the steps that start in `[from, to)`.
pub fn verdicts(
    connection: &Connection,
    of: Watched<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<VerdictRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT start_ms, rows, document FROM verdict WHERE runner = ?1 AND endpoint = ?2 AND version = ?3
           AND start_ms >= ?4 AND start_ms < ?5 ORDER BY start_ms",
    )?;
    let key =
        params![of.runner.as_str(), of.endpoint.as_str(), of.version.to_string(), from.as_ms(), to.as_ms()];
    let rows = statement.query_map(key, |row| {
        let start = Timestamp::from_ms(row.get(0)?);
        Ok(VerdictRecord { start, rows: row.get::<_, i64>(1)? as u64, document: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets where the rule stands: it starts anew with what comes next.
pub fn forget(act: &Act<'_>, of: Watched<'_>) -> Result<()> {
    act.execute(
        "DELETE FROM monitor WHERE runner = ?1 AND endpoint = ?2 AND version = ?3",
        params![of.runner.as_str(), of.endpoint.as_str(), of.version.to_string()],
    )?;
    Ok(())
}
