//! Many tests at once: adjusted p-values, and discoveries among e-values.

/// Bonferroni: p·m, at most 1.
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    p.iter().map(|value| (value * p.len() as f64).min(1.0)).collect()
}

/// Benjamini-Hochberg adjusted p-values, in the order given: rejecting those up to α keeps the false discovery rate at α
/// when tests are independent or positively dependent.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    step_up(p, 1.0)
}

/// Benjamini-Yekutieli adjusted p-values: the same under any dependence.
pub fn benjamini_yekutieli(p: &[f64]) -> Vec<f64> {
    step_up(p, (1..=p.len()).map(|rank| (rank as f64).recip()).sum())
}

/// e-BH (Wang and Ramdas): positions of the e-values that are rejected at false discovery rate `q`, under any dependence.
/// Not for running maxima of e-processes.
pub fn e_bh(e: &[f64], q: f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..e.len()).collect();
    order.sort_by(|a, b| e[*b].total_cmp(&e[*a]));
    let needed = |rank: usize| e.len() as f64 / (q * rank as f64);
    let rejected = (1..=e.len()).rev().find(|rank| e[order[rank - 1]] >= needed(*rank)).unwrap_or(0);
    order.truncate(rejected);
    order.sort_unstable();
    order
}

fn step_up(p: &[f64], penalty: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut least = 1.0_f64;
    for (rank, at) in order.into_iter().enumerate().rev() {
        least = least.min(p[at] * penalty * p.len() as f64 / (rank + 1) as f64);
        adjusted[at] = least;
    }
    adjusted
}
