//! Equal bins from unequal ones, and which stretch of the axis is worth drawing.

use crate::distribution::{Histogram, share, sum};
use crate::scale::{drawable, nice};

/// Pixels per bar, roughly.
const BAR: f64 = 7.0;
/// What may fall off each end of the axis when that makes the rest visible.
const TRIMMED: f64 = 0.005;
/// A bin narrower than this part of the range is a single value.
const ATOM: f64 = 1e-9;
/// A column with more distinct values than this is drawn as a continuous one.
const MOST_VALUES: usize = 64;

/// Shares of rows in equal bins along an axis, then and now.
pub(super) struct Bins {
    low: f64,
    high: f64,
    /// Each bin stands for the value in its middle.
    pub(super) of_values: bool,
    pub(super) then: Shares,
    pub(super) now: Shares,
}

/// Shares of all rows of one side.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shares {
    pub(super) below: f64,
    pub(super) inside: Vec<f64>,
    pub(super) above: f64,
}

/// A stretch with its shares; a single value has no width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) then: f64,
    pub(super) now: f64,
}

impl Bins {
    /// `None` without rows or without a single finite edge.
    pub(super) fn new(histogram: &Histogram, width: f64) -> Option<Self> {
        let mut pieces = pieces(histogram)?;
        let Axis { low, high, count, of_values } = axis(&pieces, width);
        if of_values && let [below, .., above] = &mut pieces[..] {
            // What is beyond the values belongs to none of their bars.
            (below.from, above.to) = (f64::NEG_INFINITY, f64::INFINITY);
        }
        let fill = |of: fn(&Piece) -> f64| {
            let mut shares = Shares { inside: vec![0.0; count], ..Shares::default() };
            for piece in &pieces {
                shares.add(piece, of(piece), (low, high));
            }
            shares
        };
        Some(Self { low, high, of_values, then: fill(|piece| piece.then), now: fill(|piece| piece.now) })
    }

    pub(super) const fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    pub(super) const fn count(&self) -> usize {
        self.then.inside.len()
    }

    /// Shares below the axis, then and now.
    pub(super) const fn below(&self) -> (f64, f64) {
        (self.then.below, self.now.below)
    }

    /// Shares above the axis, then and now.
    pub(super) const fn above(&self) -> (f64, f64) {
        (self.then.above, self.now.above)
    }

    /// The largest share of any bar on the axis; of those outside if there is none.
    pub(super) fn highest(&self) -> f64 {
        let inside = self.then.inside.iter().chain(&self.now.inside).copied().fold(0.0, f64::max);
        let outside = [self.then.below, self.then.above, self.now.below, self.now.above];
        if inside > 0.0 { inside } else { outside.into_iter().fold(0.0, f64::max) }
    }

    /// From and to of a bin.
    pub(super) fn ends(&self, index: usize) -> (f64, f64) {
        let width = (self.high - self.low) / self.count() as f64;
        (self.low + width * index as f64, self.low + width * (index + 1) as f64)
    }
}

impl Shares {
    /// Spreads a share evenly over its stretch; a single value lies in one bin.
    fn add(&mut self, piece: &Piece, amount: f64, (low, high): (f64, f64)) {
        if amount <= 0.0 {
            return;
        }
        let width = (high - low) / self.inside.len() as f64;
        let last = self.inside.len() - 1;
        let place = |value: f64| ((value - low) / width).floor().clamp(0.0, last as f64) as usize;
        let long = piece.to - piece.from;
        if long <= (high - low) * ATOM || !long.is_finite() {
            // Open at both ends of the axis, closed at the upper end of a bin.
            if piece.to < low || piece.to == f64::NEG_INFINITY {
                self.below += amount;
            } else if piece.to > high {
                self.above += amount;
            } else if !long.is_finite() {
                self.below += amount;
            } else {
                self.inside[place(piece.to)] += amount;
            }
            return;
        }
        let part = |from: f64, to: f64| amount * ((to.min(piece.to) - from.max(piece.from)).max(0.0) / long);
        self.below += part(f64::NEG_INFINITY, low);
        self.above += part(high, f64::INFINITY);
        for index in place(piece.from.max(low))..=place(piece.to.min(high)) {
            let from = low + width * index as f64;
            self.inside[index] += part(from, from + width);
        }
    }
}

/// All bins as stretches with shares; the open ones end at infinity.
pub(super) fn pieces(histogram: &Histogram) -> Option<Vec<Piece>> {
    let edges: Vec<f64> = histogram.edges.iter().copied().map(drawable).collect::<Option<_>>()?;
    let ascending = edges.windows(2).all(|pair| pair[0] <= pair[1]);
    let lengths = [histogram.then.len(), histogram.now.len()];
    let (then, now) = (sum(histogram.then.iter().copied()), sum(histogram.now.iter().copied()));
    if edges.is_empty() || !ascending || lengths != [edges.len() + 1; 2] || (then, now) == (0, 0) {
        return None;
    }
    let (first, last) = (edges[0], edges[edges.len() - 1]);
    let known = histogram.ends.and_then(|(low, high)| Some((drawable(low)?, drawable(high)?)));
    let low = known.map(|known| known.0).filter(|low| *low < first).unwrap_or(f64::NEG_INFINITY);
    let high = known.map(|known| known.1).filter(|high| *high > last).unwrap_or(f64::INFINITY);
    let ends = |index: usize| {
        let from = index.checked_sub(1).map_or(low, |before| edges[before]);
        (from, edges.get(index).copied().unwrap_or(high))
    };
    let piece = |index: usize| {
        let (from, to) = ends(index);
        let shares = (share(histogram.then[index], then), share(histogram.now[index], now));
        Piece { from, to, then: shares.0, now: shares.1 }
    };
    Some((0..=edges.len()).map(piece).collect())
}

/// Where the axis starts and ends, and how many bins it has.
struct Axis {
    low: f64,
    high: f64,
    count: usize,
    of_values: bool,
}

fn axis(pieces: &[Piece], width: f64) -> Axis {
    let closed = &pieces[1..pieces.len() - 1];
    let (low, high) = match (closed.first(), closed.last()) {
        (Some(first), Some(last)) => (first.from, last.to),
        _ => (pieces[0].to, pieces[0].to),
    };
    if let Some(axis) = values_axis(closed, high - low) {
        return axis;
    }
    let [below, above] = [&pieces[0], &pieces[pieces.len() - 1]];
    let beyond = |piece: &Piece| piece.then > 0.0 || piece.now > 0.0;
    let trimmed = trimmed(closed, low, high);
    // What is known to lie beyond the edges is shown, as far again as the edges reach, unless most of it lies farther.
    let range = trimmed.1 - trimmed.0;
    let near = |distance: f64| distance <= range * 2.0;
    let low = if beyond(below) && near(low - below.from) { below.from.max(low - range) } else { trimmed.0 };
    let high = if beyond(above) && near(above.to - high) { above.to.min(high + range) } else { trimmed.1 };
    round(low, high, width)
}

/// Bins that start, end and step at round numbers.
fn round(low: f64, high: f64, width: f64) -> Axis {
    if high - low <= (low.abs().max(high.abs())) * 1e-9 {
        let half = if high == 0.0 { 1.0 } else { high.abs() * 0.1 };
        return Axis { low: low - half, high: high + half, count: 9, of_values: false };
    }
    let step = nice((high - low) / (width / BAR).clamp(8.0, 60.0));
    let (first, last) = ((low / step + 1e-6).floor(), (high / step - 1e-6).ceil());
    Axis {
        low: first * step,
        high: last * step,
        count: (last - first).clamp(1.0, 100.0) as usize,
        of_values: false,
    }
}

/// A bin around each value, for columns of few distinct and evenly spaced ones such as hours or ratings.
fn values_axis(closed: &[Piece], range: f64) -> Option<Axis> {
    let with_rows = closed.iter().filter(|piece| piece.then > 0.0 || piece.now > 0.0);
    let (atoms, wide): (Vec<&Piece>, Vec<&Piece>) =
        with_rows.partition(|piece| piece.to - piece.from <= range * ATOM);
    let beside = wide.iter().map(|piece| piece.then.max(piece.now)).fold(0.0, f64::max);
    let (first, last) = (atoms.first()?.to, atoms.last()?.to);
    if beside > 0.01 || atoms.len() < 2 || last <= first {
        return None;
    }
    let gap = atoms.windows(2).map(|pair| pair[1].to - pair[0].to).fold(f64::INFINITY, f64::min);
    let count = ((last - first) / gap).round();
    let (low, high, bins) = (first - gap / 2.0, last + gap / 2.0, count as usize + 1);
    (count < MOST_VALUES as f64).then_some(Axis { low, high, count: bins, of_values: true })
}

/// Cuts long thin tails off the axis when the rest is then at least twice as large.
fn trimmed(closed: &[Piece], low: f64, high: f64) -> (f64, f64) {
    let weight = |piece: &Piece| f64::midpoint(piece.then, piece.now);
    let mut cut = (low, high);
    let mut passed = 0.0;
    for piece in closed {
        passed += weight(piece);
        if passed > TRIMMED {
            break;
        }
        cut.0 = piece.to;
    }
    passed = 0.0;
    for piece in closed.iter().rev() {
        passed += weight(piece);
        if passed > TRIMMED {
            break;
        }
        cut.1 = piece.from;
    }
    if cut.0 < cut.1 && cut.1 - cut.0 < (high - low) * 0.5 { cut } else { (low, high) }
}

#[cfg(test)]
mod tests;
