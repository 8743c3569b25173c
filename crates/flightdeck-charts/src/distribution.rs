//! One feature then and now: a density over shared bins, or bars for its most frequent values.

use crate::categorical;
use crate::chart::{Chart, Size};
use crate::numeric;
use crate::theme::Theme;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One feature in the baseline and in the present.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct DistributionChart {
    /// The feature.
    pub title: String,
    /// How large. Bars take less height when there are few values.
    pub size: Size,
    /// The feature's unit; empty for none.
    pub unit: String,
    /// What the baseline is called: "training, Jan–Feb".
    pub then: String,
    /// What the present is called: "July".
    pub now: String,
    /// The counts.
    pub shape: Shape,
}

/// Counts of numbers or of values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Numbers between edges.
    Numeric(Histogram),
    /// Values by name.
    Categorical(Categories),
}

/// Counts between shared edges.
///
/// Bin `i` holds what is above edge `i - 1` and not above edge `i`; the first and the last bin are open, so that there is
/// one more count than there are edges. Edges may be unequally far apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Histogram {
    /// Ascending.
    pub edges: Vec<f64>,
    /// Rows of the baseline.
    #[ts(type = "number[]")]
    pub then: Vec<u64>,
    /// Rows of the present.
    #[ts(type = "number[]")]
    pub now: Vec<u64>,
    /// The smallest and the largest value of either side where they are known: the open bins end there.
    pub ends: Option<(f64, f64)>,
}

/// Counts by value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Categories {
    /// The values that the baseline keeps by name.
    pub values: Vec<Category>,
    /// Rows with other values that the baseline knew: then and now.
    #[ts(type = "[number, number]")]
    pub others: (u64, u64),
    /// Rows of the present with values that the baseline never had.
    #[ts(type = "number")]
    pub unseen: u64,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Category {
    /// The value.
    pub name: String,
    /// Its rows in the baseline.
    #[ts(type = "number")]
    pub then: u64,
    /// Its rows in the present.
    #[ts(type = "number")]
    pub now: u64,
}

/// Draws one feature then and now.
pub fn distribution(chart: &DistributionChart, theme: Theme) -> Chart {
    match &chart.shape {
        Shape::Numeric(histogram) => numeric::draw(chart, histogram, theme),
        Shape::Categorical(categories) => categorical::draw(chart, categories, theme),
    }
}

/// A count as a share of all; 0 of nothing.
pub(crate) fn share(count: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { count as f64 / total as f64 }
}

/// Counts added, without overflow.
pub(crate) fn sum(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}
