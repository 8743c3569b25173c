//! Profiles: what a version cost on a machine, as the document that was measured.

use flightdeck_core::{Digest, Timestamp};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, params};

pub(crate) const CREATE: &str = "
CREATE TABLE profile (
  digest TEXT NOT NULL,
  measured_at_ms INTEGER NOT NULL,
  document TEXT NOT NULL CHECK (json_valid(document)),
  PRIMARY KEY (digest, measured_at_ms)
) STRICT, WITHOUT ROWID;
";

/// Adds a profile.
pub fn add(act: &Act<'_>, digest: &Digest, measured_at: Timestamp, document: &str) -> Result<()> {
    act.execute(
        "INSERT OR REPLACE INTO profile (digest, measured_at_ms, document) VALUES (?1, ?2, ?3)",
        params![digest.to_string(), measured_at.as_ms(), document],
    )?;
    act.changed("profile", &digest.to_string())
}

/// The newest profile of a version.
pub fn newest(connection: &Connection, digest: &Digest) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT document FROM profile WHERE digest = ?1 ORDER BY measured_at_ms DESC LIMIT 1",
    )?;
    Ok(statement.query_row([digest.to_string()], |row| row.get(0)).optional()?)
}
