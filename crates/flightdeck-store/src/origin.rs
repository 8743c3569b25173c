//! Where versions come from, as the document that was written at their import: paths, machine and answers of rows stay
//! on this computer, the package holds digests only.

use flightdeck_core::Name;
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, params};

pub(crate) const CREATE: &str = "
CREATE TABLE origin (
  model TEXT NOT NULL,
  version INTEGER NOT NULL,
  document TEXT NOT NULL CHECK (json_valid(document)),
  parity TEXT CHECK (parity IS NULL OR json_valid(parity)),
  PRIMARY KEY (model, version)
) STRICT, WITHOUT ROWID;
";

/// The documents of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginRecord {
    /// Where the version comes from.
    pub document: String,
    /// The comparison with the original model, when there was one.
    pub parity: Option<String>,
}

/// Keeps where a version comes from; what was written first stays.
pub fn add(act: &Act<'_>, model: &Name, version: u32, record: &OriginRecord) -> Result<()> {
    act.execute(
        "INSERT OR IGNORE INTO origin (model, version, document, parity) VALUES (?1, ?2, ?3, ?4)",
        params![model.as_str(), version, record.document, record.parity],
    )?;
    Ok(())
}

/// Where a version comes from.
pub fn find(connection: &Connection, model: &Name, version: u32) -> Result<Option<OriginRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT document, parity FROM origin WHERE model = ?1 AND version = ?2")?;
    let read = |row: &flightdeck_sqlite::Row<'_>| {
        Ok(OriginRecord { document: row.get("document")?, parity: row.get("parity")? })
    };
    Ok(statement.query_row(params![model.as_str(), version], read).optional()?)
}
