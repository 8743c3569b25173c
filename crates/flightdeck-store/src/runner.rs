//! Runners that this desktop knows.

use crate::value;
use flightdeck_core::{Name, Timestamp};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, Row, params, rusqlite};

pub(crate) const CREATE: &str = "
CREATE TABLE runner (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('embedded', 'remote')),
  url TEXT,
  producer TEXT,
  version TEXT,
  last_contact_ms INTEGER
) STRICT, WITHOUT ROWID;
";

/// A runner as it was when it last answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerRecord {
    /// Its name here.
    pub name: Name,
    /// `embedded` or `remote`.
    pub kind: String,
    /// Its address then.
    pub url: Option<String>,
    /// The id that its windows carry.
    pub producer: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// When it answered.
    pub last_contact: Option<Timestamp>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<RunnerRecord> {
    Ok(RunnerRecord {
        name: value::name(row, "name")?,
        kind: row.get("kind")?,
        url: row.get("url")?,
        producer: row.get("producer")?,
        version: row.get("version")?,
        last_contact: row.get::<_, Option<i64>>("last_contact_ms")?.map(Timestamp::from_ms),
    })
}

/// Adds the runner or replaces what was known of it.
pub fn put(act: &Act<'_>, record: &RunnerRecord) -> Result<()> {
    act.execute(
        "INSERT OR REPLACE INTO runner (name, kind, url, producer, version, last_contact_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            record.name.as_str(),
            record.kind,
            record.url,
            record.producer,
            record.version,
            record.last_contact.map(Timestamp::as_ms),
        ],
    )?;
    act.changed("runner", record.name.as_str())
}

/// All runners, by name.
pub fn all(connection: &Connection) -> Result<Vec<RunnerRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM runner ORDER BY name")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The runner with this name.
pub fn find(connection: &Connection, name: &Name) -> Result<Option<RunnerRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM runner WHERE name = ?1")?;
    Ok(statement.query_row([name.as_str()], read).optional()?)
}

/// Notes that the runner answered. Nobody is told: nothing that is shown has changed but its age.
pub fn touch(act: &Act<'_>, name: &Name, at: Timestamp) -> Result<()> {
    act.execute(
        "UPDATE runner SET last_contact_ms = ?2 WHERE name = ?1",
        params![name.as_str(), at.as_ms()],
    )?;
    Ok(())
}
