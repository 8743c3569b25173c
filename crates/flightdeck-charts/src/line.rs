//! Figures over time: traffic, latency, evidence against its alarm line, an estimate in its band.

mod paint;
mod said;

use crate::canvas;
use crate::chart::{Chart, Size};
use crate::theme::Theme;
use flightdeck_core::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One or more series over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct LineChart {
    /// What is drawn, for those who do not see it.
    pub title: String,
    /// How large.
    pub size: Size,
    /// The unit of all values; empty for none.
    pub unit: String,
    /// The lines, the most important one last: it lies on top.
    pub series: Vec<Series>,
    /// Uncertainty, under the lines.
    pub band: Option<Band>,
    /// A limit, dashed, with its meaning written on it.
    pub limit: Option<Limit>,
    /// Alerts, as triangles at the top.
    pub alerts: Vec<Mark>,
    /// Whether the value axis starts at zero, as counts and durations should.
    pub from_zero: bool,
    /// How far the reader's clock is ahead of UTC, in minutes.
    pub utc_offset_minutes: i32,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Series {
    /// Its name, written at its end when there are several.
    pub name: String,
    /// Its colour by role.
    pub ink: Ink,
    /// Dashed, for what is late or partial.
    pub dashed: bool,
    /// Its points in the order of time.
    pub points: Vec<Point>,
}

/// A line's colour by what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Ink {
    /// What the chart is about.
    Now,
    /// What it is compared with.
    Then,
    /// A quiet figure such as traffic.
    Quiet,
    /// A second figure of equal weight.
    Strong,
}

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// How much; none, or a number that is not finite, is a gap.
    pub value: Option<f64>,
}

/// A band between two curves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Band {
    /// When, from, to, in the order of time.
    pub points: Vec<(Timestamp, f64, f64)>,
    /// What it means, for the table.
    pub meaning: String,
}

/// A horizontal limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Limit {
    /// Where.
    pub value: f64,
    /// What it means, written on it.
    pub meaning: String,
}

/// Something that happened at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// Draws figures over time.
pub fn line(chart: &LineChart, theme: Theme) -> Chart {
    let size = chart.size.bounded();
    let alt = said::alt(chart);
    let plan = paint::Plan::new(chart, size);
    let svg = canvas::draw(size, &chart.title, &alt, |canvas| match &plan {
        Some(plan) => plan.paint(canvas, chart, theme.palette()),
        None => canvas.nothing(size, "No data yet", theme.palette()),
    });
    let hover = plan.map(|plan| said::hover(chart, &plan)).unwrap_or_default();
    Chart { svg, width: size.width, height: size.height, alt, table: said::table(chart), hover }
}

impl LineChart {
    /// All times that anything is drawn at, in order, each once.
    fn times(&self) -> Vec<Timestamp> {
        let points = self.series.iter().flat_map(|series| series.points.iter().map(|point| point.at));
        let band = self.band.iter().flat_map(|band| band.points.iter().map(|point| point.0));
        let mut times: Vec<_> = points.chain(band).collect();
        times.sort_unstable();
        times.dedup();
        times
    }
}

impl Point {
    /// The value, if it is a finite number.
    fn finite(&self) -> Option<f64> {
        self.value.filter(|value| value.is_finite())
    }
}
