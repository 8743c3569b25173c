//! Distances between two vectors of counts over the same bins.
//!
//! Baseline `a` with total N and current `b` with total n, `p = a/N`, `q = b/n`. Nothing is defined when either is empty.

use crate::edges::total;
use statrs::function::gamma::checked_gamma_ur;

/// What stands for a share of zero in the population stability index.
const PSI_FLOOR: f64 = 1e-4;
/// A chi-square cell that is expected to hold fewer is merged with others.
const FEWEST_EXPECTED: f64 = 5.0;

/// Distances between two distributions over bins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// Σ(q−p)ln(q/p), zero shares taken as 1e-4.
    pub psi: f64,
    /// The same with p=(a+½)/(N+K/2) and q=(b+½)/(n+K/2), K all bins.
    pub psi_jeffreys: f64,
    /// max(0, psi − (K−1)(1/n+1/N)), K the non-empty bins: what is left when sampling noise is taken off.
    pub psi_adjusted: f64,
    /// Root of the Jensen-Shannon divergence in bits: 0 to 1.
    pub js_distance_base2: f64,
    /// The same in nats: 0 to 0.8326.
    pub js_distance_nats: f64,
    /// √(1−Σ√(pq)).
    pub hellinger: f64,
    /// ½Σ|p−q|.
    pub tvd: f64,
    /// max|p−q|.
    pub l_inf: f64,
}

/// A chi-square test of homogeneity of two rows of counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Homogeneity {
    /// The statistic, without continuity correction.
    pub stat: f64,
    /// Non-empty bins less one.
    pub dof: u64,
    /// The chance of at least this statistic when both rows come from one distribution.
    pub p: f64,
}

/// All distances; `None` when either side is empty.
pub fn measures(a: &[u64], b: &[u64]) -> Option<Measures> {
    let (total_a, total_b) = totals(a, b)?;
    let half_bins = a.len() as f64 / 2.0;
    let mut sum = Measures {
        psi: 0.0,
        psi_jeffreys: 0.0,
        psi_adjusted: 0.0,
        js_distance_base2: 0.0,
        js_distance_nats: 0.0,
        hellinger: 0.0,
        tvd: 0.0,
        l_inf: 0.0,
    };
    let (mut divergence, mut overlap, mut filled) = (0.0, 0.0, 0_u64);
    for (&a, &b) in a.iter().zip(b) {
        let (p, q) = (a as f64 / total_a, b as f64 / total_b);
        if a > 0 || b > 0 {
            filled += 1;
            sum.psi += stability(floored(p), floored(q));
            let middle = f64::midpoint(p, q);
            divergence += f64::midpoint(relative(p, middle), relative(q, middle));
        }
        sum.psi_jeffreys +=
            stability((a as f64 + 0.5) / (total_a + half_bins), (b as f64 + 0.5) / (total_b + half_bins));
        overlap += (p * q).sqrt();
        sum.tvd += (p - q).abs() / 2.0;
        sum.l_inf = sum.l_inf.max((p - q).abs());
    }
    sum.psi_adjusted = adjusted(sum.psi, filled, (total_a, total_b));
    sum.js_distance_nats = divergence.max(0.0).sqrt();
    sum.js_distance_base2 = (divergence.max(0.0) / std::f64::consts::LN_2).sqrt().min(1.0);
    sum.hellinger = (1.0 - overlap).max(0.0).sqrt();
    Some(sum)
}

/// The stability index alone and its adjusted form: what a verdict needs.
pub(crate) fn psi(a: &[u64], b: &[u64]) -> Option<(f64, f64)> {
    let (total_a, total_b) = totals(a, b)?;
    let filled = a.iter().zip(b).filter(|(a, b)| **a > 0 || **b > 0);
    let term = |(a, b): (&u64, &u64)| stability(floored(*a as f64 / total_a), floored(*b as f64 / total_b));
    let psi = filled.clone().map(term).sum();
    Some((psi, adjusted(psi, filled.count() as u64, (total_a, total_b))))
}

/// max|ΣP−ΣQ| over the edges.
pub fn ks_binned(a: &[u64], b: &[u64]) -> Option<f64> {
    let (total_a, total_b) = totals(a, b)?;
    let (mut below_a, mut below_b, mut most) = (0, 0, 0.0_f64);
    for (&a, &b) in a.iter().zip(b) {
        (below_a, below_b) = (below_a + u128::from(a), below_b + u128::from(b));
        most = most.max((below_a as f64 / total_a - below_b as f64 / total_b).abs());
    }
    Some(most)
}

/// Homogeneity over all bins that are not empty.
pub fn homogeneity(a: &[u64], b: &[u64]) -> Option<Homogeneity> {
    let (total_a, total_b) = totals(a, b)?;
    let both = total_a + total_b;
    let (mut stat, mut filled) = (0.0, 0_u64);
    for (&a, &b) in a.iter().zip(b).filter(|(a, b)| **a > 0 || **b > 0) {
        filled += 1;
        let (a, b) = (a as f64, b as f64);
        let (expected_a, expected_b) = ((a + b) * (total_a / both), (a + b) * (total_b / both));
        stat += (a - expected_a).powi(2) / expected_a + (b - expected_b).powi(2) / expected_b;
    }
    let dof = filled - 1;
    Some(Homogeneity { stat, dof, p: chi2_tail(stat, dof) })
}

/// Homogeneity after the bins that are expected to hold fewer than five on either side were put together.
pub fn homogeneity_merged(a: &[u64], b: &[u64]) -> Option<Homogeneity> {
    let (total_a, total_b) = totals(a, b)?;
    let smaller = total_a.min(total_b) / (total_a + total_b);
    let sparse = |(a, b): &(u64, u64)| a.saturating_add(*b) as f64 * smaller < FEWEST_EXPECTED;
    let cells = a.iter().copied().zip(b.iter().copied()).filter(|(a, b)| *a > 0 || *b > 0);
    let (few, mut kept): (Vec<_>, Vec<_>) = cells.partition(sparse);
    if let Some(mut merged) = few.into_iter().reduce(add) {
        if sparse(&merged)
            && let Some(least) = (0..kept.len()).min_by_key(|at| kept[*at].0.saturating_add(kept[*at].1))
        {
            merged = add(merged, kept.swap_remove(least));
        }
        kept.push(merged);
    }
    let (a, b): (Vec<u64>, Vec<u64>) = kept.into_iter().unzip();
    homogeneity(&a, &b)
}

/// The upper tail of the chi-square distribution; 1 without a degree of freedom.
pub fn chi2_tail(stat: f64, dof: u64) -> f64 {
    if dof == 0 || stat <= 0.0 {
        return 1.0;
    }
    checked_gamma_ur(dof as f64 / 2.0, stat / 2.0)
        .ok()
        .filter(|p| p.is_finite())
        .map_or(0.0, |p| p.clamp(0.0, 1.0))
}

fn totals(a: &[u64], b: &[u64]) -> Option<(f64, f64)> {
    let (total_a, total_b) = (total(a), total(b));
    (a.len() == b.len() && total_a > 0 && total_b > 0).then_some((total_a as f64, total_b as f64))
}

fn add((a, b): (u64, u64), (more_a, more_b): (u64, u64)) -> (u64, u64) {
    (a.saturating_add(more_a), b.saturating_add(more_b))
}

fn adjusted(psi: f64, filled: u64, (total_a, total_b): (f64, f64)) -> f64 {
    (psi - (filled - 1) as f64 * (total_a.recip() + total_b.recip())).max(0.0)
}

fn floored(share: f64) -> f64 {
    if share > 0.0 { share } else { PSI_FLOOR }
}

fn stability(p: f64, q: f64) -> f64 {
    (q - p) * (q / p).ln()
}

fn relative(share: f64, middle: f64) -> f64 {
    if share > 0.0 { share * (share / middle).ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_right_where_closed_forms_exist() {
        // Two degrees of freedom: exp(−x/2). Four: exp(−x/2)(1+x/2).
        for x in [1e-3, 0.5, 1.0, 2.0, 10.0, 100.0, 600.0, 1300.0_f64] {
            let exact = (-x / 2.0).exp();
            assert!((chi2_tail(x, 2) / exact - 1.0).abs() < 1e-10, "{x}");
            assert!((chi2_tail(x, 4) / (exact * (1.0 + x / 2.0)) - 1.0).abs() < 1e-10, "{x}");
        }
        assert_eq!((chi2_tail(1e9, 3), chi2_tail(0.0, 3), chi2_tail(5.0, 0)), (0.0, 1.0, 1.0));
    }

    #[test]
    fn d3_nothing_is_defined_without_counts() {
        assert_eq!(measures(&[0, 0], &[1, 2]), None);
        assert_eq!(measures(&[], &[]), None);
        assert_eq!(homogeneity(&[1, 2], &[0, 0]), None);
        assert_eq!(homogeneity_merged(&[1], &[1]).map(|test| (test.dof, test.p)), Some((0, 1.0)));
    }

    #[test]
    fn sparse_cells_are_put_together() {
        // 100 rows each: a cell is sparse when both together hold fewer than ten.
        let merged = homogeneity_merged(&[60, 30, 4, 3, 3], &[50, 40, 5, 4, 1]);
        assert_eq!(merged, homogeneity(&[60, 30, 10], &[50, 40, 10]));
        let with_least = homogeneity_merged(&[60, 39, 1], &[50, 48, 2]);
        assert_eq!(with_least, homogeneity(&[60, 40], &[50, 50]));
    }
}
