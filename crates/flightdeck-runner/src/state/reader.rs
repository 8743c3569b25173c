//! Who pulls windows, and how far each of them came: a record is forgotten when it is safe with all of them.
//!
//! Whoever acknowledges for the first time begins with what is there. Whoever was away for a month, or whose token is no
//! longer good, is no longer waited for; and whatever they do, the outbox keeps to its budget.

use super::outbox::{Outbox, as_i64};
use flightdeck_core::Timestamp;
use flightdeck_sqlite::{Act, Result, params};

/// How long somebody who does not acknowledge is waited for.
const WAITED_MS: i64 = 30 * 24 * 3600 * 1000;

impl Outbox {
    /// Everything up to a cursor is safe with the holder of this token. Forgets what is safe with everybody, and says how
    /// many records that were.
    pub(crate) fn acknowledge(act: &Act<'_>, (token, cursor): (&str, u64), now: Timestamp) -> Result<u64> {
        // The control token is not remembered and may be another one at each start: its holder is one reader. What was
        // not written yet cannot be safe.
        act.execute(
            "INSERT OR REPLACE INTO reader VALUES (
               coalesce((SELECT id FROM token WHERE id = ?1), 'control'),
               min(?2, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0)), ?3)",
            params![token, as_i64(cursor), now.as_ms()],
        )?;
        act.execute(
            "DELETE FROM reader WHERE at_ms < ?1 OR id IN
               (SELECT id FROM token WHERE revoked_ms IS NOT NULL OR expires_ms <= ?2)",
            params![now.as_ms().saturating_sub(WAITED_MS), now.as_ms()],
        )?;
        let safe: i64 = act.query_row("SELECT coalesce(min(cursor), 0) FROM reader", [], |row| row.get(0))?;
        Self::forget(act, safe.max(0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Identity, LostTime, open};
    use super::*;
    use crate::clock::SystemClock;
    use flightdeck_protocol::GapReason;
    use std::sync::Arc;

    #[test]
    fn a_record_is_kept_until_everybody_who_pulls_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(folder.path(), Arc::new(SystemClock)).unwrap();
        Identity::begin(&database, [7; 16], Timestamp::from_ms(1)).unwrap();
        let lost = LostTime {
            endpoint: "e".parse().unwrap(),
            from: Timestamp::from_ms(1),
            to: Timestamp::from_ms(2),
            reason: GapReason::Other,
            count: None,
        };
        let (one, month) = (Timestamp::from_ms(1), Timestamp::from_ms(WAITED_MS + 2));
        let prepare = |act: &Act<'_>| {
            let token = "INSERT INTO token VALUES (?1, 'n', randomblob(32), '{}', '{}', 0, NULL, NULL)";
            ["a", "b"].iter().try_for_each(|id| act.execute(token, [id]).map(drop))?;
            (0..9).try_for_each(|_| Outbox::gap(act, &lost, one))
        };
        database.record(prepare).unwrap();
        let ack = |token: &str, cursor, now| {
            database.record(|act| Outbox::acknowledge(act, (token, cursor), now)).unwrap()
        };
        assert_eq!(ack("a", 2, one), 2, "nobody else is known");
        assert_eq!(ack("b", 3, one), 0, "the first has not got this far");
        assert_eq!((ack("a", 6, one), ack("a", u64::MAX, one)), (1, 0), "the second has not");
        assert_eq!((ack("token-x", 9, one), ack("token-y", 9, one), ack("b", 5, one)), (0, 0, 2));
        database
            .record(|act| {
                act.execute("UPDATE token SET revoked_ms = 1 WHERE id = 'b'", [])
                    .map(drop)
                    .map_err(flightdeck_sqlite::Error::from)
            })
            .unwrap();
        assert_eq!(ack("a", 7, one), 2, "a token that was revoked is not waited for");
        assert_eq!(ack("token-z", 9, month), 2, "nor is who was away for a month");
    }
}
