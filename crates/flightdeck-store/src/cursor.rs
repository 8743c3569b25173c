//! How far each runner's windows were pulled, and what was lost on the way to its outbox.

use flightdeck_core::{Name, Timestamp};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, params};

pub(crate) const CREATE: &str = "
CREATE TABLE cursor (
  producer TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE gap (
  runner TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (runner, endpoint, from_ms, to_ms)
) STRICT, WITHOUT ROWID;
";

/// The position up to which windows of this producer are stored here; 0 before the first. A runner that was installed
/// anew is another producer and starts at 0.
pub fn position(connection: &Connection, producer: &str) -> Result<u64> {
    let mut statement = connection.prepare_cached("SELECT position FROM cursor WHERE producer = ?1")?;
    let found: Option<i64> = statement.query_row([producer], |row| row.get(0)).optional()?;
    Ok(found.unwrap_or(0) as u64)
}

/// Moves the position.
pub fn advance(act: &Act<'_>, producer: &str, position: u64) -> Result<()> {
    act.execute(
        "INSERT OR REPLACE INTO cursor (producer, position) VALUES (?1, ?2)",
        params![producer, position as i64],
    )?;
    Ok(())
}

/// Time that was served and could not be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapRecord {
    /// The endpoint.
    pub endpoint: Name,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Why.
    pub reason: String,
}

/// Keeps a gap; the same gap twice is one.
pub fn add_gap(act: &Act<'_>, runner: &Name, gap: &GapRecord) -> Result<()> {
    act.execute(
        "INSERT OR IGNORE INTO gap (runner, endpoint, from_ms, to_ms, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![runner.as_str(), gap.endpoint.as_str(), gap.from.as_ms(), gap.to.as_ms(), gap.reason],
    )?;
    Ok(())
}

/// The newest gaps of an endpoint, newest first.
pub fn gaps(connection: &Connection, runner: &Name, endpoint: &Name) -> Result<Vec<GapRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT from_ms, to_ms, reason FROM gap WHERE runner = ?1 AND endpoint = ?2 ORDER BY from_ms DESC LIMIT 20",
    )?;
    let rows = statement.query_map(params![runner.as_str(), endpoint.as_str()], |row| {
        Ok(GapRecord {
            endpoint: endpoint.clone(),
            from: Timestamp::from_ms(row.get(0)?),
            to: Timestamp::from_ms(row.get(1)?),
            reason: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<flightdeck_sqlite::rusqlite::Result<_>>()?)
}
