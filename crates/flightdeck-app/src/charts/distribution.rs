//! One feature's counts, then and now, as a chart's shape.

use super::NARROW;
use flightdeck_charts::{
    Categories, Category, Chart, DistributionChart, Histogram, Shape, Size, Theme, distribution,
};
use flightdeck_drift::{CategoricalBaseline, ColumnBaseline, ColumnCounts, Counted, NumericBaseline};

/// Draws what training had and what came now.
pub(super) fn draw(column: &ColumnBaseline, counts: &ColumnCounts, now: &str, theme: Theme) -> Chart {
    let shape = match &column.counted {
        Counted::Numeric(numeric) => Shape::Numeric(histogram(numeric, counts)),
        Counted::Categorical(values) => Shape::Categorical(categories(values, counts)),
    };
    let chart = DistributionChart {
        title: format!("{} in training and {now}", column.name),
        size: Size { width: NARROW, height: 132 },
        unit: String::new(),
        then: "training".into(),
        now: now.into(),
        shape,
    };
    distribution(&chart, theme)
}

/// The outer bins are open. Where the traffic went beyond the edges, its extremes close them, so that what lies there has
/// a place on the axis.
fn histogram(numeric: &NumericBaseline, counts: &ColumnCounts) -> Histogram {
    let mut shape =
        Histogram { edges: numeric.edges.clone(), then: numeric.counts.clone(), now: counts.counts.clone() };
    let beyond = |bin: Option<&u64>| bin.is_some_and(|count| *count > 0);
    if let Some(max) =
        counts.max.filter(|max| beyond(shape.now.last()) && shape.edges.last().is_some_and(|e| e < max))
    {
        shape.edges.push(max);
        shape.then.push(0);
        shape.now.push(0);
    }
    let below = |min: f64| shape.edges.first().is_some_and(|edge| min < *edge);
    if let Some(min) = counts.min.filter(|min| beyond(shape.now.first()) && below(*min)) {
        shape.edges.insert(0, min.next_down());
        shape.then.insert(0, 0);
        shape.now.insert(0, 0);
    }
    shape
}

fn categories(known: &CategoricalBaseline, counts: &ColumnCounts) -> Categories {
    let kept = known.values.len();
    let now = |index: usize| counts.counts.get(index).copied().unwrap_or(0);
    let values = known.values.iter().enumerate().map(|(index, value)| Category {
        name: value.value.clone(),
        then: value.count,
        now: now(index),
    });
    Categories { values: values.collect(), others: (known.rest, now(kept)), unseen: now(kept + 1) }
}
