//! What two densities say in words.

use super::bins::{Bins, Piece, pieces};
use super::{Plan, bins};
use crate::chart::{Area, HoverArea};
use crate::distribution::{DistributionChart, Histogram};
use crate::words::{brief, exact, percent, printable, with_unit};

pub(super) fn alt(chart: &DistributionChart, histogram: &Histogram, bins: Option<&Bins>) -> String {
    let (Some(bins), Some(pieces)) = (bins, pieces(histogram)) else {
        return printable(&format!("{}: no values yet.", chart.title));
    };
    let said = |value: f64| with_unit(&brief(value), &chart.unit);
    let then = middle(&pieces, |piece| piece.then, said);
    let now = middle(&pieces, |piece| piece.now, said);
    let DistributionChart { title, then: before, now: after, .. } = chart;
    let mut text = match (then, now) {
        (Some(then), Some(now)) => {
            format!("{title}: the middle value is {then} in {before} and {now} in {after}.")
        }
        (Some(then), None) => {
            format!("{title}: the middle value is {then} in {before}; {after} has no rows.")
        }
        _ => format!("{title}: {before} has no rows to compare with."),
    };
    let (low, high) = bins.range();
    for (share, side, end) in [(bins.now.below, "below", low), (bins.now.above, "above", high)] {
        if share > 0.0 {
            let beyond = format!(" {} of {} lie {side} {}.", percent(share), chart.now, said(end));
            text.push_str(&beyond);
        }
    }
    printable(&text)
}

/// The value that half of the rows lie under, in words; what lies in an open bin lies beyond its edge.
fn middle(pieces: &[Piece], of: fn(&Piece) -> f64, said: impl Fn(f64) -> String) -> Option<String> {
    let mut passed = 0.0;
    for (index, piece) in pieces.iter().enumerate() {
        let share = of(piece);
        if share > 0.0 && passed + share >= 0.5 {
            return Some(if index == 0 {
                format!("at most {}", said(piece.to))
            } else if index + 1 == pieces.len() {
                format!("above {}", said(piece.from))
            } else {
                said(piece.from + (piece.to - piece.from) * (0.5 - passed) / share)
            });
        }
        passed += share;
    }
    None
}

pub(super) fn table(chart: &DistributionChart, histogram: &Histogram) -> Vec<Vec<String>> {
    let header = ["above", "up to", &chart.then, &chart.now].map(printable).to_vec();
    let edge = |index: Option<usize>| exact(index.and_then(|index| histogram.edges.get(index).copied()));
    let count = |counts: &[u64], index: usize| counts.get(index).map(u64::to_string).unwrap_or_default();
    let rows = (0..=histogram.edges.len()).map(|index| {
        let ends = [edge(index.checked_sub(1)), edge(Some(index))];
        ends.into_iter().chain([count(&histogram.then, index), count(&histogram.now, index)]).collect()
    });
    std::iter::once(header).chain(rows).collect()
}

pub(super) fn hover(chart: &DistributionChart, plan: &Plan) -> Vec<HoverArea> {
    let bins: &bins::Bins = &plan.bins;
    let said = |value: f64| brief(value);
    let label = |place: String, then: f64, now: f64| {
        let place = with_unit(&place, &chart.unit);
        printable(&format!("{place} · {} {} · {} {}", chart.then, percent(then), chart.now, percent(now)))
    };
    let area = |(left, right): (f64, f64)| Area { left, right, ..plan.plot };
    let (low, high) = bins.range();
    let [left, right] = plan.outside();
    let mut areas = Vec::new();
    if bins.below() != (0.0, 0.0) {
        let text = label(format!("up to {}", said(low)), bins.then.below, bins.now.below);
        areas.push(HoverArea::new(area(left), text));
    }
    for index in 0..bins.count() {
        let (from, to) = bins.ends(index);
        let place = if bins.of_values {
            said(f64::midpoint(from, to))
        } else {
            format!("{} to {}", said(from), said(to))
        };
        let text = label(place, bins.then.inside[index], bins.now.inside[index]);
        areas.push(HoverArea::new(area(plan.slot(index)), text));
    }
    if bins.above() != (0.0, 0.0) {
        let text = label(format!("above {}", said(high)), bins.then.above, bins.now.above);
        areas.push(HoverArea::new(area(right), text));
    }
    areas
}
