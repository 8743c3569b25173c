//! Opening the state after whatever happened to it. A damaged file is moved aside and kept, what can be read of it is taken
//! over, and everything that may be missing is a gap. Nothing is emptied without a word.
//!
//! The new file is a new producer: its cursors begin anew, so whoever pulls begins at the beginning and recognises what it
//! has by the origin of each record.

use super::{Checkpoint, ClosedWindow, Identity, LostTime, Outbox, SCHEMA, StoredEndpoint, private};
use flightdeck_core::{Clock, Timestamp};
use flightdeck_drift::WindowCounts;
use flightdeck_protocol::GapReason;
use flightdeck_sqlite::{
    Act, Connection, DamagedCopy, Database, Error, OptionalExtension, Result, move_aside,
};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// The file that says whose state it is: a log of another database would otherwise be taken for this one's.
const PRODUCER_FILE: &str = "producer";

/// Who writes the audit row of a recovery.
const ACTOR: &str = "runner";

/// Opens the state in the data folder, and recovers it when it is damaged.
pub(crate) fn open(data: &Path, clock: Arc<dyn Clock>) -> Result<Database> {
    let path = data.join("state.db");
    keep(&path)?;
    let opened = Database::open(&path, &SCHEMA, Arc::clone(&clock)).and_then(|database| {
        database.check()?;
        is_own(&database, data)?;
        Ok(database)
    });
    match opened {
        Err(Error::Damaged { detail, .. }) => recover(&path, clock, &detail),
        other => other,
    }
}

/// Opens the state beside a running server: what is damaged is refused and left to the server's next start.
pub(crate) fn look(data: &Path, clock: Arc<dyn Clock>) -> Result<Database> {
    Database::open(&data.join("state.db"), &SCHEMA, clock)
}

fn keep(path: &Path) -> Result<()> {
    private::keep(path).map_err(|source| Error::Io { path: path.into(), source })
}

/// What the file says.
#[derive(Serialize, Deserialize)]
struct Signed {
    producer: String,
    boot_epoch: u32,
}

fn signed(data: &Path) -> Option<Signed> {
    serde_json::from_slice(&std::fs::read(data.join(PRODUCER_FILE)).ok()?).ok()
}

/// Begins a new epoch. A copy that was put back, from a backup or into another folder, becomes a new producer: the epochs
/// that came after it are used up already.
pub(crate) fn begin(database: &Database, data: &Path, now: Timestamp) -> Result<Identity> {
    let mut fresh = [0; 16];
    getrandom::fill(&mut fresh).map_err(|error| Error::value("producer", error))?;
    let is_current = |epoch: u32| signed(data).is_some_and(|signed| signed.boot_epoch <= epoch);
    database.record(|act| Identity::renew_unless(act, is_current, (fresh, now)))?;
    let identity = Identity::begin(database, fresh, now)?;
    let Identity { producer, boot_epoch } = identity.clone();
    if let Err(error) = sign(data, &Signed { producer, boot_epoch }) {
        tracing::warn!("{PRODUCER_FILE} cannot be written, the next start begins as a new producer: {error}");
    }
    Ok(identity)
}

fn sign(data: &Path, signed: &Signed) -> std::io::Result<()> {
    let partial = data.join(format!("{PRODUCER_FILE}.new"));
    std::fs::write(&partial, serde_json::to_vec(signed)?)?;
    std::fs::rename(&partial, data.join(PRODUCER_FILE))
}

/// A log that belongs to another database is applied by SQLite without a word: then this is no longer who it was.
fn is_own(database: &Database, data: &Path) -> Result<()> {
    let Some(signed) = signed(data) else { return Ok(()) };
    let became = match database.read(producer)? {
        Some(found) if found == signed.producer => return Ok(()),
        Some(_) => "it has become the state of another runner",
        None => "it has become empty",
    };
    Err(Error::Damaged { path: database.path().into(), detail: became.into() })
}

fn producer(connection: &Connection) -> Result<Option<String>> {
    Ok(connection.query_row("SELECT producer FROM identity", [], |row| row.get(0)).optional()?)
}

fn recover(path: &Path, clock: Arc<dyn Clock>, detail: &str) -> Result<Database> {
    let now = clock.now();
    let aside = move_aside(path, now.as_ms())?;
    tracing::error!("the state is damaged ({detail}); it was moved to {}", aside.display());
    keep(path)?;
    let database = Database::open(path, &SCHEMA, clock)?;
    let mut rows = serde_json::Map::new();
    let mut torn = Vec::new();
    if let Ok(damaged) = DamagedCopy::of(&aside) {
        let tables = tables(&database)?;
        let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
        let salvaged = database.salvage(&damaged, &tables)?;
        let safe = damaged.connection().and_then(safe);
        database.record(|act| settle(act, safe, now))?;
        rows = salvaged.rows.into_iter().map(|(table, rows)| (table, rows.into())).collect();
        torn = salvaged.torn;
    }
    tracing::error!(?rows, ?torn, "taken over from the damaged state");
    database.act(ACTOR, "recover-state", "runner", |act| {
        act.note("detail", detail.chars().take(1000).collect::<String>());
        act.note("moved_to", aside.file_name().unwrap_or_default().to_string_lossy().into_owned());
        act.note("rows", rows);
        act.note("torn", torn);
        Ok::<_, Error>(())
    })?;
    Ok(database)
}

/// Everything that is worth taking over. Who this is, how far it came and what changed belongs to the file itself.
fn tables(database: &Database) -> Result<Vec<String>> {
    database.read(|connection| {
        let mut statement = connection.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
             AND name NOT IN ('identity', 'change', 'spool', 'refusal', 'reader') ORDER BY name",
        )?;
        let names = statement.query_map([], |row| row.get(0))?;
        names.collect::<std::result::Result<_, _>>().map_err(Error::from)
    })
}

/// When everything that was counted was on the disk for the last time.
fn safe(damaged: &Connection) -> Option<Timestamp> {
    damaged.query_row("SELECT safe_ms FROM identity", [], |row| row.get(0)).ok().map(Timestamp::from_ms)
}

/// Makes what was taken over fit together, under a new producer, and says what may be missing.
fn settle(act: &Act<'_>, safe: Option<Timestamp>, now: Timestamp) -> Result<()> {
    StoredEndpoint::remove_unreadable(act)?;
    act.execute_batch(
        "UPDATE spool SET (records, bytes, gaps) = (SELECT count(*),
           coalesce(sum(coalesce(octet_length(window_key), 0) + coalesce(octet_length(counts), 0)
             + coalesce(octet_length(gap), 0)), 0), count(gap) FROM outbox)",
    )?;
    let mut fresh = [0; 16];
    getrandom::fill(&mut fresh).map_err(|error| Error::value("producer", error))?;
    Identity::create(act, fresh, now)?;
    for (key, counts) in Checkpoint::all(act).unwrap_or_default() {
        if WindowCounts::decode(&counts).is_ok() {
            Outbox::close(act, &ClosedWindow { key, counts }, now)?;
        }
    }
    Checkpoint::clear(act)?;
    for endpoint in StoredEndpoint::all(act)? {
        let from = safe.unwrap_or(endpoint.changed_at).min(now);
        let lost =
            LostTime { endpoint: endpoint.name, from, to: now, reason: GapReason::Damaged, count: None };
        Outbox::gap(act, &lost, now)?;
    }
    Ok(())
}
