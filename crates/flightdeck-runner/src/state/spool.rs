//! What the outbox holds, how much of the disk it may have, and what becomes of records that nobody takes.
//!
//! Above its budget the oldest records become one gap for each endpoint, with how many rows it stands for: a gap that is
//! known is worth more than a disk that is full. Gaps themselves are never dropped, they are only joined.

use super::outbox::{LostTime, Outbox, as_i64};
use flightdeck_core::{Name, Timestamp, WindowKey};
use flightdeck_drift::WindowCounts;
use flightdeck_protocol::{GapReason, Refuse, Refused};
use flightdeck_sqlite::{Act, Connection, OptionalExtension, Result, params};
use std::collections::BTreeMap;

/// How often a record may be refused before it is set aside.
const REFUSALS: u64 = 3;
/// Records that are set aside at most; the oldest make room.
const MAX_QUARANTINED: i64 = 1000;

/// Figures of the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spooled {
    /// Windows and gaps that wait.
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) acknowledged: u64,
    /// Windows that became gaps for want of room.
    pub(crate) dropped: u64,
    pub(crate) gaps: u64,
    pub(crate) quarantined: u64,
    /// When the oldest record was written.
    pub(crate) oldest: Option<Timestamp>,
}

impl Outbox {
    /// Figures of the outbox, without looking at its records.
    pub(crate) fn spooled(connection: &Connection) -> Result<Spooled> {
        let oldest: Option<i64> = connection
            .query_row("SELECT closed_ms FROM outbox ORDER BY cursor LIMIT 1", [], |row| row.get(0))
            .optional()?;
        let query = "SELECT records, bytes, acknowledged, dropped, gaps, quarantined FROM spool";
        Ok(connection.query_row(query, [], |row| {
            let number = |place| row.get::<_, i64>(place).map(|number| number.max(0) as u64);
            Ok(Spooled {
                records: number(0)?,
                bytes: number(1)?,
                acknowledged: number(2)?,
                dropped: number(3)?,
                gaps: number(4)?,
                quarantined: number(5)?,
                oldest: oldest.map(Timestamp::from_ms),
            })
        })?)
    }

    /// Drops the oldest records until the rest takes nine tenths of `budget` bytes, when they take more than all of it.
    pub(crate) fn fit(act: &Act<'_>, budget: u64, now: Timestamp) -> Result<()> {
        let Spooled { bytes, .. } = Self::spooled(act)?;
        if bytes <= budget {
            return Ok(());
        }
        let dropped = oldest(act, bytes - budget / 10 * 9)?;
        for cursor in &dropped.unreadable {
            tracing::error!(cursor, "a record of the outbox is damaged: nobody can say what is lost with it");
            Self::quarantine(act, *cursor, ("damaged", now))?;
        }
        remove_up_to(act, dropped.cursor)?;
        act.execute("UPDATE spool SET dropped = dropped + ?1", [as_i64(dropped.windows)])?;
        for lost in dropped.lost.values() {
            tracing::warn!(endpoint = %lost.endpoint, rows = lost.count, "nobody took its windows: they became a gap");
            Self::gap(act, lost, now)?;
        }
        Ok(())
    }

    /// Sets a record aside. Where it can be told what it counted, a gap takes its place.
    pub(crate) fn quarantine(act: &Act<'_>, cursor: u64, (reason, now): (&str, Timestamp)) -> Result<()> {
        let at = as_i64(cursor);
        let moved = act.execute(
            "INSERT OR REPLACE INTO quarantine
             SELECT cursor, producer, boot_epoch, sequence, closed_ms, window_key, counts, gap, ?2, ?3
             FROM outbox WHERE cursor = ?1",
            params![at, reason, now.as_ms()],
        )?;
        let lost = lost(act, cursor)?;
        remove(act, "cursor = ?1", at)?;
        act.execute("UPDATE spool SET quarantined = quarantined + ?1", [moved as i64])?;
        act.execute("DELETE FROM refusal WHERE cursor = ?1", [at])?;
        act.execute(
            "DELETE FROM quarantine WHERE cursor <= (SELECT cursor FROM quarantine ORDER BY cursor DESC LIMIT 1 OFFSET ?1)",
            [MAX_QUARANTINED],
        )?;
        lost.map_or(Ok(()), |lost| Self::gap(act, &LostTime { reason: GapReason::Quarantined, ..lost }, now))
    }

    /// Notes that whoever pulled a record cannot use it. After the third time it is set aside.
    pub(crate) fn refuse(act: &Act<'_>, refuse: &Refuse, now: Timestamp) -> Result<Refused> {
        let Refuse { origin, code } = refuse;
        let cursor: Option<i64> = act
            .query_row(
                "SELECT cursor FROM outbox WHERE producer = ?1 AND boot_epoch = ?2 AND sequence = ?3",
                params![origin.producer, origin.boot_epoch, as_i64(origin.sequence)],
                |row| row.get(0),
            )
            .optional()?;
        // What is not there is out of the way.
        let Some(cursor) = cursor else { return Ok(Refused { times: 0, quarantined: true }) };
        let times: i64 = act.query_row(
            "INSERT INTO refusal VALUES (?1, 1) ON CONFLICT (cursor) DO UPDATE SET times = times + 1 RETURNING times",
            [cursor],
            |row| row.get(0),
        )?;
        let quarantined = times as u64 >= REFUSALS;
        if quarantined {
            let code: String = code.chars().take(64).collect();
            tracing::warn!(cursor, code = %code.escape_debug(), "a record was refused again and again and is set aside");
            Self::quarantine(act, cursor as u64, (&code, now))?;
        }
        Ok(Refused { times: times as u64, quarantined })
    }
}

/// Records that are to be dropped.
struct Dropped {
    /// The newest of them.
    cursor: u64,
    windows: u64,
    lost: BTreeMap<Name, LostTime>,
    /// Those of which no gap can be made.
    unreadable: Vec<u64>,
}

/// The oldest records that take `bytes` bytes together.
fn oldest(act: &Act<'_>, bytes: u64) -> Result<Dropped> {
    let mut dropped = Dropped { cursor: 0, windows: 0, lost: BTreeMap::new(), unreadable: Vec::new() };
    let mut statement =
        act.prepare_cached("SELECT cursor, window_key, counts, gap FROM outbox ORDER BY cursor")?;
    let (mut rows, mut freed) = (statement.query([])?, 0);
    while let Some(row) = rows.next()?.filter(|_| freed < bytes) {
        dropped.cursor = row.get::<_, i64>(0)? as u64;
        let (key, counts, gap): (Option<String>, Option<Vec<u8>>, Option<String>) =
            (row.get(1)?, row.get(2)?, row.get(3)?);
        freed += size((key.as_deref(), counts.as_deref(), gap.as_deref()));
        let is_window = key.is_some();
        let Some(lost) = told((key, counts, gap)) else {
            dropped.unreadable.push(dropped.cursor);
            continue;
        };
        dropped.windows += u64::from(is_window);
        let lost = LostTime { reason: GapReason::Budget, ..lost };
        let known = dropped.lost.entry(lost.endpoint.clone());
        known.and_modify(|known| known.extend(&lost)).or_insert(lost);
    }
    Ok(dropped)
}

fn lost(act: &Act<'_>, cursor: u64) -> Result<Option<LostTime>> {
    let query = "SELECT window_key, counts, gap FROM outbox WHERE cursor = ?1";
    let parts = act
        .query_row(query, [as_i64(cursor)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(parts.and_then(told))
}

/// What is lost with a record, as far as it can be read.
fn told((key, counts, gap): (Option<String>, Option<Vec<u8>>, Option<String>)) -> Option<LostTime> {
    if let Some(gap) = gap {
        return serde_json::from_str(&gap).ok();
    }
    let key: WindowKey = serde_json::from_str(&key?).ok()?;
    Some(of_window(key, &counts.unwrap_or_default(), GapReason::Budget))
}

/// What is lost with a window.
pub(super) fn of_window(key: WindowKey, counts: &[u8], reason: GapReason) -> LostTime {
    let to = key.start.plus_seconds(key.resolution.seconds().into());
    let count = WindowCounts::decode(counts).ok().map(|counts| counts.rows);
    LostTime { endpoint: key.endpoint, from: key.start, to, reason, count }
}

fn size((key, counts, gap): (Option<&str>, Option<&[u8]>, Option<&str>)) -> u64 {
    (key.map_or(0, str::len) + counts.map_or(0, <[u8]>::len) + gap.map_or(0, str::len)) as u64
}

/// A record was written.
pub(super) fn added(act: &Act<'_>, bytes: u64, is_gap: bool) -> Result<()> {
    act.prepare_cached("UPDATE spool SET records = records + 1, bytes = bytes + ?1, gaps = gaps + ?2")?
        .execute(params![as_i64(bytes), is_gap])?;
    Ok(())
}

/// Removes records up to a cursor, and says how many those were.
pub(super) fn remove_up_to(act: &Act<'_>, cursor: u64) -> Result<u64> {
    remove(act, "cursor <= ?1", as_i64(cursor))
}

fn remove(act: &Act<'_>, which: &str, cursor: i64) -> Result<u64> {
    let sizes = "coalesce(octet_length(window_key), 0) + coalesce(octet_length(counts), 0) + coalesce(octet_length(gap), 0)";
    let query = format!("SELECT coalesce(sum({sizes}), 0) FROM outbox WHERE {which}");
    let bytes: i64 = act.query_row(&query, [cursor], |row| row.get(0))?;
    let removed = act.execute(&format!("DELETE FROM outbox WHERE {which}"), [cursor])?;
    act.execute(
        "UPDATE spool SET records = records - ?1, bytes = bytes - ?2",
        params![removed as i64, bytes],
    )?;
    Ok(removed as u64)
}
