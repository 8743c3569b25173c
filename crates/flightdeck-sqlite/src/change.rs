//! The change feed: what changed, for everybody who shows it, in this process and in others.

use crate::Result;
use rusqlite::{Connection, params};
use serde::Serialize;

/// How many entries are kept. A reader that fell behind further than this reads everything anew.
const KEPT: i64 = 10_000;

/// One entry of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its number.
    pub seq: i64,
    /// What kind of thing changed, such as `version` or `window`.
    pub kind: String,
    /// Which one.
    pub id: String,
}

pub(crate) fn append(connection: &Connection, kind: &str, id: &str) -> Result<()> {
    connection.prepare_cached("INSERT INTO change (kind, id) VALUES (?1, ?2)")?.execute([kind, id])?;
    let seq = connection.last_insert_rowid();
    if seq % 1000 == 0 {
        connection.execute("DELETE FROM change WHERE seq <= ?1", [seq - KEPT])?;
    }
    Ok(())
}

pub(crate) fn after(connection: &Connection, seq: i64) -> Result<Vec<Change>> {
    let mut statement =
        connection.prepare_cached("SELECT seq, kind, id FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let rows = statement.query_map(params![seq, KEPT], |row| {
        Ok(Change { seq: row.get(0)?, kind: row.get(1)?, id: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn newest(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("SELECT coalesce(max(seq), 0) FROM change", [], |row| row.get(0))?)
}
