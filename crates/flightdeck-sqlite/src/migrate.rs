//! Bringing a database to the program's format, one numbered step after the other.

use crate::{Error, Result};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// What a program's database is: who it belongs to, and the steps from empty to today's format.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Stands in the file's header; other programs' files are refused.
    pub application_id: i32,
    /// The program's name for messages.
    pub program: &'static str,
    /// SQL of each step. A step that was published never changes; `user_version` counts the steps taken.
    pub migrations: &'static [&'static str],
}

/// The tables of every database: the audit log and the change feed.
const COMMON: &str = "
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL CHECK (length(actor) BETWEEN 1 AND 256),
  action TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 64),
  object TEXT NOT NULL CHECK (length(object) <= 512),
  detail TEXT NOT NULL CHECK (json_valid(detail) AND length(detail) < 65536)
) STRICT;
CREATE TABLE change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  id TEXT NOT NULL
) STRICT;
";

/// Refuses files of other programs and of newer versions. Writes nothing.
pub(crate) fn guard(connection: &Connection, schema: &Schema, path: &Path) -> Result<()> {
    let known = schema.migrations.len() as u32;
    let found = user_version(connection)?;
    let owner = connection.query_row("PRAGMA application_id", [], |row| row.get::<_, i32>(0))?;
    if !is_empty(connection)? && owner != schema.application_id {
        return Err(Error::Foreign { path: path.into(), program: schema.program });
    }
    if found > known { Err(Error::Newer { path: path.into(), found, known }) } else { Ok(()) }
}

/// Takes the missing steps in one transaction. The first step of an empty file also creates the tables that every
/// database has.
pub(crate) fn migrate(connection: &mut Connection, schema: &Schema) -> Result<()> {
    if user_version(connection)? as usize == schema.migrations.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have migrated meanwhile.
    let found = user_version(&transaction)? as usize;
    if is_empty(&transaction)? {
        transaction.execute_batch(COMMON)?;
        transaction.execute_batch(&format!("PRAGMA application_id = {}", schema.application_id))?;
    }
    for step in schema.migrations.iter().skip(found) {
        transaction.execute_batch(step)?;
    }
    transaction.execute_batch(&format!("PRAGMA user_version = {}", schema.migrations.len()))?;
    transaction.commit()?;
    Ok(())
}

fn user_version(connection: &Connection) -> Result<u32> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn is_empty(connection: &Connection) -> Result<bool> {
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}
