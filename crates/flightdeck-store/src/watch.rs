//! Files whose changes become versions by themselves.

use crate::value;
use flightdeck_core::{Digest, Finding, Name, Timestamp};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, Row, params, rusqlite};

pub(crate) const CREATE: &str = "
CREATE TABLE watch (
  model TEXT NOT NULL PRIMARY KEY,
  path TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  profile INTEGER NOT NULL CHECK (profile IN (0, 1)),
  shadow INTEGER NOT NULL CHECK (shadow IN (0, 1)),
  seen TEXT NOT NULL,
  seen_at_ms INTEGER NOT NULL,
  corrections TEXT NOT NULL CHECK (json_valid(corrections)),
  problem TEXT CHECK (problem IS NULL OR json_valid(problem))
) STRICT, WITHOUT ROWID;
";

/// A watched file.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchRecord {
    /// The model its versions belong to.
    pub model: Name,
    /// The file.
    pub path: String,
    /// Whether changes become versions.
    pub enabled: bool,
    /// Whether a new version is profiled.
    pub profile: bool,
    /// Whether a new version runs as a shadow where the model is deployed.
    pub shadow: bool,
    /// The digest that was last taken in: of the code of a notebook, of the bytes of anything else.
    pub seen: Digest,
    /// When.
    pub seen_at: Timestamp,
    /// What was corrected at the import, as a document: the next import does the same.
    pub corrections: String,
    /// What kept the last change from becoming a version.
    pub problem: Option<Finding>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<WatchRecord> {
    let problem: Option<String> = row.get("problem")?;
    Ok(WatchRecord {
        model: value::name(row, "model")?,
        path: row.get("path")?,
        enabled: row.get("enabled")?,
        profile: row.get("profile")?,
        shadow: row.get("shadow")?,
        seen: value::digest(row, "seen")?,
        seen_at: value::timestamp(row, "seen_at_ms")?,
        corrections: row.get("corrections")?,
        problem: if problem.is_some() { Some(value::json(row, "problem")?) } else { None },
    })
}

/// Adds a watch or replaces it.
pub fn put(act: &Act<'_>, record: &WatchRecord) -> Result<()> {
    let problem = record.problem.as_ref().map(value::to_json).transpose()?;
    act.execute(
        "INSERT OR REPLACE INTO watch (model, path, enabled, profile, shadow, seen, seen_at_ms, corrections, problem)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            record.model.as_str(),
            record.path,
            record.enabled,
            record.profile,
            record.shadow,
            record.seen.to_string(),
            record.seen_at.as_ms(),
            record.corrections,
            problem,
        ],
    )?;
    act.changed("watch", record.model.as_str())
}

/// Takes a change for oneself: `true` for the first who asks, as long as nothing else was seen meanwhile.
pub fn claim(act: &Act<'_>, model: &Name, from: &Digest, to: &Digest) -> Result<bool> {
    let claimed = act.execute(
        "UPDATE watch SET seen = ?3 WHERE model = ?1 AND seen = ?2",
        params![model.as_str(), from.to_string(), to.to_string()],
    )?;
    Ok(claimed > 0)
}

/// All watches, by model.
pub fn all(connection: &Connection) -> Result<Vec<WatchRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM watch ORDER BY model")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The watch of a model.
pub fn find(connection: &Connection, model: &Name) -> Result<Option<WatchRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM watch WHERE model = ?1")?;
    Ok(statement.query_row([model.as_str()], read).optional()?)
}
