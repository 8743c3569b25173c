//! Counting traffic on frozen edges, a few nanoseconds a value.
//!
//! A counter is filled by one thread and read by taking its window. Time, and when a window ends, are the caller's.

use crate::baseline::{Baseline, ColumnBaseline, Counted};
use crate::counts::{ColumnCounts, WindowCounts};
use crate::moments::Scale;
use crate::sample::number_text;
use crate::search::{Finder, LANES};
use crate::values::ValueIndex;

/// Counts rows on the edges of a baseline. Columns are addressed by their position in it; a position that it does
/// not have is ignored.
#[derive(Clone, Debug)]
pub struct Counter {
    columns: Vec<Bins>,
    window: WindowCounts,
    empty: WindowCounts,
}

#[derive(Clone, Debug)]
enum Bins {
    Numeric { finder: Finder, scale: Scale },
    Categorical(ValueIndex),
}

impl Counter {
    /// A counter with an empty window.
    pub fn new(baseline: &Baseline) -> Self {
        let empty = WindowCounts::empty(baseline);
        Self { columns: baseline.columns.iter().map(Bins::of).collect(), window: empty.clone(), empty }
    }

    /// Counts a number. In a column of values it counts as its shortest text.
    #[inline]
    pub fn number(&mut self, column: usize, number: f64) {
        let Some((bins, counts)) = self.at(column) else { return };
        match bins {
            Bins::Numeric { finder, scale } if number.is_finite() => {
                count_finite(counts, finder.bin(number), scale.units(number), number);
            }
            Bins::Numeric { .. } => count_other(counts, number),
            Bins::Categorical(_) if number.is_nan() => counts.nan += 1,
            Bins::Categorical(index) => counts.counts[index.slot(&number_text(number))] += 1,
        }
    }

    /// Counts many numbers, eight at a time.
    pub fn numbers(&mut self, column: usize, numbers: impl IntoIterator<Item = f64>) {
        let mut numbers = numbers.into_iter();
        if let Some((Bins::Numeric { finder, scale }, counts)) = self.at(column) {
            loop {
                let mut lanes = [0.0; LANES];
                let filled =
                    lanes.iter_mut().zip(numbers.by_ref().take(LANES)).map(|(lane, n)| *lane = n).count();
                if filled < LANES || !lanes.iter().all(|number| number.is_finite()) {
                    lanes[..filled].iter().for_each(|number| self.number(column, *number));
                    if filled < LANES {
                        return;
                    }
                    return self.numbers(column, numbers);
                }
                count_lanes(counts, &lanes, finder, scale);
            }
        }
        numbers.for_each(|number| self.number(column, number));
    }

    /// Counts a value. In a column of numbers a text that is one counts as that, any other is a type error.
    pub fn value(&mut self, column: usize, value: &str) {
        let Some((bins, counts)) = self.at(column) else { return };
        match bins {
            Bins::Categorical(index) => counts.counts[index.slot(value)] += 1,
            Bins::Numeric { .. } => match value.trim().parse() {
                Ok(number) => self.number(column, number),
                Err(_) => counts.type_errors += 1,
            },
        }
    }

    /// Counts a missing value.
    pub fn null(&mut self, column: usize) {
        if let Some((_, counts)) = self.at(column) {
            counts.nulls += 1;
        }
    }

    /// Counts a value of the wrong type.
    pub fn type_error(&mut self, column: usize) {
        if let Some((_, counts)) = self.at(column) {
            counts.type_errors += 1;
        }
    }

    /// Counts a request that was answered.
    pub fn answered(&mut self, rows: u64, latency_us: u64) {
        self.window.requests += 1;
        self.window.rows += rows;
        self.window.latency.add(latency_us);
    }

    /// Counts a request that failed.
    pub fn failed(&mut self) {
        self.window.requests += 1;
        self.window.errors += 1;
    }

    /// The open window.
    pub fn window(&self) -> &WindowCounts {
        &self.window
    }

    /// Closes the window: hands it out and starts an empty one.
    pub fn take(&mut self) -> WindowCounts {
        std::mem::replace(&mut self.window, self.empty.clone())
    }

    #[inline]
    fn at(&mut self, column: usize) -> Option<(&Bins, &mut ColumnCounts)> {
        self.columns.get(column).zip(self.window.columns.get_mut(column))
    }
}

impl Bins {
    fn of(column: &ColumnBaseline) -> Self {
        match &column.counted {
            Counted::Numeric(numeric) => {
                Self::Numeric { finder: Finder::new(&numeric.edges), scale: Scale::of(&numeric.edges) }
            }
            Counted::Categorical(values) => {
                let kept = values.values.iter().map(|kept| kept.value.as_str());
                Self::Categorical(ValueIndex::new(kept, &values.rest_values))
            }
        }
    }
}

#[inline]
fn count_finite(counts: &mut ColumnCounts, bin: usize, units: i64, number: f64) {
    if let Some(count) = counts.counts.get_mut(bin) {
        *count += 1;
    }
    counts.moments.add(units);
    counts.min = Some(counts.min.map_or(number, |min| min.min(number)));
    counts.max = Some(counts.max.map_or(number, |max| max.max(number)));
}

#[inline]
fn count_lanes(counts: &mut ColumnCounts, lanes: &[f64; LANES], finder: &Finder, scale: &Scale) {
    for bin in finder.bins(lanes) {
        if let Some(count) = counts.counts.get_mut(bin) {
            *count += 1;
        }
    }
    let (mut low, mut high) = (lanes[0], lanes[0]);
    for &number in lanes {
        counts.moments.add(scale.units(number));
        low = if number < low { number } else { low };
        high = if number > high { number } else { high };
    }
    counts.min = Some(counts.min.map_or(low, |min| min.min(low)));
    counts.max = Some(counts.max.map_or(high, |max| max.max(high)));
}

#[cold]
fn count_other(counts: &mut ColumnCounts, number: f64) {
    if number.is_nan() {
        counts.nan += 1;
    } else if number > 0.0 {
        counts.positive_infinite += 1;
    } else {
        counts.negative_infinite += 1;
    }
}
