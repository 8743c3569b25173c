//! Windows added up to hours and days. A roll-up grows with each new window and is never counted from another roll-up.

use crate::value;
use crate::window::{Range, WindowRecord};
use flightdeck_core::{Digest, Name, Resolution, Timestamp};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, Row, params, rusqlite};

pub(crate) const CREATE: &str = "
CREATE TABLE rollup (
  runner TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  version TEXT NOT NULL,
  role TEXT NOT NULL,
  edge_set TEXT NOT NULL,
  slice TEXT NOT NULL,
  resolution INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  counts BLOB NOT NULL,
  PRIMARY KEY (runner, endpoint, version, resolution, start_ms, role, edge_set, slice)
) STRICT, WITHOUT ROWID;
";

/// The resolutions that are kept, each with how long, in days; days are kept for ever.
pub const KEPT: [(Resolution, Option<i64>); 2] = [(Resolution::HOUR, Some(35)), (Resolution::DAY, None)];

/// Counts of an hour or a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupRecord {
    /// What the version was to the rows.
    pub role: flightdeck_core::VersionRole,
    /// The frozen edges that the counts stand on.
    pub edge_set: Digest,
    /// When it starts.
    pub start: Timestamp,
    /// The counts, encoded.
    pub counts: Vec<u8>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<RollupRecord> {
    Ok(RollupRecord {
        role: value::word(row, "role")?,
        edge_set: value::digest(row, "edge_set")?,
        start: value::timestamp(row, "start_ms")?,
        counts: row.get("counts")?,
    })
}

/// Adds a window that was not there before to its hour and its day. `sum` adds two encoded counts.
pub fn add<E: From<flightdeck_sqlite::Error>>(
    act: &Act<'_>,
    window: &WindowRecord,
    sum: impl Fn(&[u8], &[u8]) -> Result<Vec<u8>, E>,
) -> Result<(), E> {
    for (resolution, _) in KEPT {
        let grown = match counts(act, window, resolution)? {
            Some(so_far) => sum(&so_far, &window.counts)?,
            None => window.counts.clone(),
        };
        put(act, window, resolution, &grown)?;
    }
    Ok(())
}

const KEY: &str = "runner = ?1 AND endpoint = ?2 AND version = ?3 AND resolution = ?4 AND start_ms = ?5
    AND role = ?6 AND edge_set = ?7 AND slice = ?8";

fn counts(connection: &Connection, window: &WindowRecord, resolution: Resolution) -> Result<Option<Vec<u8>>> {
    let mut statement = connection.prepare_cached(&format!("SELECT counts FROM rollup WHERE {KEY}"))?;
    let key = &window.key;
    let found = statement.query_row(
        params![
            window.runner.as_str(),
            key.endpoint.as_str(),
            key.version.to_string(),
            resolution.seconds(),
            key.start.floor(resolution.seconds()).as_ms(),
            key.role.as_str(),
            key.edge_set.to_string(),
            key.slice.as_deref().unwrap_or_default(),
        ],
        |row| row.get(0),
    );
    Ok(found.optional()?)
}

fn put(act: &Act<'_>, window: &WindowRecord, resolution: Resolution, counts: &[u8]) -> Result<()> {
    let mut statement = act.prepare_cached(
        "INSERT OR REPLACE INTO rollup (runner, endpoint, version, resolution, start_ms, role, edge_set, slice, counts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let key = &window.key;
    statement.execute(params![
        window.runner.as_str(),
        key.endpoint.as_str(),
        key.version.to_string(),
        resolution.seconds(),
        key.start.floor(resolution.seconds()).as_ms(),
        key.role.as_str(),
        key.edge_set.to_string(),
        key.slice.as_deref().unwrap_or_default(),
        counts,
    ])?;
    Ok(())
}

/// The roll-ups of a range at one resolution, whole traffic only, in the order of their starts.
pub fn range(
    connection: &Connection,
    range: &Range<'_>,
    resolution: Resolution,
) -> Result<Vec<RollupRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM rollup WHERE runner = ?1 AND endpoint = ?2 AND version = ?3 AND resolution = ?4
           AND start_ms >= ?5 AND start_ms < ?6 AND slice = '' ORDER BY start_ms, role",
    )?;
    let rows = statement.query_map(
        params![
            range.runner.as_str(),
            range.endpoint.as_str(),
            range.version.to_string(),
            resolution.seconds(),
            range.from.as_ms(),
            range.to.as_ms(),
        ],
        read,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Start of the oldest and of the newest roll-up of a version at an endpoint.
pub fn extent(
    connection: &Connection,
    runner: &Name,
    endpoint: &Name,
    version: &Digest,
) -> Result<Option<[Timestamp; 2]>> {
    let mut statement = connection.prepare_cached(
        "SELECT min(start_ms), max(start_ms) FROM rollup
         WHERE runner = ?1 AND endpoint = ?2 AND version = ?3 AND resolution = ?4",
    )?;
    let days = Resolution::HOUR.seconds();
    let ends = statement
        .query_row(params![runner.as_str(), endpoint.as_str(), version.to_string(), days], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
    Ok(ends.0.zip(ends.1).map(|(first, last)| [Timestamp::from_ms(first), Timestamp::from_ms(last)]))
}

/// Forgets roll-ups that are past their time, counted back from `newest`.
pub fn forget(act: &Act<'_>, runner: &Name, endpoint: &Name, newest: Timestamp) -> Result<()> {
    for (resolution, days) in KEPT {
        let Some(days) = days else { continue };
        act.execute(
            "DELETE FROM rollup WHERE runner = ?1 AND endpoint = ?2 AND resolution = ?3 AND start_ms < ?4",
            params![
                runner.as_str(),
                endpoint.as_str(),
                resolution.seconds(),
                newest.plus_seconds(-days * 86_400).as_ms()
            ],
        )?;
    }
    Ok(())
}

/// Start of the oldest day of a version at an endpoint.
pub fn first_day(
    connection: &Connection,
    runner: &Name,
    endpoint: &Name,
    version: &Digest,
) -> Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached(
        "SELECT min(start_ms) FROM rollup WHERE runner = ?1 AND endpoint = ?2 AND version = ?3 AND resolution = ?4",
    )?;
    let key = params![runner.as_str(), endpoint.as_str(), version.to_string(), Resolution::DAY.seconds()];
    let first: Option<i64> = statement.query_row(key, |row| row.get(0))?;
    Ok(first.map(Timestamp::from_ms))
}
