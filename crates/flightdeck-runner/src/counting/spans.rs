//! Which rows of a request belong to which window.

use flightdeck_core::Timestamp;
use flightdeck_protocol::EventTime;
use std::collections::BTreeSet;
use std::ops::Range;

/// Runs of rows that belong to one window, in the order of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spans {
    first: (Timestamp, Range<usize>),
    further: Vec<(Timestamp, Range<usize>)>,
    newest: Timestamp,
}

impl Spans {
    /// Rows with a time of their own belong to its window, all others to that of `now`.
    pub(crate) fn new(rows: usize, times: Option<&EventTime>, now: Timestamp, seconds: u32) -> Self {
        let at = match times {
            Some(EventTime::At(at)) => *at,
            Some(EventTime::PerRow(times)) => return Self::per_row(rows, times, now, seconds),
            None => now,
        };
        Self { first: (at.floor(seconds), 0..rows), further: Vec::new(), newest: at }
    }

    fn per_row(rows: usize, times: &[Timestamp], now: Timestamp, seconds: u32) -> Self {
        let time = |row: usize| times.get(row).copied().unwrap_or(now);
        let mut spans = Self { first: (time(0).floor(seconds), 0..0), further: Vec::new(), newest: time(0) };
        for row in 0..rows {
            let at = time(row);
            spans.newest = spans.newest.max(at);
            let start = at.floor(seconds);
            let last = spans.further.last_mut().unwrap_or(&mut spans.first);
            if last.0 == start {
                last.1.end = row + 1;
            } else {
                spans.further.push((start, row..row + 1));
            }
        }
        spans
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Timestamp, Range<usize>)> {
        std::iter::once(&self.first).chain(&self.further).cloned()
    }

    /// Whether the rows belong to more than `limit` windows.
    pub(crate) fn is_scattered(&self, limit: usize) -> bool {
        if self.further.len() < limit {
            return false;
        }
        let starts: BTreeSet<Timestamp> = self.iter().map(|(start, _)| start).collect();
        starts.len() > limit
    }

    pub(crate) const fn newest(&self) -> Timestamp {
        self.newest
    }

    /// Where a failure of the whole request is counted.
    pub(crate) const fn start(&self) -> Timestamp {
        self.first.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_where_their_window_changes() {
        let ms = Timestamp::from_ms;
        let times = EventTime::PerRow([0, 59_999, 60_000, 10, 20].map(ms).to_vec());
        let spans = Spans::new(5, Some(&times), ms(9), 60);
        let found: Vec<_> = spans.iter().collect();
        assert_eq!(found, [(ms(0), 0..2), (ms(60_000), 2..3), (ms(0), 3..5)]);
        assert_eq!(spans.newest(), ms(60_000));
        assert!(spans.is_scattered(1) && !spans.is_scattered(2));
        let one = Spans::new(3, Some(&EventTime::At(ms(61_000))), ms(9), 60);
        assert_eq!(one.iter().collect::<Vec<_>>(), [(ms(60_000), 0..3)]);
        assert_eq!(Spans::new(3, None, ms(9), 60).iter().next(), Some((ms(0), 0..3)));
    }
}
