//! Runners that this desktop knows.

use crate::value;
use flightdeck_core::{Digest, Name, Timestamp};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, Row, params, rusqlite};

pub(crate) const CREATE: &str = "
CREATE TABLE runner (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('embedded', 'remote')),
  url TEXT,
  producer TEXT,
  version TEXT,
  last_contact_ms INTEGER
) STRICT, WITHOUT ROWID;
";

/// Runners elsewhere are known by their key. The token is not here: only the slot of the keychain that has it.
pub(crate) const PAIRED: &str = "
ALTER TABLE runner ADD COLUMN pin TEXT;
ALTER TABLE runner ADD COLUMN certificate BLOB;
ALTER TABLE runner ADD COLUMN secret TEXT;
ALTER TABLE runner ADD COLUMN token_id TEXT;
";

/// A runner as it was when it last answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerRecord {
    /// Its name here.
    pub name: Name,
    /// `embedded` or `remote`.
    pub kind: String,
    /// Its address then.
    pub url: Option<String>,
    /// The id that its windows carry.
    pub producer: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// When it answered.
    pub last_contact: Option<Timestamp>,
    /// What pairing gave; `None` for the runner of this computer.
    pub pairing: Option<Pairing>,
}

/// What is remembered of a pairing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// SHA-256 of the key that it must show.
    pub pin: Digest,
    /// The certificate that showed it, in DER.
    pub certificate: Vec<u8>,
    /// Where the keychain has the token.
    pub secret: String,
    /// The token's id on the runner.
    pub token_id: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<RunnerRecord> {
    Ok(RunnerRecord {
        name: value::name(row, "name")?,
        kind: row.get("kind")?,
        url: row.get("url")?,
        producer: row.get("producer")?,
        version: row.get("version")?,
        last_contact: row.get::<_, Option<i64>>("last_contact_ms")?.map(Timestamp::from_ms),
        pairing: pairing(row)?,
    })
}

fn pairing(row: &Row<'_>) -> rusqlite::Result<Option<Pairing>> {
    let Some(pin) = value::optional_digest(row, "pin")? else { return Ok(None) };
    Ok(Some(Pairing {
        pin,
        certificate: row.get("certificate")?,
        secret: row.get("secret")?,
        token_id: row.get("token_id")?,
    }))
}

/// Adds the runner or replaces what was known of it.
pub fn put(act: &Act<'_>, record: &RunnerRecord) -> Result<()> {
    let pairing = record.pairing.as_ref();
    act.execute(
        "INSERT OR REPLACE INTO runner (name, kind, url, producer, version, last_contact_ms, pin, certificate, secret,
           token_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            record.name.as_str(),
            record.kind,
            record.url,
            record.producer,
            record.version,
            record.last_contact.map(Timestamp::as_ms),
            pairing.map(|pairing| pairing.pin.to_string()),
            pairing.map(|pairing| &pairing.certificate),
            pairing.map(|pairing| &pairing.secret),
            pairing.map(|pairing| &pairing.token_id),
        ],
    )?;
    act.changed("runner", record.name.as_str())
}

/// Forgets the runner. What was counted there stays.
pub fn remove(act: &Act<'_>, name: &Name) -> Result<bool> {
    let removed = act.execute("DELETE FROM runner WHERE name = ?1", [name.as_str()])?;
    act.changed("runner", name.as_str())?;
    Ok(removed > 0)
}

/// All runners, by name.
pub fn all(connection: &Connection) -> Result<Vec<RunnerRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM runner ORDER BY name")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The runner with this name.
pub fn find(connection: &Connection, name: &Name) -> Result<Option<RunnerRecord>> {
    let mut statement = connection.prepare_cached("SELECT * FROM runner WHERE name = ?1")?;
    Ok(statement.query_row([name.as_str()], read).optional()?)
}

/// Notes that the runner answered. Nobody is told: nothing that is shown has changed but its age.
pub fn touch(act: &Act<'_>, name: &Name, at: Timestamp) -> Result<()> {
    act.execute(
        "UPDATE runner SET last_contact_ms = ?2 WHERE name = ?1",
        params![name.as_str(), at.as_ms()],
    )?;
    Ok(())
}
