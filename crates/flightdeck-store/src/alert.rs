//! Alerts: opened and closed by the rule, told in the sentence of that moment.

use crate::monitor::Watched;
use crate::value;
use flightdeck_core::{Digest, Name, Timestamp};
use flightdeck_sqlite::{Act, Connection, Result, Row, params, rusqlite};

pub(crate) const CREATE: &str = "
CREATE TABLE alert (
  id TEXT PRIMARY KEY,
  runner TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  version TEXT NOT NULL,
  feature TEXT NOT NULL,
  severity TEXT NOT NULL,
  opened_at_ms INTEGER NOT NULL,
  closed_at_ms INTEGER,
  sentence TEXT NOT NULL,
  action TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_by_endpoint ON alert (runner, endpoint, version, feature, opened_at_ms);
";

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRecord {
    /// Its id.
    pub id: String,
    /// The runner.
    pub runner: Name,
    /// The endpoint.
    pub endpoint: Name,
    /// The version.
    pub version: Digest,
    /// The column.
    pub feature: String,
    /// How far it moved.
    pub severity: String,
    /// When the rule fired.
    pub opened_at: Timestamp,
    /// When it calmed down.
    pub closed_at: Option<Timestamp>,
    /// What happened.
    pub sentence: String,
    /// What was done.
    pub action: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<AlertRecord> {
    Ok(AlertRecord {
        id: row.get("id")?,
        runner: value::name(row, "runner")?,
        endpoint: value::name(row, "endpoint")?,
        version: value::digest(row, "version")?,
        feature: row.get("feature")?,
        severity: row.get("severity")?,
        opened_at: value::timestamp(row, "opened_at_ms")?,
        closed_at: row.get::<_, Option<i64>>("closed_at_ms")?.map(Timestamp::from_ms),
        sentence: row.get("sentence")?,
        action: row.get("action")?,
    })
}

/// Keeps an alert; the same id twice is one.
pub fn open(act: &Act<'_>, alert: &AlertRecord) -> Result<()> {
    act.execute(
        "INSERT OR IGNORE INTO alert (id, runner, endpoint, version, feature, severity, opened_at_ms, closed_at_ms,
           sentence, action) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            alert.id,
            alert.runner.as_str(),
            alert.endpoint.as_str(),
            alert.version.to_string(),
            alert.feature,
            alert.severity,
            alert.opened_at.as_ms(),
            alert.closed_at.map(Timestamp::as_ms),
            alert.sentence,
            alert.action,
        ],
    )?;
    act.changed("alert", &alert.id)
}

/// Closes what is open of a feature.
pub fn close(act: &Act<'_>, of: Watched<'_>, feature: &str, at: Timestamp) -> Result<()> {
    act.execute(
        "UPDATE alert SET closed_at_ms = ?5 WHERE runner = ?1 AND endpoint = ?2 AND version = ?3 AND feature = ?4
           AND closed_at_ms IS NULL",
        params![of.runner.as_str(), of.endpoint.as_str(), of.version.to_string(), feature, at.as_ms()],
    )?;
    act.changed("alert", feature)
}

/// All alerts, newest first.
pub fn all(connection: &Connection) -> Result<Vec<AlertRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM alert ORDER BY opened_at_ms DESC, id")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Closes everything that is open of a version at an endpoint, and says what ended it.
pub fn close_all(act: &Act<'_>, of: Watched<'_>, at: Timestamp, action: &str) -> Result<()> {
    let closed = act.execute(
        "UPDATE alert SET closed_at_ms = max(?4, opened_at_ms), action = ?5
         WHERE runner = ?1 AND endpoint = ?2 AND version = ?3 AND closed_at_ms IS NULL",
        params![of.runner.as_str(), of.endpoint.as_str(), of.version.to_string(), at.as_ms(), action],
    )?;
    if closed > 0 { act.changed("alert", of.endpoint.as_str()) } else { Ok(()) }
}
