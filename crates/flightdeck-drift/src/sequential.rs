//! The mixture Shiryaev-Roberts detector of one indicator: evidence that its rate left the range of the baseline.
//!
//! The baseline saw `k` of `n`. The null is every rate in the Wilson interval widened by a tolerance; against it stand four bets
//! upwards and four downwards. Each window multiplies a bet by its likelihood ratio `e`, the state becomes `(1+M)e`, and the
//! mean of the states reaches `c` on average at most once in `c` windows while the rate stays inside the null. States are
//! kept as `ln(1+M)`: finite whatever comes.

use serde::{Deserialize, Serialize};

/// How far the bets reach beyond the null, as a share of what is left.
const REACH: [f64; 4] = [0.05, 0.1, 0.2, 0.4];
/// Wilson's z for the baseline's own uncertainty.
const Z: f64 = 3.0;

/// Moves that are not worth an alert.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// In standard deviations √(p(1−p)) of the indicator.
    pub rho: f64,
    /// The least tolerance, as a share of rows.
    pub floor: f64,
}

/// The rates that count as no drift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Null {
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

/// A bet against the null.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bet {
    /// The null's end that it stands at.
    pub null: f64,
    /// The rate that it bets on.
    pub rate: f64,
    /// What each hit adds to the logarithm of `e`.
    hit: f64,
    /// What each miss adds.
    miss: f64,
}

impl Null {
    /// The null of an indicator that the baseline saw `k` of `n` times.
    pub fn of(k: u64, n: u64, tolerance: Tolerance) -> Self {
        let (low, high) = wilson(k as f64, n as f64);
        let p = k as f64 / n as f64;
        let width = (tolerance.rho * (p * (1.0 - p)).sqrt()).max(tolerance.floor);
        Self { low: (low - width).max(0.0), high: (high + width).min(1.0) }
    }

    /// Whether a rate of `k` in `n` lies inside; nothing seen does.
    pub fn holds(&self, k: u64, n: u64) -> bool {
        let rate = k as f64 / n as f64;
        n == 0 || (self.low..=self.high).contains(&rate)
    }

    /// Bets upwards, then downwards; none on a side where the null reaches to the end.
    pub fn bets(&self) -> Vec<Bet> {
        let up =
            REACH.iter().filter(|_| self.high < 1.0).map(|d| (self.high, self.high + d * (1.0 - self.high)));
        let down = REACH.iter().filter(|_| self.low > 0.0).map(|d| (self.low, self.low * (1.0 - d)));
        up.chain(down).map(|(null, rate)| Bet::new(null, rate)).collect()
    }
}

impl Bet {
    fn new(null: f64, rate: f64) -> Self {
        Self { null, rate, hit: (rate / null).ln(), miss: ((1.0 - rate) / (1.0 - null)).ln() }
    }

    /// The logarithm of its e-value for `k` hits among `n`.
    pub fn log_e(&self, k: u64, n: u64) -> f64 {
        k as f64 * self.hit + n.saturating_sub(k) as f64 * self.miss
    }
}

/// Takes a window into a state `ln(1+M)` and gives `ln M` after it.
pub fn update(state: &mut f64, log_e: f64) -> f64 {
    let log_m = *state + log_e;
    *state = if log_m > 36.0 { log_m } else { log_m.exp().ln_1p() };
    log_m
}

/// `ln M` of a state.
pub fn log_m(state: f64) -> f64 {
    if state > 36.0 { state } else { state.exp_m1().ln() }
}

/// The logarithm of the mean of `exp(x)`; negative infinity when there are none.
pub fn log_mean_exp(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most.is_infinite() {
        return most;
    }
    // What is e^-40 of the largest does not reach the last digit.
    let sum: f64 = logs.iter().map(|log| log - most).filter(|log| *log > -40.0).map(f64::exp).sum();
    most + (sum / logs.len() as f64).ln()
}

fn wilson(k: f64, n: f64) -> (f64, f64) {
    let p = k / n;
    let spread = Z * Z / n;
    let middle = p + spread / 2.0;
    let half = Z * (p * (1.0 - p) / n + spread / (4.0 * n)).sqrt();
    ((middle - half) / (1.0 + spread), (middle + half) / (1.0 + spread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_of_any_size_stays_finite() {
        let mut state = 0.0;
        for log_e in [1e6, -1e9, 0.0, 1e300, -1e300, -5.0] {
            update(&mut state, log_e);
            assert!(state.is_finite() && state >= 0.0, "{state} after {log_e}");
        }
    }

    #[test]
    fn a_side_without_room_has_no_bets() {
        let tolerance = Tolerance { rho: 0.1, floor: 0.002 };
        assert_eq!(Null::of(0, 100, tolerance).bets().len(), 4);
        assert_eq!(Null::of(100, 100, tolerance).bets().len(), 4);
        assert_eq!(Null::of(50, 100, tolerance).bets().len(), 8);
    }
}
