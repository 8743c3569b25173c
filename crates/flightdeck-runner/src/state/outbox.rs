//! Closed windows and known gaps, kept until somebody says that they are safe elsewhere.

use super::checkpoint::key_text;
use super::{Identity, spool};
use flate2::Crc;
use flightdeck_core::{Name, Origin, Timestamp, WindowKey};
use flightdeck_protocol::{Counts, Gap, GapReason, WindowBatch, WindowRecord};
use flightdeck_sqlite::{Act, Connection, Error, Result, Row, params, rusqlite};
use serde::{Deserialize, Serialize};

/// A window to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClosedWindow {
    pub(crate) key: WindowKey,
    /// Encoded.
    pub(crate) counts: Vec<u8>,
}

/// A time whose rows may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LostTime {
    pub(crate) endpoint: Name,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) reason: GapReason,
    /// How many rows, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
}

impl LostTime {
    /// Takes in what else was lost at the same endpoint. Known numbers add up.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
        self.count = self.count.or(other.count).map(|_| self.count.unwrap_or(0) + other.count.unwrap_or(0));
    }
}

/// What was found after a cursor.
pub(crate) struct Pulled {
    pub(crate) batch: WindowBatch,
    /// Records that are not what was written; they are left out.
    pub(crate) damaged: Vec<u64>,
}

pub(crate) struct Outbox;

impl Outbox {
    pub(crate) fn close(act: &Act<'_>, window: &ClosedWindow, now: Timestamp) -> Result<()> {
        let key = key_text(&window.key)?;
        insert(act, now, (Some(&key), Some(&window.counts), None))
    }

    pub(crate) fn gap(act: &Act<'_>, lost: &LostTime, now: Timestamp) -> Result<()> {
        let text = serde_json::to_string(lost).map_err(|error| Error::value("gap", error))?;
        insert(act, now, (None, None, Some(&text)))
    }

    /// What comes after a cursor, at most `limit` windows and gaps, oldest first.
    pub(crate) fn after(connection: &Connection, cursor: u64, limit: usize) -> Result<Pulled> {
        let mut batch = WindowBatch { windows: Vec::new(), gaps: Vec::new(), cursor, more: false };
        let mut damaged = Vec::new();
        let mut statement = connection.prepare_cached(
            "SELECT cursor, producer, boot_epoch, sequence, closed_ms, window_key, counts, gap, crc FROM outbox
             WHERE cursor > ?1 ORDER BY cursor LIMIT ?2",
        )?;
        let mut rows = statement.query(params![as_i64(cursor), as_i64(limit as u64 + 1)])?;
        while let Some(row) = rows.next()? {
            if batch.windows.len() + batch.gaps.len() + damaged.len() == limit {
                batch.more = true;
                break;
            }
            batch.cursor = row.get::<_, i64>(0)? as u64;
            match entry(row) {
                Ok(Entry::Window(window)) => batch.windows.push(window),
                Ok(Entry::Gap(gap)) => batch.gaps.push(gap),
                Err(error) => {
                    tracing::error!(cursor = batch.cursor, "a record of the outbox is damaged: {error}");
                    damaged.push(batch.cursor);
                }
            }
        }
        Ok(Pulled { batch, damaged })
    }

    /// Forgets everything up to a cursor.
    pub(crate) fn forget(act: &Act<'_>, cursor: u64) -> Result<u64> {
        act.execute("DELETE FROM refusal WHERE cursor <= ?1", [as_i64(cursor)])?;
        let removed = spool::remove_up_to(act, cursor)?;
        act.execute("UPDATE spool SET acknowledged = acknowledged + ?1", [as_i64(removed)])?;
        Ok(removed)
    }
}

enum Entry {
    Window(WindowRecord),
    Gap(Gap),
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    let origin = origin(row)?;
    let parts = Parts { key: row.get(5)?, counts: row.get(6)?, gap: row.get(7)? };
    if row.get::<_, Option<u32>>(8)?.is_some_and(|crc| crc != parts.crc()) {
        return Err(Error::value("record", "it is not what was written"));
    }
    let (Some(key), Some(counts)) = (parts.key, parts.counts) else {
        let gap = parts.gap.unwrap_or_default();
        let lost: LostTime = serde_json::from_str(&gap).map_err(|error| Error::value("gap", error))?;
        let LostTime { endpoint, from, to, reason, count } = lost;
        return Ok(Entry::Gap(Gap { origin, endpoint, from, to, reason, count }));
    };
    let key = serde_json::from_str(&key).map_err(|error| Error::value("window", error))?;
    let closed_at = Timestamp::from_ms(row.get(4)?);
    Ok(Entry::Window(WindowRecord { origin, key, counts: Counts(counts), closed_at }))
}

/// What a record consists of.
struct Parts {
    key: Option<String>,
    counts: Option<Vec<u8>>,
    gap: Option<String>,
}

impl Parts {
    fn crc(&self) -> u32 {
        crc((self.key.as_deref(), self.counts.as_deref(), self.gap.as_deref()))
    }
}

fn crc((key, counts, gap): (Option<&str>, Option<&[u8]>, Option<&str>)) -> u32 {
    let mut crc = Crc::new();
    for part in [key.map(str::as_bytes), counts, gap.map(str::as_bytes)] {
        crc.update(part.unwrap_or_default());
    }
    crc.sum()
}

fn origin(row: &Row<'_>) -> rusqlite::Result<Origin> {
    let sequence: i64 = row.get(3)?;
    Ok(Origin { producer: row.get(1)?, boot_epoch: row.get(2)?, sequence: sequence as u64 })
}

fn insert(
    act: &Act<'_>,
    now: Timestamp,
    (key, counts, gap): (Option<&str>, Option<&[u8]>, Option<&str>),
) -> Result<()> {
    let Origin { producer, boot_epoch, sequence } = Identity::next_origin(act)?;
    let (sequence, crc) = (as_i64(sequence), crc((key, counts, gap)));
    act.prepare_cached(
        "INSERT INTO outbox (producer, boot_epoch, sequence, closed_ms, window_key, counts, gap, crc)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![producer, boot_epoch, sequence, now.as_ms(), key, counts, gap, crc])?;
    let bytes = key.map_or(0, str::len) + counts.map_or(0, <[u8]>::len) + gap.map_or(0, str::len);
    spool::added(act, bytes as u64, gap.is_some())
}

pub(super) fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{Checkpoint, StoredEndpoint, open};
    use super::*;
    use flightdeck_core::{Clock, Digest, Resolution, TrafficPolicy, VersionRole};
    use flightdeck_protocol::EndpointDesired;
    use flightdeck_sqlite::Database;
    use std::sync::Arc;

    struct At(i64);
    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::from_ms(self.0)
        }
    }

    fn key(start: i64) -> WindowKey {
        WindowKey {
            endpoint: "e".parse().unwrap(),
            version: Digest::from_bytes([1; 32]),
            role: VersionRole::Champion,
            edge_set: Digest::from_bytes([2; 32]),
            slice: None,
            resolution: Resolution::MINUTE,
            start: Timestamp::from_ms(start),
        }
    }

    fn database() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database = open(folder.path(), Arc::new(At(5))).unwrap();
        (folder, database)
    }

    fn close(database: &Database, start: i64) {
        let window = ClosedWindow { key: key(start), counts: vec![start as u8] };
        database.record(|act| Outbox::close(act, &window, Timestamp::from_ms(9))).unwrap();
    }

    fn after(database: &Database, cursor: u64, limit: usize) -> WindowBatch {
        database.read(|c| Outbox::after(c, cursor, limit)).unwrap().batch
    }

    #[test]
    fn windows_are_kept_until_acknowledged_and_origins_never_repeat() {
        let (_folder, database) = database();
        let identity = Identity::begin(&database, [7; 16], Timestamp::from_ms(1)).unwrap();
        assert_eq!((identity.boot_epoch, identity.producer.as_str()), (1, "07".repeat(16).as_str()));
        (0..3).for_each(|start| close(&database, start));
        let first = after(&database, 0, 2);
        assert!(first.more && first.windows.len() == 2);
        assert_eq!(after(&database, 0, 2), first);
        let rest = after(&database, first.cursor, 2);
        assert!(!rest.more && rest.windows.len() == 1);
        assert_eq!(database.record(|act| Outbox::forget(act, rest.cursor)).unwrap(), 3);
        close(&database, 3);
        let later = after(&database, 0, 9);
        assert_eq!(later.windows[0].origin.sequence, 4);
        assert!(later.cursor > rest.cursor);
    }

    #[test]
    fn records_that_cannot_be_read_are_set_aside_when_room_is_made() {
        let (_folder, database) = database();
        Identity::begin(&database, [7; 16], Timestamp::from_ms(1)).unwrap();
        (0..2).for_each(|start| close(&database, start));
        let now = Timestamp::from_ms(10);
        let torn = "UPDATE outbox SET window_key = '{}' WHERE sequence = 1";
        database.record(|act| act.execute(torn, []).map_err(Error::from)).unwrap();
        database.record(|act| Outbox::fit(act, 0, now)).unwrap();
        let spooled = database.read(Outbox::spooled).unwrap();
        assert_eq!((spooled.quarantined, spooled.dropped, spooled.gaps, spooled.records), (1, 1, 1, 1));
    }

    #[test]
    fn a_killed_epoch_is_closed_under_its_own_name_with_a_gap() {
        let (_folder, database) = database();
        Identity::begin(&database, [7; 16], Timestamp::from_ms(1)).unwrap();
        let policy = TrafficPolicy::champion(Digest::from_bytes([1; 32]));
        let endpoint = StoredEndpoint {
            name: "e".parse().unwrap(),
            desired: EndpointDesired {
                policy,
                window_seconds: 60,
                replay: false,
                serving: flightdeck_protocol::Serving::default(),
                telemetry: flightdeck_protocol::Telemetry::default(),
            },
            previous: None,
            changed_at: Timestamp::from_ms(0),
        };
        database.act("me", "deploy", "e", |act| endpoint.put(act)).unwrap();
        let work = |act: &Act<'_>| {
            Checkpoint::put(act, &key(0), b"old")?;
            Checkpoint::put(act, &key(0), b"new")?;
            Identity::safe(act, Timestamp::from_ms(100))
        };
        database.record(work).unwrap();
        let again = Identity::begin(&database, [8; 16], Timestamp::from_ms(500)).unwrap();
        assert_eq!((again.boot_epoch, again.producer.as_str()), (2, "07".repeat(16).as_str()));
        let batch = after(&database, 0, 9);
        assert_eq!(batch.windows.len(), 1);
        assert_eq!((&batch.windows[0].counts.0, batch.windows[0].origin.boot_epoch), (&b"new".to_vec(), 1));
        let gap = &batch.gaps[0];
        assert_eq!((gap.from.as_ms(), gap.to.as_ms(), gap.reason), (100, 500, GapReason::Killed));
        assert_ne!(gap.origin, batch.windows[0].origin);
        database.record(Identity::end).unwrap();
        Identity::begin(&database, [8; 16], Timestamp::from_ms(900)).unwrap();
        assert_eq!(after(&database, batch.cursor, 9).gaps, []);
    }
}
