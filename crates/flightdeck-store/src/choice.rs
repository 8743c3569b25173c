//! What a person chose once for a folder, so that it is not asked again: the interpreter, and where files are that
//! notebooks there miss.

use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result};

pub(crate) const CREATE: &str = "
CREATE TABLE choice (
  folder TEXT NOT NULL,
  what TEXT NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (folder, what)
) STRICT, WITHOUT ROWID;
";

/// What stands for the interpreter of a folder; anything else is a path as a notebook writes it.
pub const PYTHON: &str = "python";

/// Remembers an answer; the newest counts.
pub fn put(act: &Act<'_>, folder: &str, what: &str, answer: &str) -> Result<()> {
    act.execute(
        "INSERT OR REPLACE INTO choice (folder, what, answer) VALUES (?1, ?2, ?3)",
        [folder, what, answer],
    )?;
    Ok(())
}

/// The answer that was given before.
pub fn find(connection: &Connection, folder: &str, what: &str) -> Result<Option<String>> {
    let mut statement =
        connection.prepare_cached("SELECT answer FROM choice WHERE folder = ?1 AND what = ?2")?;
    Ok(statement.query_row([folder, what], |row| row.get(0)).optional()?)
}
