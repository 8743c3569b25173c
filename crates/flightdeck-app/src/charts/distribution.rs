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

/// The outer bins are open: the extremes of training and traffic tell how far they reach.
fn histogram(numeric: &NumericBaseline, counts: &ColumnCounts) -> Histogram {
    let extreme =
        |pick: fn(f64, f64) -> f64, values: [Option<f64>; 2]| values.into_iter().flatten().reduce(pick);
    let low = extreme(f64::min, [numeric.min, counts.min]);
    let high = extreme(f64::max, [numeric.max, counts.max]);
    Histogram {
        edges: numeric.edges.clone(),
        then: numeric.counts.clone(),
        now: counts.counts.clone(),
        ends: low.zip(high),
    }
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
