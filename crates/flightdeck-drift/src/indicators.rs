//! The yes-or-no questions that are asked of every row of a column, and how often the baseline answered yes.
//!
//! Every one is computable from counts, so that the detector in `sequential` watches a handful of rates instead of a
//! distribution.

use crate::baseline::{CategoricalBaseline, ColumnBaseline, Counted, NumericBaseline};
use crate::counts::ColumnCounts;
use crate::edges::total;

/// Numbers are watched at the edges nearest these quantiles.
const QUANTILES: [f64; 13] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// What is asked of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The number lies at or below the edge at this position.
    AtMost(usize),
    /// The value is in this slot: a kept one, the known rest, or new.
    Slot(usize),
    /// There is no value, or NaN.
    Missing,
    /// The number lies below all of the baseline.
    Below,
    /// The number lies above all of the baseline.
    Above,
    /// The value has the wrong type.
    TypeError,
}

/// A question and the baseline's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// What is asked.
    pub event: Event,
    /// How often the baseline said yes.
    pub k: u64,
    /// How often it was asked.
    pub n: u64,
}

/// The indicators of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicators(Vec<Indicator>);

impl Indicators {
    /// The indicators of a column. A question that the baseline was never asked is left out.
    pub fn of(column: &ColumnBaseline) -> Self {
        let mut all = match &column.counted {
            Counted::Numeric(numeric) => of_numbers(numeric),
            Counted::Categorical(values) => of_values(values),
        };
        let (missing, rows) = (column.missing(), column.rows());
        all.push(Indicator { event: Event::Missing, k: missing, n: rows });
        all.push(Indicator { event: Event::TypeError, k: 0, n: rows });
        all.retain(|indicator| indicator.n > 0);
        for indicator in &mut all {
            indicator.k = indicator.k.min(indicator.n);
        }
        Self(all)
    }

    /// The indicators, in a fixed order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Indicator> {
        self.0.iter()
    }

    /// For each indicator how often counts say yes, and how often it was asked.
    pub fn shares(&self, counts: &ColumnCounts) -> Vec<(u64, u64)> {
        let (values, rows) = (counts.values(), counts.rows());
        let ordered =
            values.saturating_add(counts.positive_infinite).saturating_add(counts.negative_infinite);
        let slot = |at: usize| counts.counts.get(at).copied().unwrap_or(0);
        let share = |event: Event| match event {
            Event::AtMost(edge) => (total(counts.counts.get(..=edge).unwrap_or(&[])), values),
            Event::Slot(at) => (slot(at), values),
            Event::Missing => (counts.missing(), rows),
            Event::Below => (slot(0).saturating_add(counts.negative_infinite), ordered),
            Event::Above => {
                let last = counts.counts.len().saturating_sub(1);
                (slot(last).saturating_add(counts.positive_infinite), ordered)
            }
            Event::TypeError => (counts.type_errors, rows),
        };
        self.0.iter().map(|indicator| share(indicator.event)).collect()
    }
}

fn of_numbers(numeric: &NumericBaseline) -> Vec<Indicator> {
    let n = total(&numeric.counts);
    let running = numeric.counts.iter().take(numeric.edges.len()).scan(0_u64, |below, count| {
        *below = below.saturating_add(*count);
        Some(*below)
    });
    // At the guard edges nothing or everything lies below: those questions are asked as "out of range".
    let inner: Vec<(usize, u64)> = running.enumerate().filter(|(_, k)| (1..n).contains(k)).collect();
    let distance = |k: u64, quantile: f64| (k as f64 / n as f64 - quantile).abs();
    let nearest = |quantile: &f64| {
        inner.iter().min_by(|a, b| distance(a.1, *quantile).total_cmp(&distance(b.1, *quantile))).copied()
    };
    let mut edges: Vec<(usize, u64)> = QUANTILES.iter().filter_map(nearest).collect();
    edges.dedup();
    let mut all: Vec<Indicator> =
        edges.into_iter().map(|(edge, k)| Indicator { event: Event::AtMost(edge), k, n }).collect();
    if !numeric.edges.is_empty() {
        let ordered = n.saturating_add(numeric.positive_infinite).saturating_add(numeric.negative_infinite);
        // The baseline's extremes are its own by construction: traffic goes beyond them about once in as many rows.
        let below = numeric.negative_infinite.saturating_add(1);
        let above = numeric.positive_infinite.saturating_add(1);
        all.push(Indicator { event: Event::Below, k: below, n: ordered });
        all.push(Indicator { event: Event::Above, k: above, n: ordered });
    }
    all
}

fn of_values(values: &CategoricalBaseline) -> Vec<Indicator> {
    let kept: Vec<u64> = values.values.iter().map(|kept| kept.count).collect();
    let n = total(&kept).saturating_add(values.rest).saturating_add(values.forgotten);
    let slots = kept.len();
    let mut all: Vec<Indicator> =
        kept.into_iter().enumerate().map(|(slot, k)| Indicator { event: Event::Slot(slot), k, n }).collect();
    if !values.rest_values.is_empty() {
        all.push(Indicator { event: Event::Slot(slots), k: values.rest, n });
    }
    let new = values.once.saturating_add(values.forgotten);
    all.push(Indicator { event: Event::Slot(slots + 1), k: new, n });
    all
}
