//! Versions of models: what was imported when, from where, and which package it is.

use crate::value;
use flightdeck_core::{Digest, Finding, Name, Task, Timestamp};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, Row, params, rusqlite};

pub(crate) const CREATE: &str = "
CREATE TABLE version (
  model TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  digest TEXT NOT NULL CHECK (length(digest) = 71),
  imported_at_ms INTEGER NOT NULL,
  source TEXT NOT NULL,
  baseline TEXT,
  original TEXT NOT NULL,
  task TEXT NOT NULL,
  kind TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  findings TEXT NOT NULL CHECK (json_valid(findings)),
  PRIMARY KEY (model, version),
  UNIQUE (model, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX version_by_digest ON version (digest);
";

/// One version.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRecord {
    /// The model's name.
    pub model: Name,
    /// Its number within the model, from 1.
    pub version: u32,
    /// The package's root digest.
    pub digest: Digest,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// The name of the file it came from.
    pub source: String,
    /// The name of the file that its baseline was counted from.
    pub baseline: Option<String>,
    /// The digest of the model file as it was given.
    pub original: Digest,
    /// What kind of answer it gives.
    pub task: Task,
    /// A few words on what it is.
    pub kind: String,
    /// Size of the package in bytes.
    pub bytes: u64,
    /// What should be looked at.
    pub findings: Vec<Finding>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<VersionRecord> {
    Ok(VersionRecord {
        model: value::name(row, "model")?,
        version: row.get("version")?,
        digest: value::digest(row, "digest")?,
        imported_at: value::timestamp(row, "imported_at_ms")?,
        source: row.get("source")?,
        baseline: row.get("baseline")?,
        original: value::digest(row, "original")?,
        task: value::word(row, "task")?,
        kind: row.get("kind")?,
        bytes: row.get::<_, i64>("bytes")? as u64,
        findings: value::json(row, "findings")?,
    })
}

/// Adds a version as the next one of its model; its `version` is chosen here and returned. A digest that the model
/// has already is that version again: nothing is written and `true` comes with it.
pub fn add(act: &Act<'_>, record: &VersionRecord) -> Result<(u32, bool)> {
    if let Some(known) = by_digest(act, &record.digest)?.into_iter().find(|known| known.model == record.model)
    {
        return Ok((known.version, true));
    }
    let next = "SELECT coalesce(max(version), 0) + 1 FROM version WHERE model = ?1";
    let version: u32 = act.query_row(next, [record.model.as_str()], |row| row.get(0))?;
    act.execute(
        "INSERT INTO version (model, version, digest, imported_at_ms, source, baseline, original, task, kind,
           bytes, findings) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            record.model.as_str(),
            version,
            record.digest.to_string(),
            record.imported_at.as_ms(),
            record.source,
            record.baseline,
            record.original.to_string(),
            value::to_word(&record.task)?,
            record.kind,
            record.bytes as i64,
            value::to_json(&record.findings)?,
        ],
    )?;
    act.changed("version", &format!("{}@{version}", record.model))?;
    Ok((version, false))
}

/// All versions: models by name, versions newest first.
pub fn all(connection: &Connection) -> Result<Vec<VersionRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM version ORDER BY model, version DESC")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The version with this number, or the newest.
pub fn find(connection: &Connection, model: &str, version: Option<u32>) -> Result<Option<VersionRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM version WHERE model = ?1 AND version = coalesce(?2, version) ORDER BY version DESC LIMIT 1",
    )?;
    Ok(statement.query_row(params![model, version], read).optional()?)
}

/// The versions with this digest: one for each model it was imported as.
pub fn by_digest(connection: &Connection, digest: &Digest) -> Result<Vec<VersionRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM version WHERE digest = ?1 ORDER BY model")?;
    let rows = statement.query_map([digest.to_string()], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
