//! Making a baseline from rows. Everything is exact: the rows are at hand once, later there are only counts.

use crate::baseline::{
    Baseline, CategoricalBaseline, ColumnBaseline, Counted, KEPT_VALUES, NumericBaseline, ValueCount,
};
use crate::counts::ColumnCounts;
use crate::edges::{count_sorted, frozen};
use crate::indicators::Indicators;
use crate::phi::{Phi, Series};
use crate::sample::{NULL_CODE, Sample, SampleData, Tally};
use crate::search::Finder;
use crate::sorted::{Sorted, mean_std};
use crate::values::KnownHashes;
use flightdeck_core::{ColumnKind, Timestamp};
use std::borrow::Cow;

/// How many known values are remembered by hash; rarer ones are forgotten and count as new.
const REMEMBERED_VALUES: usize = 1 << 18;
/// Step lengths that windows of the baseline are formed for: an hour and a day.
const STEPS_SECONDS: [u32; 2] = [3_600, 86_400];
/// Fewer windows say nothing about how windows vary.
const FEWEST_WINDOWS: usize = 10;

/// Freezes columns as the baseline of a version.
///
/// `row_times` (milliseconds, one a row) tell how traffic varies from window to window, but only when they rise: shuffled
/// rows would look steadier than any traffic.
pub fn freeze(samples: &[Sample<'_>], row_times: Option<&[i64]>) -> Baseline {
    let rows = samples.first().map_or(0, Sample::rows);
    let steps: Vec<(u32, Vec<std::ops::Range<usize>>)> = row_times
        .map_or_else(Vec::new, |times| STEPS_SECONDS.iter().map(|s| (*s, windows(times, *s))).collect());
    let columns = samples.iter().map(|sample| {
        let (mut column, bins) = freeze_column(sample, !steps.is_empty());
        column.phi =
            steps.iter().filter_map(|(seconds, windows)| phi(&column, &bins, *seconds, windows)).collect();
        column
    });
    let ms = Timestamp::from_ms;
    let ends = row_times.and_then(|times| Some((*times.first()?, *times.last()?)));
    let period = ends.filter(|_| !steps.is_empty()).map(|(first, last)| (ms(first), ms(last)));
    Baseline { period, ..Baseline::of(rows, columns.collect()) }
}

/// The frozen column and, when asked for, each row's bin (`NULL_CODE` where it has none).
fn freeze_column(sample: &Sample<'_>, with_bins: bool) -> (ColumnBaseline, Vec<u32>) {
    match sample.data {
        SampleData::Numbers { values, nulls } if sample.kind == ColumnKind::Numeric => {
            let numeric = freeze_numbers(values, nulls);
            let bins = if with_bins { number_bins(values, &numeric.edges) } else { Vec::new() };
            (column(sample, nulls, Counted::Numeric(numeric)), bins)
        }
        _ => {
            let tally = sample.tally();
            let (values, slots) = freeze_values(&tally);
            let bin = |code: &u32| slots.get(*code as usize).copied().unwrap_or(NULL_CODE);
            let bins = if with_bins { tally.rows.iter().map(bin).collect() } else { Vec::new() };
            (column(sample, tally.nulls, Counted::Categorical(values)), bins)
        }
    }
}

fn column(sample: &Sample<'_>, nulls: u64, counted: Counted) -> ColumnBaseline {
    ColumnBaseline { name: sample.name.to_owned(), nulls, counted, phi: Vec::new() }
}

fn freeze_numbers(values: &[f64], nulls: u64) -> NumericBaseline {
    let sorted = Sorted::of(values);
    let edges = frozen(&sorted.values);
    let (mean, std) = mean_std(&sorted.values).unzip();
    NumericBaseline {
        counts: count_sorted(&sorted.values, &edges.edges),
        edges: edges.edges,
        coarse: edges.coarse,
        nan: sorted.nan.saturating_sub(nulls),
        positive_infinite: sorted.positive_infinite,
        negative_infinite: sorted.negative_infinite,
        min: sorted.values.first().copied(),
        max: sorted.values.last().copied(),
        mean,
        std,
    }
}

/// The frozen values, and the slot of each value of the tally.
fn freeze_values(tally: &Tally<'_>) -> (CategoricalBaseline, Vec<u32>) {
    let mut order: Vec<usize> = (0..tally.values.len()).collect();
    let entry = |at: usize| -> &(Cow<'_, str>, u64) { &tally.values[at] };
    order.sort_unstable_by(|a, b| entry(*b).1.cmp(&entry(*a).1).then_with(|| entry(*a).0.cmp(&entry(*b).0)));
    let kept = order.len().min(KEPT_VALUES);
    let (known, forgotten) = order[kept..].split_at((order.len() - kept).min(REMEMBERED_VALUES));
    let rows = |part: &[usize]| part.iter().map(|at| entry(*at).1).sum();
    let mut slots = vec![kept as u32 + 1; order.len()];
    order[..kept].iter().enumerate().for_each(|(slot, at)| slots[*at] = slot as u32);
    for at in known {
        slots[*at] = kept as u32;
    }
    let values = CategoricalBaseline {
        values: order[..kept]
            .iter()
            .map(|at| ValueCount { value: entry(*at).0.to_string(), count: entry(*at).1 })
            .collect(),
        rest: rows(known),
        rest_values: KnownHashes::of(known.iter().map(|at| &*entry(*at).0)),
        forgotten: rows(forgotten),
        distinct: order.len() as u64,
        once: tally.values.iter().filter(|(_, count)| *count == 1).count() as u64,
    };
    (values, slots)
}

fn number_bins(values: &[f64], edges: &[f64]) -> Vec<u32> {
    let finder = Finder::new(edges);
    let bin = |value: &f64| if value.is_finite() { finder.bin(*value) as u32 } else { NULL_CODE };
    values.iter().map(bin).collect()
}

/// Rows of each window that has any, in time order; none when times are missing or fall.
fn windows(times: &[i64], seconds: u32) -> Vec<std::ops::Range<usize>> {
    let step = i64::from(seconds) * 1000;
    if times.first().is_none_or(|first| *first == i64::MIN) || !times.is_sorted() {
        return Vec::new();
    }
    let mut windows = Vec::new();
    let mut from = 0;
    for rows in times.chunk_by(|a, b| a.div_euclid(step) == b.div_euclid(step)) {
        windows.push(from..from + rows.len());
        from += rows.len();
    }
    windows
}

fn phi(
    column: &ColumnBaseline,
    bins: &[u32],
    seconds: u32,
    windows: &[std::ops::Range<usize>],
) -> Option<Phi> {
    let indicators = Indicators::of(column);
    let mut series = Series::default();
    for rows in windows {
        let mut counts = ColumnCounts::empty(column);
        for bin in bins.get(rows.clone()).unwrap_or(&[]) {
            match counts.counts.get_mut(*bin as usize) {
                Some(count) => *count += 1,
                None => counts.nulls += 1,
            }
        }
        series.push(&indicators.shares(&counts));
    }
    let value = (windows.len() >= FEWEST_WINDOWS).then(|| series.phi())??;
    Some(Phi { step_seconds: seconds, windows: windows.len() as u64, value })
}
