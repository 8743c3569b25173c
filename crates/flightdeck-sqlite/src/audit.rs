//! The audit log: who did what to what, written with the change itself.

use crate::act::Act;
use crate::{Error, Result};
use flightdeck_core::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

/// One row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Its place: 1, 2, 3 … without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who, by key id.
    pub actor: String,
    /// What, as a kebab-case word.
    pub action: String,
    /// To what.
    pub object: String,
    /// Further facts, by name.
    pub detail: serde_json::Value,
}

pub(crate) fn append(act: &Act<'_>, at: Timestamp, [actor, action, object]: [&str; 3]) -> Result<()> {
    act.execute(
        "INSERT INTO audit (seq, at_ms, actor, action, object, detail)
         VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM audit), ?1, ?2, ?3, ?4, ?5)",
        params![at.as_ms(), actor, action, object, act.detail()],
    )?;
    act.changed("audit", action)
}

impl AuditRow {
    /// Rows after `seq`, oldest first, at most `limit`.
    pub fn after(connection: &Connection, seq: i64, limit: u32) -> Result<Vec<Self>> {
        let mut statement = connection.prepare_cached(
            "SELECT seq, at_ms, actor, action, object, detail FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )?;
        let rows = statement.query_map(params![seq, limit], |row| {
            let detail: String = row.get(5)?;
            let at = Timestamp::from_ms(row.get(1)?);
            Ok((
                Self {
                    seq: row.get(0)?,
                    at,
                    actor: row.get(2)?,
                    action: row.get(3)?,
                    object: row.get(4)?,
                    detail: serde_json::Value::Null,
                },
                detail,
            ))
        })?;
        rows.map(|row| {
            let (mut row, detail) = row?;
            row.detail = serde_json::from_str(&detail).map_err(|error| Error::value("audit row", error))?;
            Ok(row)
        })
        .collect()
    }
}
