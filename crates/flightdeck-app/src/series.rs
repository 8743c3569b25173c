//! The history of an endpoint as columns of equal length, each with its counts added: what charts and tables are made of.

use crate::{App, Result, pull};
use flightdeck_core::{Resolution, Timestamp, VersionRole};
use flightdeck_drift::{Baseline, WindowCounts};
use flightdeck_store::endpoint::EndpointRecord;
use flightdeck_store::rollup;
use flightdeck_store::window::{self, Range};

/// Most columns that are made.
const MOST: i64 = 48;
/// Lengths that a column may have, in seconds: 1, 5, 15 minutes, 1, 3, 6 hours, 1, 3, 7, 30 days.
const LENGTHS: [u32; 10] = [60, 300, 900, 3_600, 10_800, 21_600, 86_400, 259_200, 604_800, 2_592_000];

/// Counts by time.
pub(crate) struct Series {
    /// Length of a column in seconds.
    pub(crate) seconds: u32,
    /// The columns that have any counts, in the order of time.
    pub(crate) columns: Vec<(Timestamp, WindowCounts)>,
}

impl App {
    /// The history of the version that answers at an endpoint, from `since` on. The length of a column follows from how
    /// much there is to show.
    pub(crate) fn series(
        &self,
        record: &EndpointRecord,
        baseline: &Baseline,
        since: Option<Timestamp>,
    ) -> Result<Series> {
        let all = Range {
            runner: &record.runner,
            endpoint: &record.endpoint,
            version: &record.digest,
            from: since.unwrap_or(Timestamp::from_ms(i64::MIN)),
            to: Timestamp::from_ms(i64::MAX),
        };
        let (first, last) = match self.extent(record)? {
            Some([first, last]) => (first.max(all.from), last),
            None => return Ok(Series { seconds: LENGTHS[0], columns: Vec::new() }),
        };
        let span_seconds = (last.as_ms() - first.as_ms()) / 1000 + i64::from(record.window_seconds);
        let fits =
            |length: &&u32| span_seconds <= i64::from(**length) * MOST && **length >= record.window_seconds;
        let seconds = LENGTHS.iter().find(fits).copied().unwrap_or(LENGTHS[LENGTHS.len() - 1]);
        let mut series = Series { seconds, columns: Vec::new() };
        for (start, bytes) in self.counted(&all, seconds)? {
            series.add(start, &pull::decode(&bytes)?, baseline);
        }
        Ok(series)
    }

    /// First and last time that anything was counted.
    fn extent(&self, record: &EndpointRecord) -> Result<Option<[Timestamp; 2]>> {
        let hours = self.read(|c| rollup::extent(c, &record.runner, &record.endpoint, &record.digest))?;
        let Some([first, last]) = hours else { return Ok(None) };
        // Days live longer than hours, windows tell the end better than hours.
        let days = self.read(|c| rollup::first_day(c, &record.runner, &record.endpoint, &record.digest))?;
        let newest = self.read(|c| window::newest(c, &record.runner, &record.endpoint, &record.digest))?;
        Ok(Some([
            days.map_or(first, |day| if day < first.floor(86_400) { day } else { first }),
            newest.unwrap_or(last),
        ]))
    }

    /// The encoded counts of a range from the coarsest table that is fine enough.
    fn counted(&self, range: &Range<'_>, seconds: u32) -> Result<Vec<(Timestamp, Vec<u8>)>> {
        if seconds < Resolution::HOUR.seconds() {
            let windows = self.read(|c| window::range(c, range))?;
            let answered =
                windows.into_iter().filter(|w| w.key.role != VersionRole::Shadow && w.key.slice.is_none());
            return Ok(answered.map(|window| (window.key.start, window.counts)).collect());
        }
        let days = seconds >= Resolution::DAY.seconds();
        let resolution = if days { Resolution::DAY } else { Resolution::HOUR };
        let rolled = self.read(|c| rollup::range(c, range, resolution))?;
        let answered = rolled.into_iter().filter(|rolled| rolled.role != VersionRole::Shadow);
        Ok(answered.map(|rolled| (rolled.start, rolled.counts)).collect())
    }
}

impl Series {
    fn add(&mut self, start: Timestamp, counts: &WindowCounts, baseline: &Baseline) {
        // Counts on other edges are those of another baseline.
        if counts.edge_set != baseline.edge_set {
            return;
        }
        let column = start.floor(self.seconds);
        match self.columns.last_mut().filter(|(last, _)| *last == column) {
            Some((_, sum)) => drop(sum.merge(counts)),
            None => self.columns.push((column, counts.clone())),
        }
    }

    /// Everything added.
    pub(crate) fn total(&self, baseline: &Baseline) -> WindowCounts {
        self.since(baseline, 0)
    }

    /// The newest columns that together last `seconds`, added: what is called now. Answers its start too.
    pub(crate) fn newest(&self, baseline: &Baseline, seconds: i64) -> Option<(Timestamp, WindowCounts)> {
        let (last, _) = self.columns.last()?;
        let from = last.plus_seconds(i64::from(self.seconds) - seconds.max(i64::from(self.seconds)));
        let first = self.columns.iter().position(|(start, _)| *start >= from)?;
        Some((self.columns[first].0, self.since(baseline, first)))
    }

    fn since(&self, baseline: &Baseline, first: usize) -> WindowCounts {
        let mut sum = WindowCounts::empty(baseline);
        for (_, counts) in &self.columns[first..] {
            let _ = sum.merge(counts);
        }
        sum
    }

    /// Start of the first column and end of the last.
    pub(crate) fn period(&self) -> Option<[Timestamp; 2]> {
        let (first, last) = (self.columns.first()?.0, self.columns.last()?.0);
        Some([first, last.plus_seconds(i64::from(self.seconds))])
    }
}
