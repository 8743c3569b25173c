//! Windows of counts as runners closed them. The origin is the key: receiving one twice changes nothing.

use crate::value;
use flightdeck_core::{Digest, Name, Origin, Resolution, Timestamp, WindowKey};
use flightdeck_sqlite::{Act, Connection, Result, Row, params, rusqlite};

pub(crate) const CREATE: &str = "
CREATE TABLE window (
  producer TEXT NOT NULL,
  boot_epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  runner TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  version TEXT NOT NULL,
  role TEXT NOT NULL,
  edge_set TEXT NOT NULL,
  slice TEXT,
  resolution INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  counts BLOB NOT NULL,
  PRIMARY KEY (producer, boot_epoch, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX window_by_key ON window (runner, endpoint, version, start_ms);
";

/// A window of counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowRecord {
    /// Who closed it, and which one it was.
    pub origin: Origin,
    /// The runner it was pulled from.
    pub runner: Name,
    /// What it counts.
    pub key: WindowKey,
    /// The counts, encoded.
    pub counts: Vec<u8>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<WindowRecord> {
    Ok(WindowRecord {
        origin: Origin {
            producer: row.get("producer")?,
            boot_epoch: row.get("boot_epoch")?,
            sequence: row.get::<_, i64>("sequence")? as u64,
        },
        runner: value::name(row, "runner")?,
        key: WindowKey {
            endpoint: value::name(row, "endpoint")?,
            version: value::digest(row, "version")?,
            role: value::word(row, "role")?,
            edge_set: value::digest(row, "edge_set")?,
            slice: row.get("slice")?,
            resolution: Resolution(row.get("resolution")?),
            start: value::timestamp(row, "start_ms")?,
        },
        counts: row.get("counts")?,
    })
}

/// Adds a window; `false` when it was there already.
pub fn add(act: &Act<'_>, record: &WindowRecord) -> Result<bool> {
    let mut statement = act.prepare_cached(
        "INSERT OR IGNORE INTO window (producer, boot_epoch, sequence, runner, endpoint, version, role, edge_set,
           slice, resolution, start_ms, counts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let WindowRecord { origin, runner, key, counts } = record;
    let added = statement.execute(params![
        origin.producer,
        origin.boot_epoch,
        origin.sequence as i64,
        runner.as_str(),
        key.endpoint.as_str(),
        key.version.to_string(),
        key.role.as_str(),
        key.edge_set.to_string(),
        key.slice,
        key.resolution.seconds(),
        key.start.as_ms(),
        counts,
    ])?;
    Ok(added > 0)
}

/// Whose windows, and which: those of one version at one endpoint that start in `[from, to)`.
#[derive(Clone, Debug)]
pub struct Range<'a> {
    /// The runner.
    pub runner: &'a Name,
    /// The endpoint.
    pub endpoint: &'a Name,
    /// The version.
    pub version: &'a Digest,
    /// The first start.
    pub from: Timestamp,
    /// After the last start.
    pub to: Timestamp,
}

/// The windows of a range, in the order of their starts.
pub fn range(connection: &Connection, range: &Range<'_>) -> Result<Vec<WindowRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM window WHERE runner = ?1 AND endpoint = ?2 AND version = ?3 AND start_ms >= ?4 AND start_ms < ?5
         ORDER BY start_ms, producer, boot_epoch, sequence",
    )?;
    let rows = statement.query_map(
        params![
            range.runner.as_str(),
            range.endpoint.as_str(),
            range.version.to_string(),
            range.from.as_ms(),
            range.to.as_ms(),
        ],
        read,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets windows of an endpoint that start before `before`: they live on in the roll-ups.
pub fn forget(act: &Act<'_>, runner: &Name, endpoint: &Name, before: Timestamp) -> Result<usize> {
    Ok(act.execute(
        "DELETE FROM window WHERE runner = ?1 AND endpoint = ?2 AND start_ms < ?3",
        params![runner.as_str(), endpoint.as_str(), before.as_ms()],
    )?)
}

/// Start of the newest window of a version at an endpoint.
pub fn newest(
    connection: &Connection,
    runner: &Name,
    endpoint: &Name,
    version: &Digest,
) -> Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached(
        "SELECT max(start_ms) FROM window WHERE runner = ?1 AND endpoint = ?2 AND version = ?3",
    )?;
    let key = params![runner.as_str(), endpoint.as_str(), version.to_string()];
    let newest: Option<i64> = statement.query_row(key, |row| row.get(0))?;
    Ok(newest.map(Timestamp::from_ms))
}
