//! Overdispersion: how much more than independent rows the windows of quiet traffic vary.
//!
//! For one indicator over R windows, `φ = s² n̄ / (p(1−p))` with `s²` the variance of its share between windows and `n̄` the
//! harmonic mean of their sizes; a feature has the median over its indicators with p in [.05, .95] (of a column whose rates
//! are all rarer, over those that are seen once a window or more), times `(R−1)/χ²_{R−1}(.1)`, and never less than 1.
//!
//! That compares single windows, and it is not enough: real traffic stays where it is. Weather that is cold for a week moves
//! a hundred hourly windows the same way, and evidence adds up over exactly such runs, though no two neighbouring windows differ
//! more than chance allows. Therefore φ is estimated over blocks of 1, 2, 4, 8, … consecutive windows, as long as
//! ten blocks remain, and the largest counts. For independent windows all blocks agree but for noise; for correlated ones
//! the estimate grows with the block until blocks are longer than the memory of the traffic.
//!
//! What was not there cannot be learnt: φ from an endpoint's own first steps knows no cycle and no memory longer than those
//! steps, and φ from a baseline knows how windows of that many rows vary. A baseline in the order of time over the seasons that
//! matter is worth more than any rule.
//!
//! Blocks are summed as windows come, so that what is kept does not grow with their number.

use crate::edges::total;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::checked_gamma_lr;

/// Fewer blocks say nothing about how blocks vary.
const FEWEST_BLOCKS: u64 = 10;
/// Indicators that are rarer, or as much more frequent, say little.
const RATES: std::ops::RangeInclusive<f64> = 0.05..=0.95;
/// Block lengths of a series of any length: up to 2,048 windows.
const LEVELS: usize = 12;

/// The overdispersion of a column's windows of one length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phi {
    /// Length of a window in seconds.
    pub step_seconds: u32,
    /// Windows that it was estimated from.
    pub windows: u64,
    /// The overdispersion, 1 or more.
    pub value: f64,
}

/// What is kept of windows to estimate φ from: for each indicator and block length a few sums.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    windows: u64,
    levels: Vec<Vec<Blocks>>,
}

/// Blocks of one length of one indicator: the open one, and sums over the closed ones. In JSON a list: there are a hundred
/// of them for every feature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Listed", into = "Listed")]
struct Blocks {
    k: u64,
    n: u64,
    closed: u64,
    hits: u64,
    asked: u64,
    shares: f64,
    squares: f64,
    inverse_sizes: f64,
}

type Listed = ([u64; 5], [f64; 3]);

impl From<Listed> for Blocks {
    fn from(([k, n, closed, hits, asked], [shares, squares, inverse_sizes]): Listed) -> Self {
        Self { k, n, closed, hits, asked, shares, squares, inverse_sizes }
    }
}

impl From<Blocks> for Listed {
    fn from(b: Blocks) -> Self {
        ([b.k, b.n, b.closed, b.hits, b.asked], [b.shares, b.squares, b.inverse_sizes])
    }
}

impl Default for Series {
    fn default() -> Self {
        Self { windows: 0, levels: vec![Vec::new(); LEVELS] }
    }
}

impl Series {
    /// A series that ends after so many windows: block lengths that it can never use are not kept.
    pub fn up_to(windows: u64) -> Self {
        let levels = (windows / FEWEST_BLOCKS).max(1).ilog2() as usize + 1;
        Self { windows: 0, levels: vec![Vec::new(); levels.min(LEVELS)] }
    }

    /// Windows taken so far.
    pub fn windows(&self) -> u64 {
        self.windows
    }

    /// Takes a window: for each indicator how often yes, and how often asked. Windows without any row are skipped.
    pub fn push(&mut self, shares: &[(u64, u64)]) {
        if shares.iter().all(|(_, n)| *n == 0) {
            return;
        }
        self.windows += 1;
        for (level, indicators) in self.levels.iter_mut().take(LEVELS).enumerate() {
            indicators.resize(shares.len(), Blocks::default());
            let closes = self.windows.is_multiple_of(1 << level);
            for (blocks, (k, n)) in indicators.iter_mut().zip(shares) {
                blocks.k = blocks.k.saturating_add(*k);
                blocks.n = blocks.n.saturating_add(*n);
                if closes {
                    blocks.close();
                }
            }
        }
    }

    /// The largest estimate over all block lengths of which there are ten; `None` with fewer windows.
    pub fn phi(&self) -> Option<f64> {
        (0..self.levels.len()).filter_map(|level| self.phi_of_blocks(level)).reduce(f64::max)
    }

    /// The estimate over blocks of `2^level` windows alone.
    pub fn phi_of_blocks(&self, level: usize) -> Option<f64> {
        if self.windows >> level < FEWEST_BLOCKS {
            return None;
        }
        let blocks: Vec<&Blocks> =
            self.levels.get(level)?.iter().filter(|blocks| blocks.closed >= FEWEST_BLOCKS).collect();
        let common = |b: &&&Blocks| RATES.contains(&b.rate());
        let seen = |b: &&&Blocks| b.rate().min(1.0 - b.rate()) * b.mean_size() >= 1.0;
        let of = |chosen: Vec<&&Blocks>| chosen.into_iter().map(|b| b.phi()).collect::<Vec<f64>>();
        let mut estimates = of(blocks.iter().filter(common).collect());
        if estimates.is_empty() {
            estimates = of(blocks.iter().filter(seen).collect());
        }
        Some(median(&mut estimates).unwrap_or(1.0).max(1.0))
    }

    /// A first idea from five windows or more, when ten are not there yet.
    pub(crate) fn early_phi(&self) -> Option<f64> {
        let mut estimates: Vec<f64> = self
            .levels
            .first()?
            .iter()
            .filter(|b| b.closed >= 5 && RATES.contains(&b.rate()))
            .map(Blocks::phi)
            .collect();
        median(&mut estimates)
    }
}

impl Blocks {
    fn close(&mut self) {
        if self.n > 0 {
            let share = self.k as f64 / self.n as f64;
            self.closed += 1;
            self.hits = total(&[self.hits, self.k]);
            self.asked = total(&[self.asked, self.n]);
            self.shares += share;
            self.squares += share * share;
            self.inverse_sizes += (self.n as f64).recip();
        }
        (self.k, self.n) = (0, 0);
    }

    fn rate(&self) -> f64 {
        self.hits as f64 / self.asked as f64
    }

    fn mean_size(&self) -> f64 {
        self.closed as f64 / self.inverse_sizes
    }

    fn phi(&self) -> f64 {
        let (blocks, p) = (self.closed as f64, self.rate());
        let variance = ((self.squares - self.shares * self.shares / blocks) / (blocks - 1.0)).max(0.0);
        variance * self.mean_size() / (p * (1.0 - p)) * inflation(self.closed - 1)
    }
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[values.len() / 2 - 1], upper) })
}

/// `dof/χ²_dof(.1)`: nine in ten estimates from as few windows are then not too small.
fn inflation(dof: u64) -> f64 {
    let dof = dof as f64;
    let (mut low, mut high) = (0.0, dof);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        let below = checked_gamma_lr(dof / 2.0, middle / 2.0).unwrap_or(1.0);
        if below < 0.1 { low = middle } else { high = middle }
    }
    dof / high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflation_is_the_tabulated_quantile() {
        // χ²_9(.1) = 4.16816, χ²_29(.1) = 19.76774.
        assert!((inflation(9) - 9.0 / 4.168_16).abs() < 1e-5);
        assert!((inflation(29) - 29.0 / 19.767_74).abs() < 1e-5);
    }

    #[test]
    fn a_run_is_seen_over_blocks_and_not_between_single_windows() {
        // Shares of .4 for sixteen windows, then .6 for sixteen, and so on: single windows vary by what ten rows allow.
        let mut series = Series::default();
        for window in 0..512_u64 {
            series.push(&[(if (window / 16).is_multiple_of(2) { 4 } else { 6 }, 10)]);
        }
        let single = series.phi_of_blocks(0).unwrap();
        assert!(single < 1.1, "{single}");
        // s² = .01·32/31, n̄ = 160, p(1−p) = .25 over 32 blocks of 16: 6.6, times 31/χ²_31(.1) = 31/21.434.
        let expected = 0.01 * 32.0 / 31.0 * 160.0 / 0.25 * 31.0 / 21.434;
        assert!((series.phi().unwrap() / expected - 1.0).abs() < 1e-3, "{:?}", series.phi());
        assert_eq!(series.windows(), 512);
    }

    #[test]
    fn windows_without_rows_are_skipped_and_few_are_not_enough() {
        let mut series = Series::default();
        (0..9).for_each(|_| series.push(&[(1, 4)]));
        (0..9).for_each(|_| series.push(&[(0, 0)]));
        assert_eq!((series.windows(), series.phi()), (9, None));
        series.push(&[(1, 4)]);
        assert_eq!(series.phi(), Some(1.0));
    }
}
