//! Counting traffic on frozen edges, a few nanoseconds a value.
//!
//! A counter is filled by one thread and read by taking its window. Time, and when a window ends, are the caller's.

use crate::baseline::{Baseline, ColumnBaseline, Counted};
use crate::counts::{ColumnCounts, WindowCounts};
use crate::moments::{Moments, Scale};
use crate::sample::number_text;
use crate::search::Finder;
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

    /// Counts many numbers of one column: faster than one by one.
    pub fn numbers(&mut self, column: usize, numbers: impl IntoIterator<Item = f64>) {
        match self.at(column) {
            Some((Bins::Numeric { finder, scale }, counts)) => count_all(counts, (finder, scale), numbers),
            _ => numbers.into_iter().for_each(|number| self.number(column, number)),
        }
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
    // Both zeros are one number: which came first must not be seen.
    let number = number + 0.0;
    if counts.min.is_none_or(|min| number < min) {
        counts.min = Some(number);
    }
    if counts.max.is_none_or(|max| number > max) {
        counts.max = Some(number);
    }
}

/// Sums and extremes are kept aside meanwhile: going through memory for each value costs as much as finding its bin.
fn count_all(
    counts: &mut ColumnCounts,
    (finder, scale): (&Finder, &Scale),
    numbers: impl IntoIterator<Item = f64>,
) {
    let mut moments = Moments::default();
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for number in numbers {
        if !number.is_finite() {
            count_other(counts, number);
            continue;
        }
        if let Some(count) = counts.counts.get_mut(finder.bin(number)) {
            *count += 1;
        }
        moments.add(scale.units(number));
        let number = number + 0.0;
        low = if number < low { number } else { low };
        high = if number > high { number } else { high };
    }
    if low <= high {
        counts.min = Some(counts.min.map_or(low, |min| min.min(low)));
        counts.max = Some(counts.max.map_or(high, |max| max.max(high)));
        counts.moments.merge(&moments);
    }
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
