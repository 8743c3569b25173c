//! Features by time steps in a five-step heat scale.

mod said;

use crate::canvas::{self, Anchor, Canvas, TO_BASELINE};
use crate::chart::{Area, Chart, Size};
use crate::theme::{Palette, Theme};
use crate::time_axis::{LABEL_HEIGHT, TimeAxis, label_baseline};
use crate::words::{fitted, text_width};
use flightdeck_core::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where the steps of the scale begin for a population stability index: visible, small, moderate, large, very large.
pub const PSI_STEPS: [f64; 5] = [0.02, 0.1, 0.25, 0.5, 1.0];

const ROW_HEIGHT: f64 = 20.0;
const NAMES_WIDTH: f64 = 132.0;
/// Narrower cells are drawn together.
const NARROWEST: f64 = 4.0;

/// Features by time steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HeatMap {
    /// What is drawn, for those who do not see it.
    pub title: String,
    /// The width in CSS pixels; the height follows from the rows.
    pub width: u32,
    /// What the values are called: `PSI`.
    pub measure: String,
    /// When each time step starts, in order.
    pub starts: Vec<Timestamp>,
    /// How long a time step is, in seconds.
    pub step_seconds: u32,
    /// The features, top to bottom.
    pub rows: Vec<HeatRow>,
    /// The row that is outlined.
    pub selected: Option<usize>,
    /// Alerts, as triangles in their cells.
    pub alerts: Vec<HeatAlert>,
    /// Where the five steps of the scale begin, ascending.
    pub steps: [f64; 5],
    /// How far the reader's clock is ahead of UTC, in minutes.
    pub utc_offset_minutes: i32,
}

/// A feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct HeatRow {
    /// Its name.
    pub name: String,
    /// Its value in each time step; none where there were no rows, or too few.
    pub values: Vec<Option<f64>>,
}

/// An alert on a feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HeatAlert {
    /// The row.
    pub row: usize,
    /// The time step.
    pub step: usize,
    /// What it says.
    pub text: String,
}

/// Draws features by time steps.
pub fn heat(map: &HeatMap, theme: Theme) -> Chart {
    let plan = Plan::new(map);
    let alt = said::alt(map);
    let svg = canvas::draw(plan.size, &map.title, &alt, |canvas| plan.paint(canvas, map, theme.palette()));
    let Size { width, height } = plan.size;
    Chart { svg, width, height, alt, table: said::table(map), hover: said::hover(map, &plan) }
}

/// The layout: where the cells lie and how many time steps each stands for.
struct Plan {
    size: Size,
    plot: Area,
    steps: usize,
    /// Time steps per cell.
    together: usize,
}

impl Plan {
    fn new(map: &HeatMap) -> Self {
        let rows = map.rows.len().max(1) as f64;
        let height = (rows * ROW_HEIGHT + LABEL_HEIGHT + 2.0).ceil() as u32;
        let size = Size { width: map.width, height }.bounded();
        let width = f64::from(size.width);
        let names = map.rows.iter().map(|row| text_width(&row.name)).fold(0.0, f64::max);
        let left = names.min(NAMES_WIDTH).min(width / 3.0) + 10.0;
        let plot =
            Area { left, top: 1.0, right: width - 3.0, bottom: f64::from(size.height) - LABEL_HEIGHT - 1.0 };
        let steps = map.starts.len();
        let together = ((steps as f64 * NARROWEST / plot.width()).ceil() as usize).max(1);
        Self { size, plot, steps, together }
    }

    fn cells(&self) -> usize {
        self.steps.div_ceil(self.together)
    }

    fn row_height(&self, map: &HeatMap) -> f64 {
        self.plot.height() / map.rows.len().max(1) as f64
    }

    /// The edge between the cell before and this one.
    fn edge(&self, cell: usize) -> f64 {
        self.plot.left + self.plot.width() * cell as f64 / self.cells().max(1) as f64
    }

    /// Cells `from` up to `to` of a row.
    fn area(&self, map: &HeatMap, row: usize, (from, to): (usize, usize)) -> Area {
        let height = self.row_height(map);
        let top = self.plot.top + row as f64 * height;
        Area { left: self.edge(from), right: self.edge(to), top: top + 1.0, bottom: top + height - 1.0 }
    }

    /// The largest value of the time steps of a cell.
    fn value(&self, row: &HeatRow, cell: usize) -> Option<f64> {
        let from = cell * self.together;
        let values = row.values.iter().take(self.steps).skip(from).take(self.together);
        values.flatten().copied().filter(|value| !value.is_nan()).reduce(f64::max)
    }

    fn paint(&self, canvas: &mut Canvas<'_>, map: &HeatMap, palette: &Palette) {
        if map.rows.is_empty() || self.steps == 0 {
            return canvas.nothing(self.size, "No data yet", palette);
        }
        for (index, row) in map.rows.iter().enumerate() {
            self.paint_row(canvas, map, (index, row), palette);
        }
        // The gaps between cells are lines of the surface: far fewer marks than cells.
        for cell in 1..self.cells() {
            let x = self.edge(cell);
            canvas.line((x, self.plot.top), (x, self.plot.bottom), palette.surface, 1.0);
        }
        for alert in map.alerts.iter().filter(|alert| alert.row < map.rows.len() && alert.step < self.steps) {
            let cell = alert.step / self.together;
            let area = self.area(map, alert.row, (cell, cell + 1));
            let at = (f64::midpoint(area.left, area.right), area.top + 9.0);
            canvas.triangle(at, palette.warn, palette.surface);
        }
        self.paint_selection(canvas, map, palette);
        self.axis(map).paint(canvas, label_baseline(&self.plot), palette);
    }

    fn paint_row(
        &self,
        canvas: &mut Canvas<'_>,
        map: &HeatMap,
        (index, row): (usize, &HeatRow),
        palette: &Palette,
    ) {
        let alerted = map.alerts.iter().any(|alert| alert.row == index);
        let ink = if alerted || map.selected == Some(index) { palette.ink } else { palette.ink_2 };
        let area = self.area(map, index, (0, 1));
        let baseline = f64::midpoint(area.top, area.bottom) + TO_BASELINE;
        let name = fitted(&row.name, self.plot.left - 9.0);
        canvas.text(&name, (self.plot.left - 8.0, baseline), Anchor::End, ink);
        let levels: Vec<_> = (0..self.cells()).map(|cell| level(self.value(row, cell), &map.steps)).collect();
        let mut from = 0;
        for run in levels.chunk_by(|a, b| a == b) {
            let area = self.area(map, index, (from, from + run.len()));
            match run[0] {
                Some(level) => canvas.rect(area, palette.heat[level], 1.0),
                None => paint_empty(canvas, area, palette),
            }
            from += run.len();
        }
    }

    fn paint_selection(&self, canvas: &mut Canvas<'_>, map: &HeatMap, palette: &Palette) {
        let Some(row) = map.selected.filter(|row| *row < map.rows.len()) else { return };
        let Area { left, top, right, bottom } = self.area(map, row, (0, self.cells()));
        let frame = Area { left: left - 2.0, top: top - 1.0, right: right + 2.0, bottom: bottom + 1.0 };
        canvas.frame(frame, palette.accent);
    }

    fn axis(&self, map: &HeatMap) -> TimeAxis {
        let first = map.starts.first().copied().unwrap_or(Timestamp::from_ms(0));
        let last = map.starts.last().copied().unwrap_or(first).plus_seconds(i64::from(map.step_seconds));
        TimeAxis::new((first, last), (self.plot.left, self.plot.right), map.utc_offset_minutes)
    }
}

/// No rows: the surface shows, struck through by a hairline.
fn paint_empty(canvas: &mut Canvas<'_>, area: Area, palette: &Palette) {
    let y = f64::midpoint(area.top, area.bottom);
    canvas.line((area.left + 1.0, y), (area.right - 1.0, y), palette.line_strong, 1.0);
}

/// 0 below the first step, 5 from the last on; none for no value.
fn level(value: Option<f64>, steps: &[f64; 5]) -> Option<usize> {
    value.map(|value| steps.iter().filter(|step| value >= **step).count())
}
