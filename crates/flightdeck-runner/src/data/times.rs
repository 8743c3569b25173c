//! Which times rows may bring along.

use crate::problem::Problem;
use flightdeck_core::Timestamp;
use flightdeck_protocol::EventTime;

/// How far a client's clock may be ahead. A row that lies far ahead would end a history that is replayed, since windows
/// close when time has moved on.
const AHEAD_SECONDS: i64 = 86_400;
/// The start of the year 1: what lies before has no text that everybody reads.
const EARLIEST: Timestamp = Timestamp::from_ms(-62_135_596_800_000);

/// Refuses times that do not belong to the rows, or that no row can have.
pub(super) fn check(times: &EventTime, rows: usize, now: Timestamp) -> Result<(), Problem> {
    let latest = now.plus_seconds(AHEAD_SECONDS);
    let is_wrong = |at: Timestamp| at > latest || at < EARLIEST;
    let (who, at) = match times {
        EventTime::At(at) if is_wrong(*at) => ("the rows".into(), *at),
        EventTime::At(_) => return Ok(()),
        EventTime::PerRow(times) if times.len() != rows => {
            let message = format!("event_time has {} times for {rows} rows", times.len());
            return Err(Problem::bad("event-time", message));
        }
        EventTime::PerRow(times) => match times.iter().position(|at| is_wrong(*at)) {
            Some(row) => (format!("row {row}"), times[row]),
            None => return Ok(()),
        },
    };
    let message = if at > latest {
        format!("event_time of {who} is {at}, more than a day after now, which is {now}")
    } else {
        format!("event_time of {who} is {at}, before the year 1")
    };
    Err(Problem::bad("event-time", message)
        .hint("Send RFC 3339 times or milliseconds since 1970 that lie in the past."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(times: &EventTime, rows: usize) -> Option<String> {
        let now = Timestamp::parse("2026-07-01T12:00:00Z").unwrap();
        check(times, rows, now).err().map(|problem| {
            assert_eq!((&*problem.code, problem.status.as_u16()), ("event-time", 400));
            problem.message
        })
    }

    #[test]
    fn a_row_of_the_future_is_named() {
        let time = |text: &str| Timestamp::parse(text).unwrap();
        let (edge, beyond) = (time("2026-07-02T12:00:00Z"), time("2026-07-02T12:00:00.001Z"));
        assert_eq!(said(&EventTime::PerRow(vec![edge, time("0001-01-01")]), 2), None);
        let found = said(&EventTime::PerRow(vec![edge, beyond]), 2).unwrap();
        assert!(found.contains("row 1") && found.contains("2026-07-02T12:00:00.001Z"), "{found}");
        assert!(said(&EventTime::At(beyond), 2).unwrap().contains("the rows"));
        assert_eq!(said(&EventTime::At(edge), 2), None);
    }

    #[test]
    fn times_that_cannot_be_written_and_rows_without_one_are_refused() {
        for ms in [i64::MIN, -62_135_596_800_001] {
            let found = said(&EventTime::PerRow(vec![Timestamp::from_ms(ms)]), 1).unwrap();
            assert!(found.contains("row 0"), "{found}");
        }
        assert!(said(&EventTime::At(Timestamp::from_ms(i64::MAX)), 1).is_some());
        assert!(said(&EventTime::PerRow(vec![Timestamp::from_ms(0)]), 2).unwrap().contains("1 times"));
    }
}
