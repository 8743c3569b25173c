//! Who this server is, how often it was started, and whether the last time ended well.

use super::outbox::Outbox;
use super::{Checkpoint, ClosedWindow, LostTime, StoredEndpoint, spool};
use flightdeck_core::{Digest, Origin, Timestamp};
use flightdeck_protocol::GapReason;
use flightdeck_sqlite::{Act, Connection, Database, OptionalExtension, Result, params};

/// This start of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// 128 random bits in hexadecimal, made once per data folder.
    pub(crate) producer: String,
    /// Counts the starts.
    pub(crate) boot_epoch: u32,
}

struct Row {
    identity: Identity,
    safe: Timestamp,
    stopped_cleanly: bool,
}

impl Identity {
    /// Begins a new epoch. When the last one was killed, its checkpointed windows are closed under its own epoch, and each
    /// of its endpoints gets a gap from the last safe moment until now.
    pub(crate) fn begin(database: &Database, new_producer: [u8; 16], now: Timestamp) -> Result<Self> {
        database.record(|act| {
            let identity = match read(act)? {
                None => Self { producer: hex(new_producer), boot_epoch: 1 },
                Some(last) => {
                    if !last.stopped_cleanly {
                        recover(act, &last, now)?;
                    }
                    Self { boot_epoch: last.identity.boot_epoch + 1, ..last.identity }
                }
            };
            act.execute(
                "INSERT OR REPLACE INTO identity VALUES (1, ?1, ?2, 0, ?3, 0)",
                params![identity.producer, identity.boot_epoch, now.as_ms()],
            )?;
            Ok(identity)
        })
    }

    /// Becomes another producer, unless the last epoch is the one that it should be. Windows that were open when the copy
    /// was made may have been closed by whom it was copied from: here they are gaps, or their rows would count twice.
    pub(crate) fn renew_unless(
        act: &Act<'_>,
        is_current: impl FnOnce(u32) -> bool,
        (new_producer, now): ([u8; 16], Timestamp),
    ) -> Result<()> {
        let Some(last) = read(act)? else { return Ok(()) };
        if !is_current(last.identity.boot_epoch) {
            tracing::warn!(
                "this state is a copy from elsewhere or from before: it goes on as a new producer"
            );
            act.execute("UPDATE identity SET producer = ?1", [hex(new_producer)])?;
            for (key, counts) in Checkpoint::all(act)? {
                Outbox::gap(act, &spool::of_window(key, &counts, GapReason::Damaged), now)?;
            }
            Checkpoint::clear(act)?;
        }
        Ok(())
    }

    /// A producer that has ended well and lost nothing yet.
    pub(crate) fn create(act: &Act<'_>, producer: [u8; 16], now: Timestamp) -> Result<()> {
        let row = params![hex(producer), now.as_ms()];
        act.execute("INSERT OR REPLACE INTO identity VALUES (1, ?1, 1, 0, ?2, 1)", row)?;
        Ok(())
    }

    /// The next origin of this epoch, used up by the running transaction.
    pub(crate) fn next_origin(act: &Act<'_>) -> Result<Origin> {
        let next = "UPDATE identity SET sequence = sequence + 1 RETURNING producer, boot_epoch, sequence";
        Ok(act.prepare_cached(next)?.query_row([], |row| {
            let sequence: i64 = row.get(2)?;
            Ok(Origin { producer: row.get(0)?, boot_epoch: row.get(1)?, sequence: sequence as u64 })
        })?)
    }

    /// Everything counted until `now` is on the disk.
    pub(crate) fn safe(act: &Act<'_>, now: Timestamp) -> Result<()> {
        act.prepare_cached("UPDATE identity SET safe_ms = ?1")?.execute([now.as_ms()])?;
        Ok(())
    }

    /// The server ends and has lost nothing.
    pub(crate) fn end(act: &Act<'_>) -> Result<()> {
        act.execute("UPDATE identity SET stopped_cleanly = 1", [])?;
        Ok(())
    }
}

fn read(connection: &Connection) -> Result<Option<Row>> {
    let query = "SELECT producer, boot_epoch, safe_ms, stopped_cleanly FROM identity";
    let row = connection.query_row(query, [], |row| {
        Ok(Row {
            identity: Identity { producer: row.get(0)?, boot_epoch: row.get(1)? },
            safe: Timestamp::from_ms(row.get(2)?),
            stopped_cleanly: row.get(3)?,
        })
    });
    Ok(row.optional()?)
}

fn recover(act: &Act<'_>, last: &Row, now: Timestamp) -> Result<()> {
    for (key, counts) in Checkpoint::all(act)? {
        Outbox::close(act, &ClosedWindow { key, counts }, now)?;
    }
    Checkpoint::clear(act)?;
    for endpoint in StoredEndpoint::all(act)? {
        let lost = LostTime {
            endpoint: endpoint.name,
            from: last.safe,
            to: now.max(last.safe),
            reason: GapReason::Killed,
            count: None,
        };
        Outbox::gap(act, &lost, now)?;
    }
    Ok(())
}

fn hex(bytes: [u8; 16]) -> String {
    let mut wide = [0; 32];
    wide[..16].copy_from_slice(&bytes);
    Digest::from_bytes(wide).hex()[..32].to_owned()
}
