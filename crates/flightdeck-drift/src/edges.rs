//! Where a numeric column is cut: the canonical bins, the frozen edges, and merging fine counts to coarse ones.
//!
//! Bins are `(-inf, e1], (e1, e2], …, (ek, +inf)`. Everything here takes finite sorted numbers; sorting and the removal of
//! nulls and infinities is `sorted`, counting a stream is `counter`.

/// The most edges that a column can have, so that a bin is found in eight comparisons.
pub const MAX_EDGES: usize = 255;

/// Frozen edges, and which of them are the edges of canonical(10).
#[derive(Clone, Debug, PartialEq)]
pub struct Frozen {
    /// canonical(64) ∪ canonical(10) ∪ the quantiles .001 .01 .99 .999, ascending.
    pub edges: Vec<f64>,
    /// Positions in `edges` of the canonical(10) edges, ascending.
    pub coarse: Vec<u32>,
}

/// Counted numbers: what quantiles can be read off.
#[derive(Clone, Copy, Debug)]
pub struct Binned<'a> {
    /// Ascending edges.
    pub edges: &'a [f64],
    /// Counts by bin, one more than edges.
    pub counts: &'a [u64],
    /// The smallest number that was counted.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Binned<'_> {
    /// The number that a share of `q` does not exceed, numbers taken as spread evenly inside a bin; `None` without any.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let rank = total(self.counts) as f64 * q.clamp(0.0, 1.0);
        let mut below = 0.0;
        let bin = self.counts.iter().position(|count| {
            below += *count as f64;
            below >= rank && *count > 0
        })?;
        let low =
            bin.checked_sub(1).and_then(|edge| self.edges.get(edge)).map_or(self.min, |e| e.max(self.min));
        let high = self.edges.get(bin).map_or(self.max, |edge| edge.min(self.max));
        let inside = 1.0 - (below - rank) / self.counts[bin] as f64;
        Some(low * (1.0 - inside) + high * inside)
    }
}

/// The canonical edges of about `bins` equal-mass bins over a sorted finite baseline; none when it is empty.
///
/// Cut points are `s[ceil(j n / B') - 1]` with `B' = max(1, min(bins, n / 5))`. The double below the minimum and the maximum
/// make the first and last bin catch what lies out of range; the double below every value that is hit twice gives that
/// value (an atom) a bin of its own.
pub fn canonical(sorted: &[f64], bins: usize) -> Vec<f64> {
    let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else { return Vec::new() };
    let bins = bins.min(sorted.len() / 5).max(1);
    let cuts: Vec<f64> = (1..bins).map(|j| sorted[(j * sorted.len()).div_ceil(bins) - 1]).collect();
    let atoms = cuts.windows(2).filter(|pair| pair[0].total_cmp(&pair[1]).is_eq()).map(|pair| below(pair[0]));
    let mut edges: Vec<f64> = atoms.chain([below(min), max]).collect();
    edges.extend_from_slice(&cuts);
    ascending(&mut edges);
    edges
}

/// The edges that a baseline column is frozen on.
pub fn frozen(sorted: &[f64]) -> Frozen {
    let ten = canonical(sorted, 10);
    let mut edges = canonical(sorted, 64);
    edges.extend_from_slice(&ten);
    if !sorted.is_empty() {
        edges.extend([1, 10, 990, 999].map(|mille| sorted[(sorted.len() * mille).div_ceil(1000).max(1) - 1]));
    }
    ascending(&mut edges);
    let coarse = ten.iter().map(|edge| edges.partition_point(|other| other < edge) as u32).collect();
    Frozen { edges, coarse }
}

/// How many of the sorted values lie in each bin: one count more than there are edges.
pub fn count_sorted(sorted: &[f64], edges: &[f64]) -> Vec<u64> {
    let mut counts = Vec::with_capacity(edges.len() + 1);
    let mut before = 0;
    for edge in edges {
        let upto = sorted.partition_point(|value| value <= edge);
        counts.push((upto - before) as u64);
        before = upto;
    }
    counts.push((sorted.len() - before) as u64);
    counts
}

/// Counts between the edges at `coarse` alone, by adding the bins between them: exactly what counting on those edges
/// would have given.
pub fn merge_bins(counts: &[u64], coarse: &[u32]) -> Vec<u64> {
    let mut merged = Vec::with_capacity(coarse.len() + 1);
    let mut from = 0;
    for &edge in coarse {
        let upto = (edge as usize + 1).min(counts.len());
        merged.push(total(counts.get(from..upto).unwrap_or(&[])));
        from = upto;
    }
    merged.push(total(&counts[from..]));
    merged
}

/// The sum of counts; it stays at the largest number instead of overflowing.
pub fn total(counts: &[u64]) -> u64 {
    counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count))
}

/// Whether a bin can hold one double only: what lies in it has no spread.
pub fn is_atom(edges: &[f64], bin: usize) -> bool {
    bin > 0 && bin < edges.len() && edges[bin - 1].total_cmp(&below(edges[bin])).is_ge()
}

/// The double just below. The lowest finite number stays where it is: an edge is never infinite.
fn below(value: f64) -> f64 {
    (value + 0.0).next_down().max(f64::MIN)
}

fn ascending(edges: &mut Vec<f64>) {
    edges.sort_unstable_by(f64::total_cmp);
    edges.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_constant_has_two_edges_and_a_bin_of_its_own() {
        let edges = canonical(&[5.0; 200], 10);
        assert_eq!(edges, [5.0_f64.next_down(), 5.0]);
        assert_eq!(count_sorted(&[3.0, 5.0, 5.0, 7.0], &edges), [1, 2, 1]);
        assert!(is_atom(&edges, 1));
    }

    #[test]
    fn d3_extreme_values_keep_every_edge_finite() {
        let sorted = [f64::MIN, -1e308, 0.0, 1e308, f64::MAX];
        let Frozen { edges, .. } = frozen(&sorted);
        assert!(edges.iter().all(|edge| edge.is_finite()), "{edges:?}");
        assert_eq!(total(&count_sorted(&sorted, &edges)), 5);
    }

    #[test]
    fn quantiles_are_read_off_the_bins() {
        let sorted: Vec<f64> = (0..1000).map(f64::from).collect();
        let Frozen { edges, .. } = frozen(&sorted);
        let counts = count_sorted(&sorted, &edges);
        let bins = Binned { edges: &edges, counts: &counts, min: 0.0, max: 999.0 };
        for q in [0.0, 0.001, 0.25, 0.5, 0.77, 1.0] {
            let found = bins.quantile(q).unwrap();
            assert!((found - q * 999.0).abs() <= 2.0, "{q}: {found}");
        }
        assert_eq!(Binned { counts: &[0, 0], edges: &[1.0], min: 0.0, max: 1.0 }.quantile(0.5), None);
    }

    proptest! {
        #[test]
        fn merged_frozen_bins_are_the_canonical_ones(
            mut base in prop::collection::vec(-40_i32..40, 1..400),
            mut other in prop::collection::vec(-60_i32..60, 0..200),
        ) {
            base.sort_unstable();
            other.sort_unstable();
            let base: Vec<f64> = base.into_iter().map(|x| f64::from(x) / 7.0).collect();
            let other: Vec<f64> = other.into_iter().map(|x| f64::from(x) / 7.0).collect();
            let Frozen { edges, coarse } = frozen(&base);
            prop_assert!(edges.len() <= MAX_EDGES / 2);
            for values in [&base, &other] {
                let direct = count_sorted(values, &canonical(&base, 10));
                prop_assert_eq!(merge_bins(&count_sorted(values, &edges), &coarse), direct);
            }
        }
    }
}
