//! Where the lines lie and how they are drawn.

use super::{Ink, LineChart, Series};
use crate::canvas::{Anchor, Canvas, TO_BASELINE};
use crate::chart::{Area, Size};
use crate::labels;
use crate::scale::{Scale, Ticks, drawable, rounded};
use crate::theme::{Color, Palette};
use crate::time_axis::{LABEL_HEIGHT, TimeAxis, label_baseline};
use crate::words::{fitted, text_width, with_unit};
use flightdeck_core::Timestamp;

/// Room for the names at the ends of the lines, at most.
const NAMES_WIDTH: f64 = 110.0;
/// A line that ends this far from the right edge has its name at its own end.
const EARLY_END: f64 = 16.0;
/// A longer unit stands in the title alone.
const UNIT_WIDTH: f64 = 28.0;
const DASH: (f64, f64) = (4.0, 3.0);

/// The layout of a chart with at least one time.
pub(crate) struct Plan {
    pub(crate) plot: Area,
    pub(crate) x: TimeAxis,
    y: Scale,
    ticks: Ticks,
    /// The texts of the ticks.
    labels: Vec<String>,
}

impl Plan {
    /// `None` when there is nothing to draw.
    pub(crate) fn new(chart: &LineChart, size: Size) -> Option<Self> {
        let times = chart.times();
        let (first, last) = (*times.first()?, *times.last()?);
        let (low, high) = values(chart)?;
        let (range, ticks) = rounded(low, high);
        let labels = labels(&ticks, &chart.unit);
        let left = labels.iter().map(|label| text_width(label)).fold(20.0, f64::max) + 8.0;
        let names =
            chart.series.iter().filter(|_| chart.series.len() > 1).map(|series| text_width(&series.name));
        let right = names.fold(0.0, f64::max).min(NAMES_WIDTH);
        let right = if right > 0.0 { right + 8.0 } else { 6.0 };
        let top = if chart.alerts.is_empty() { 7.0 } else { 14.0 };
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let plot = Area { left, top, right: width - right, bottom: height - LABEL_HEIGHT };
        let x = TimeAxis::new((first, last), (plot.left, plot.right), chart.utc_offset_minutes);
        Some(Self { plot, x, y: Scale::new(range, (plot.bottom, plot.top)), ticks, labels })
    }

    pub(crate) fn paint(&self, canvas: &mut Canvas<'_>, chart: &LineChart, palette: &Palette) {
        self.paint_grid(canvas, palette);
        self.x.paint(canvas, label_baseline(&self.plot), palette);
        self.paint_band(canvas, chart, palette);
        for mark in &chart.alerts {
            let x = self.x.at(mark.at).clamp(self.plot.left, self.plot.right);
            canvas.line((x, self.plot.top), (x, self.plot.bottom), palette.warn, 1.0);
        }
        for series in &chart.series {
            self.paint_series(canvas, series, palette);
        }
        for mark in &chart.alerts {
            let x = self.x.at(mark.at).clamp(self.plot.left, self.plot.right);
            canvas.triangle((x, self.plot.top), palette.warn, palette.surface);
        }
        self.paint_limit(canvas, chart, palette);
        if chart.series.len() > 1 {
            self.paint_names(canvas, chart, palette);
        }
    }

    fn paint_grid(&self, canvas: &mut Canvas<'_>, palette: &Palette) {
        for (value, label) in self.ticks.values.iter().zip(&self.labels) {
            let y = self.y.at(*value);
            canvas.line((self.plot.left, y), (self.plot.right, y), palette.grid, 1.0);
            canvas.text(label, (self.plot.left - 6.0, y + TO_BASELINE), Anchor::End, palette.ink_3);
        }
    }

    fn paint_band(&self, canvas: &mut Canvas<'_>, chart: &LineChart, palette: &Palette) {
        let Some(band) = &chart.band else { return };
        let at =
            |time: Timestamp, value: f64| drawable(value).map(|value| (self.x.at(time), self.y.at(value)));
        let runs = band.points.split(|point| !point.1.is_finite() || !point.2.is_finite());
        for run in runs {
            let upper = run.iter().filter_map(|point| at(point.0, point.2));
            let lower = run.iter().rev().filter_map(|point| at(point.0, point.1));
            canvas.polygon(&upper.chain(lower).collect::<Vec<_>>(), palette.band, 1.0);
        }
    }

    fn paint_series(&self, canvas: &mut Canvas<'_>, series: &Series, palette: &Palette) {
        let color = color(series.ink, palette);
        for run in series.points.split(|point| point.finite().is_none()) {
            let placed: Vec<_> = run.iter().filter_map(|point| self.place(point)).collect();
            match placed.as_slice() {
                [] => {}
                [alone] => canvas.dot(*alone, 2.0, color),
                points if series.dashed => canvas.dashes(&thinned(points), color, (3.0, 3.0)),
                points => canvas.path(&thinned(points), color, 1.5),
            }
        }
    }

    fn place(&self, point: &super::Point) -> Option<(f64, f64)> {
        let value = drawable(point.value?)?;
        Some((self.x.at(point.at), self.y.at(value)))
    }

    fn paint_limit(&self, canvas: &mut Canvas<'_>, chart: &LineChart, palette: &Palette) {
        let Some((limit, value)) =
            chart.limit.as_ref().and_then(|limit| Some((limit, drawable(limit.value)?)))
        else {
            return;
        };
        let y = self.y.at(value);
        canvas.dashes(&[(self.plot.left, y), (self.plot.right, y)], palette.bad, DASH);
        let text = fitted(&limit.meaning, self.plot.width() - 8.0);
        let width = text_width(&text);
        let (above, below) = (y - 5.0, y + 13.0);
        // The text stands on the line where no curve crosses it: left or right, above or below.
        let spots = [
            (self.plot.left + 4.0, above),
            (self.plot.right - 4.0 - width, above),
            (self.plot.left + 4.0, below),
            (self.plot.right - 4.0 - width, below),
        ];
        let best =
            spots.into_iter().filter(|spot| spot.1 > 9.0 && spot.1 < self.plot.bottom).max_by(|a, b| {
                let free = |spot: &(f64, f64)| self.distance(chart, *spot, width, None).min(14.0);
                // Of equal spots the first.
                free(a).total_cmp(&free(b)).then(std::cmp::Ordering::Greater)
            });
        let best = best.unwrap_or(spots[0]);
        if self.distance(chart, best, width, None) < 9.0 {
            let (left, baseline) = best;
            let behind =
                Area { left: left - 2.0, top: baseline - 9.5, right: left + width, bottom: baseline + 2.5 };
            canvas.rect(behind, palette.surface, 0.85);
        }
        canvas.text(&text, best, Anchor::Start, palette.bad);
    }

    /// How far the nearest curve is from a text at this baseline, in pixels; `except` is its own.
    fn distance(
        &self,
        chart: &LineChart,
        (left, baseline): (f64, f64),
        width: f64,
        except: Option<usize>,
    ) -> f64 {
        let middle = baseline - TO_BASELINE;
        let others = chart.series.iter().enumerate().filter(|(index, _)| Some(*index) != except);
        let points =
            others.flat_map(|(_, series)| series.points.iter().filter_map(|point| self.place(point)));
        let near = points.filter(|(x, _)| (left - 6.0..=left + width + 6.0).contains(x));
        near.map(|(_, y)| (y - middle).abs()).fold(f64::INFINITY, f64::min)
    }

    fn paint_names(&self, canvas: &mut Canvas<'_>, chart: &LineChart, palette: &Palette) {
        let mut late = Vec::new();
        for (index, series) in chart.series.iter().enumerate() {
            let Some(end) = series.points.iter().rev().find_map(|point| self.place(point)) else { continue };
            if end.0 > self.plot.right - EARLY_END {
                late.push((index, end.1 + TO_BASELINE));
            } else {
                self.paint_early_name(canvas, chart, (index, end), palette);
            }
        }
        let wanted: Vec<f64> = late.iter().map(|(_, y)| *y).collect();
        let placed = labels::spread(&wanted, self.plot.top + 4.0, self.plot.bottom + 2.0);
        for ((index, _), baseline) in late.into_iter().zip(placed) {
            let series = &chart.series[index];
            let name = fitted(&series.name, NAMES_WIDTH);
            canvas.text(
                &name,
                (self.plot.right + 6.0, baseline),
                Anchor::Start,
                text_color(series.ink, palette),
            );
        }
    }

    /// A line that ends early is named at its end, above or below, where more room is.
    fn paint_early_name(
        &self,
        canvas: &mut Canvas<'_>,
        chart: &LineChart,
        (index, (x, y)): (usize, (f64, f64)),
        palette: &Palette,
    ) {
        let series = &chart.series[index];
        let name = fitted(&series.name, NAMES_WIDTH);
        let width = text_width(&name);
        let left = (x - width / 2.0).clamp(self.plot.left, self.plot.right - width);
        let (above, below) = (y - 8.0, y + 17.0);
        let free = |baseline: f64| self.distance(chart, (left, baseline), width, Some(index));
        let fits = below < self.plot.bottom;
        let baseline = if fits && free(below) >= free(above) { below } else { above };
        canvas.text(&name, (left, baseline), Anchor::Start, text_color(series.ink, palette));
    }
}

/// The texts of the ticks; a short unit stands once, at the top.
fn labels(ticks: &Ticks, unit: &str) -> Vec<String> {
    let mut labels: Vec<String> = ticks.values.iter().map(|value| ticks.label(*value)).collect();
    if let Some(top) = labels.last_mut().filter(|_| text_width(unit) < UNIT_WIDTH) {
        *top = with_unit(top, unit);
    }
    labels
}

/// Smallest and largest value of all that is drawn.
fn values(chart: &LineChart) -> Option<(f64, f64)> {
    let points = chart.series.iter().flat_map(|series| series.points.iter().filter_map(super::Point::finite));
    let band = chart.band.iter().flat_map(|band| band.points.iter().flat_map(|point| [point.1, point.2]));
    let drawn: Vec<f64> = points.chain(band).filter_map(drawable).collect();
    if drawn.is_empty() {
        return None;
    }
    let zero = chart.from_zero.then_some(0.0);
    let ends = |low: f64, high: f64, value: f64| (low.min(value), high.max(value));
    let (low, high) = drawn
        .into_iter()
        .chain(zero)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| ends(low, high, value));
    let Some(limit) = chart.limit.as_ref().and_then(|limit| drawable(limit.value)) else {
        return Some((low, high));
    };
    // Room for the meaning of a limit that lies beyond all values.
    let room = (high.max(limit) - low.min(limit)) * 0.2;
    Some((
        if limit <= low && limit != 0.0 { limit - room } else { low.min(limit) },
        if limit >= high { limit + room } else { high },
    ))
}

const fn color(ink: Ink, palette: &Palette) -> Color {
    match ink {
        Ink::Now => palette.now,
        Ink::Then => palette.then,
        Ink::Quiet => palette.ink_2,
        Ink::Strong => palette.ink,
    }
}

/// Text needs more contrast than a line.
const fn text_color(ink: Ink, palette: &Palette) -> Color {
    match ink {
        Ink::Then => palette.ink_2,
        other => color(other, palette),
    }
}

/// Per column of half a pixel the first, lowest, highest and last point: what can be seen of many.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let column = |point: &(f64, f64)| (point.0 * 2.0).floor() as i64;
    points
        .chunk_by(|a, b| column(a) == column(b))
        .flat_map(|chunk| {
            let extreme = |keep: fn(f64, f64) -> bool| {
                (0..chunk.len()).reduce(|a, b| if keep(chunk[b].1, chunk[a].1) { b } else { a }).unwrap_or(0)
            };
            let mut kept = [0, extreme(|a, b| a < b), extreme(|a, b| a > b), chunk.len() - 1];
            kept.sort_unstable();
            let mut kept = kept.to_vec();
            kept.dedup();
            kept.into_iter().map(|index| chunk[index])
        })
        .collect()
}
