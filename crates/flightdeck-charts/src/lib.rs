//! Figures over time, distributions and heat maps as themed, deterministic SVG with hover geometry.
//!
//! The same picture goes into the window and into the report, so that a chart is a value: the same input gives the same
//! bytes. It brings a sentence for those who do not see it, its exact values as a table, and the areas that a pointer can
//! rest on. What the numbers mean is decided elsewhere; nothing here knows a rule, a store or a clock.

mod canvas;
mod categorical;
mod chart;
mod distribution;
mod heat;
mod labels;
mod line;
mod numeric;
mod scale;
mod theme;
mod time_axis;
mod words;

pub use chart::{Chart, HoverArea, Size};
pub use distribution::{Categories, Category, DistributionChart, Histogram, Shape, distribution};
pub use heat::{HeatAlert, HeatMap, HeatRow, PSI_STEPS, heat};
pub use line::{Band, Ink, Limit, LineChart, Mark, Point, Series, line};
pub use theme::{Color, Palette, Theme};
