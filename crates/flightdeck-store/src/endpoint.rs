//! Endpoints as they were deployed from here, with the figures that their runner last told.

use crate::value;
use flightdeck_core::{Digest, Name, Timestamp};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, Row, params, rusqlite};

pub(crate) const CREATE: &str = "
CREATE TABLE endpoint (
  runner TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  digest TEXT NOT NULL,
  window_seconds INTEGER NOT NULL CHECK (window_seconds BETWEEN 1 AND 3600),
  replay INTEGER NOT NULL CHECK (replay IN (0, 1)),
  step_seconds INTEGER NOT NULL CHECK (step_seconds >= 1),
  deployed_at_ms INTEGER NOT NULL,
  figures TEXT CHECK (figures IS NULL OR json_valid(figures)),
  figures_at_ms INTEGER,
  PRIMARY KEY (runner, endpoint)
) STRICT, WITHOUT ROWID;
";

/// Endpoints got a version that runs beside the one that answers, and the one that answered before.
pub(crate) const CHALLENGER: &str = "
ALTER TABLE endpoint ADD COLUMN shadow TEXT;
ALTER TABLE endpoint ADD COLUMN previous TEXT;
";

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRecord {
    /// Its runner.
    pub runner: Name,
    /// Its name there.
    pub endpoint: Name,
    /// The version that answers.
    pub digest: Digest,
    /// The version that sees everything and answers nothing.
    pub shadow: Option<Digest>,
    /// The version that answered before.
    pub previous: Option<Digest>,
    /// Length of a counting window in seconds.
    pub window_seconds: u32,
    /// Whether rows bring their own time.
    pub replay: bool,
    /// Length of a step of the decision rule in seconds.
    pub step_seconds: u32,
    /// When it was deployed.
    pub deployed_at: Timestamp,
    /// The figures its runner last told, as a document, and when.
    pub figures: Option<(String, Timestamp)>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<EndpointRecord> {
    let figures: Option<String> = row.get("figures")?;
    let at: Option<i64> = row.get("figures_at_ms")?;
    Ok(EndpointRecord {
        runner: value::name(row, "runner")?,
        endpoint: value::name(row, "endpoint")?,
        digest: value::digest(row, "digest")?,
        shadow: value::optional_digest(row, "shadow")?,
        previous: value::optional_digest(row, "previous")?,
        window_seconds: row.get("window_seconds")?,
        replay: row.get("replay")?,
        step_seconds: row.get("step_seconds")?,
        deployed_at: value::timestamp(row, "deployed_at_ms")?,
        figures: figures.zip(at.map(Timestamp::from_ms)),
    })
}

/// Adds the endpoint or replaces it.
pub fn put(act: &Act<'_>, record: &EndpointRecord) -> Result<()> {
    act.execute(
        "INSERT OR REPLACE INTO endpoint (runner, endpoint, digest, window_seconds, replay, step_seconds,
           deployed_at_ms, shadow, previous) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            record.runner.as_str(),
            record.endpoint.as_str(),
            record.digest.to_string(),
            record.window_seconds,
            record.replay,
            record.step_seconds,
            record.deployed_at.as_ms(),
            record.shadow.map(|digest| digest.to_string()),
            record.previous.map(|digest| digest.to_string()),
        ],
    )?;
    act.changed("endpoint", &format!("{}/{}", record.runner, record.endpoint))
}

/// Keeps the figures that its runner told.
pub fn keep_figures(
    act: &Act<'_>,
    runner: &Name,
    endpoint: &Name,
    document: &str,
    at: Timestamp,
) -> Result<()> {
    act.execute(
        "UPDATE endpoint SET figures = ?3, figures_at_ms = ?4 WHERE runner = ?1 AND endpoint = ?2",
        params![runner.as_str(), endpoint.as_str(), document, at.as_ms()],
    )?;
    Ok(())
}

/// Takes the endpoint away. Its history stays.
pub fn remove(act: &Act<'_>, runner: &Name, endpoint: &Name) -> Result<bool> {
    let removed = act.execute(
        "DELETE FROM endpoint WHERE runner = ?1 AND endpoint = ?2",
        [runner.as_str(), endpoint.as_str()],
    )?;
    act.changed("endpoint", &format!("{runner}/{endpoint}"))?;
    Ok(removed > 0)
}

/// All endpoints, by name.
pub fn all(connection: &Connection) -> Result<Vec<EndpointRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM endpoint ORDER BY endpoint, runner")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One endpoint.
pub fn find(connection: &Connection, runner: &Name, endpoint: &Name) -> Result<Option<EndpointRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM endpoint WHERE runner = ?1 AND endpoint = ?2")?;
    Ok(statement.query_row([runner.as_str(), endpoint.as_str()], read).optional()?)
}
