//! Two densities over one axis, from counts between unequal edges.

mod bins;
mod said;

use crate::canvas::{self, Anchor, Canvas};
use crate::chart::{Area, Chart};
use crate::distribution::{DistributionChart, Histogram};
use crate::scale::{Scale, ticks};
use crate::theme::{Color, Palette, Theme};
use crate::words::{fitted, percent, text_width, with_unit};
use bins::{Bins, Shares};

/// Two rows of names above the highest bar.
const TOP: f64 = 28.0;
const BOTTOM: f64 = 18.0;
/// Between the bars and what lies outside of the axis.
const APART: f64 = 10.0;
/// Width of a bar for what lies outside of the axis.
const OUTSIDE: f64 = 14.0;

pub(crate) fn draw(chart: &DistributionChart, histogram: &Histogram, theme: Theme) -> Chart {
    let size = chart.size.bounded();
    let bins = Bins::new(histogram, f64::from(size.width));
    let alt = said::alt(chart, histogram, bins.as_ref());
    let plan = bins.map(|bins| Plan::new(chart, bins));
    let svg = canvas::draw(size, &chart.title, &alt, |canvas| match &plan {
        Some(plan) => plan.paint(canvas, chart, theme.palette()),
        None => canvas.nothing(size, "No values yet", theme.palette()),
    });
    let hover = plan.map(|plan| said::hover(chart, &plan)).unwrap_or_default();
    Chart { svg, width: size.width, height: size.height, alt, table: said::table(chart, histogram), hover }
}

/// Where bins and bars lie.
struct Plan {
    bins: Bins,
    plot: Area,
    x: Scale,
    y: Scale,
}

impl Plan {
    fn new(chart: &DistributionChart, bins: Bins) -> Self {
        let size = chart.size.bounded();
        let room = |shares: (f64, f64)| if shares == (0.0, 0.0) { 0.0 } else { OUTSIDE + APART };
        let plot = Area {
            left: 6.0 + room(bins.below()),
            top: TOP,
            right: f64::from(size.width) - 6.0 - room(bins.above()),
            bottom: f64::from(size.height) - BOTTOM,
        };
        let highest = bins.highest().max(f64::MIN_POSITIVE);
        let x = Scale::new(bins.range(), (plot.left, plot.right));
        let y = Scale::new((0.0, highest), (plot.bottom, plot.top));
        Self { bins, plot, x, y }
    }

    fn slot(&self, index: usize) -> (f64, f64) {
        let width = self.plot.width() / self.bins.count() as f64;
        let left = self.plot.left + width * index as f64;
        (left, left + width)
    }

    /// The areas beside the axis, for what lies below and above it.
    fn outside(&self) -> [(f64, f64); 2] {
        let Area { left, right, .. } = self.plot;
        [(left - APART - OUTSIDE, left - APART), (right + APART, right + APART + OUTSIDE)]
    }

    fn paint(&self, canvas: &mut Canvas<'_>, chart: &DistributionChart, palette: &Palette) {
        let Area { left, right, bottom, .. } = self.plot;
        self.paint_bars(canvas, &self.bins.then, palette.then, 1.0);
        self.paint_bars(canvas, &self.bins.now, palette.now, 0.78);
        self.paint_hidden(canvas, palette);
        canvas.line((left, bottom), (right, bottom), palette.line_strong, 1.0);
        self.paint_axis(canvas, &chart.unit, palette);
        self.paint_names(canvas, chart, palette);
        self.paint_outside(canvas, &chart.now, palette);
    }

    fn paint_bars(&self, canvas: &mut Canvas<'_>, shares: &Shares, color: Color, opacity: f64) {
        let slots = (0..self.bins.count()).map(|index| self.slot(index)).zip(shares.inside.iter());
        let outside = self.outside().into_iter().zip([&shares.below, &shares.above]);
        for ((left, right), share) in slots.chain(outside).filter(|(_, share)| **share > 0.0) {
            // What is there is seen, however little it is.
            let bar = Area { left, top: self.top(*share), right: right - 0.75, bottom: self.plot.bottom };
            canvas.rect(bar, color, opacity);
        }
    }

    /// Where the baseline's bars end inside the present's.
    fn paint_hidden(&self, canvas: &mut Canvas<'_>, palette: &Palette) {
        for (index, (then, now)) in self.bins.then.inside.iter().zip(&self.bins.now.inside).enumerate() {
            let (left, right) = self.slot(index);
            let y = self.top(*then);
            if *then > 0.0 && self.top(*now) < y - 1.0 {
                canvas.line((left, y), (right - 0.75, y), palette.surface, 1.0);
            }
        }
    }

    /// Upper edge of a bar. What is there is seen, however little it is; what does not fit ends at the top.
    fn top(&self, share: f64) -> f64 {
        self.y.at(share).clamp(self.plot.top, self.plot.bottom - 0.75)
    }

    fn paint_axis(&self, canvas: &mut Canvas<'_>, unit: &str, palette: &Palette) {
        let baseline = self.plot.bottom + 14.0;
        let (low, high) = self.x.range();
        let ticks = ticks(low, high, ((self.plot.width() / 64.0) as usize).clamp(2, 6));
        let last = ticks.values.len().saturating_sub(1);
        let mut free = f64::NEG_INFINITY;
        for (index, value) in ticks.values.iter().enumerate() {
            let label = ticks.label(*value);
            let label = if index == 0 || index == last { with_unit(&label, unit) } else { label };
            let half = text_width(&label) / 2.0;
            let x = self.x.at(*value).clamp(half, (self.plot.right + 6.0 - half).max(half));
            if x - half >= free {
                canvas.text(&label, (x, baseline), Anchor::Middle, palette.ink_3);
                free = x + half + 6.0;
            }
        }
    }

    /// Each name above the highest bar of its own; on two rows at the top where they would meet each other or a bar.
    fn paint_names(&self, canvas: &mut Canvas<'_>, chart: &DistributionChart, palette: &Palette) {
        let width = self.plot.right - self.plot.left;
        let then = fitted(&chart.then, width);
        let now = fitted(&chart.now, width);
        let spot = |text: &str, own: &Shares, other: &Shares| {
            let (x, top) = self.peak(own)?;
            let half = text_width(text) / 2.0;
            let (left, right) = self.names_room();
            let x = x.clamp(left + half, (right - half).max(left + half));
            let area =
                Area { left: x - half - 3.0, right: x + half + 3.0, top: top - 17.0, bottom: top - 3.0 };
            Some((x, top, area, self.covered(other, &area)))
        };
        let (a, b) =
            (spot(&then, &self.bins.then, &self.bins.now), spot(&now, &self.bins.now, &self.bins.then));
        let crowded = match (&a, &b) {
            (Some(a), Some(b)) => a.3 || b.3 || a.2.meets(&b.2),
            _ => false,
        };
        if let Some((x, top, ..)) = a {
            canvas.text(&then, (x, if crowded { 10.0 } else { top - 6.0 }), Anchor::Middle, palette.ink_2);
        }
        if let Some((x, top, ..)) = b {
            canvas.text(&now, (x, if crowded { 23.0 } else { top - 6.0 }), Anchor::Middle, palette.now);
        }
    }

    /// From and to where names may stand: not over the figures beside the axis.
    fn names_room(&self) -> (f64, f64) {
        let room = |shares| if shares == (0.0, 0.0) { 0.0 } else { APART + 4.0 };
        (self.plot.left + room(self.bins.below()), self.plot.right - room(self.bins.above()))
    }

    /// Middle and upper edge of the highest bar on the axis.
    fn peak(&self, shares: &Shares) -> Option<(f64, f64)> {
        let (index, share) =
            shares.inside.iter().enumerate().reduce(|best, bar| if bar.1 > best.1 { bar } else { best })?;
        let (left, right) = self.slot(index);
        (*share > 0.0).then(|| (f64::midpoint(left, right), self.y.at(*share)))
    }

    /// Whether bars of the other reach into an area.
    fn covered(&self, other: &Shares, area: &Area) -> bool {
        other.inside.iter().enumerate().any(|(index, share)| {
            let (left, right) = self.slot(index);
            *share > 0.0 && left < area.right && right > area.left && self.y.at(*share) < area.bottom
        })
    }

    /// What lies outside of the axis, with its share of the present written on it.
    fn paint_outside(&self, canvas: &mut Canvas<'_>, name: &str, palette: &Palette) {
        let sides = [self.bins.below(), self.bins.above()];
        for (side, ((left, right), (then, now))) in self.outside().into_iter().zip(sides).enumerate() {
            if (then, now) == (0.0, 0.0) {
                continue;
            }
            canvas.line((left, self.plot.bottom), (right - 0.75, self.plot.bottom), palette.line_strong, 1.0);
            let top = self.top(then.max(now));
            if self.y.at(then.max(now)) < self.plot.top {
                paint_break(canvas, (left, right), top + 8.0, palette);
            }
            // Without a bar on the axis the present is named here.
            let alone = now > 0.0 && self.peak(&self.bins.now).is_none();
            let text = if alone { fitted(&format!("{name} {}", percent(now)), 140.0) } else { percent(now) };
            let (x, anchor) = if side == 0 { (left, Anchor::Start) } else { (right, Anchor::End) };
            canvas.text(&text, (x, top - 5.0), anchor, if now > 0.0 { palette.now } else { palette.ink_2 });
            let mark = if side == 0 { "<" } else { ">" };
            let middle = f64::midpoint(left, right);
            canvas.text(mark, (middle, self.plot.bottom + 14.0), Anchor::Middle, palette.ink_3);
        }
    }
}

/// Two strokes through a bar that is higher than there is room for.
fn paint_break(canvas: &mut Canvas<'_>, (left, right): (f64, f64), y: f64, palette: &Palette) {
    for y in [y, y + 4.0] {
        canvas.line((left - 2.0, y + 2.0), (right + 2.0, y - 2.0), palette.surface, 1.5);
    }
}
