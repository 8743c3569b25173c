//! Distances between two sorted columns, exact to the last row: one pass over both.

/// The exact two-sample statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Exact {
    /// max|F−G|.
    pub(crate) ks: f64,
    /// ∫|F−G|dx in the column's unit; `None` when it is larger than any double.
    pub(crate) wasserstein: Option<f64>,
}

/// Where the merge of both columns stands.
struct Merge {
    /// n·m·(F−G) as an integer.
    gap: i64,
    widest: i64,
    area: f64,
    at: f64,
}

impl Exact {
    /// Of two ascending finite columns; `None` when either is empty.
    pub(crate) fn of(a: &[f64], b: &[f64]) -> Option<Self> {
        let (&first_a, &first_b) = (a.first()?, b.first()?);
        let (&last_a, &last_b) = (a.last()?, b.last()?);
        // Far apart, differences overflow: halve everything.
        let scale = if (last_a.max(last_b) - first_a.min(first_b)).is_finite() { 1.0 } else { 0.25 };
        let both = a.len() as f64 * b.len() as f64;
        let mut merge = Merge { gap: 0, widest: 0, area: 0.0, at: first_a.min(first_b) };
        merge.run(a, b, scale);
        let wasserstein = merge.area / both / scale;
        Some(Self {
            ks: merge.widest as f64 / both,
            wasserstein: wasserstein.is_finite().then_some(wasserstein),
        })
    }
}

impl Merge {
    fn run(&mut self, a: &[f64], b: &[f64], scale: f64) {
        let (up, down) = (b.len() as i64, -(a.len() as i64));
        let (mut i, mut j) = (0, 0);
        while let (Some(&x), Some(&y)) = (a.get(i), b.get(j)) {
            let first = x <= y;
            self.pass(if first { x } else { y }, scale);
            self.gap += if first { up } else { down };
            i += usize::from(first);
            j += usize::from(!first);
        }
        for &x in &a[i..] {
            self.pass(x, scale);
            self.gap += up;
        }
        for &y in &b[j..] {
            self.pass(y, scale);
            self.gap += down;
        }
    }

    /// The distributions stayed apart by `gap` up to here. Between equal values the gap is not one of theirs.
    #[inline]
    fn pass(&mut self, value: f64, scale: f64) {
        let gap = self.gap.abs();
        let moved = value * scale - self.at * scale;
        self.area += gap as f64 * moved;
        self.widest = if moved > 0.0 { self.widest.max(gap) } else { self.widest };
        self.at = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn d3_columns_at_both_ends_of_the_range_have_a_finite_statistic() {
        let exact = Exact::of(&[f64::MIN, -1e308], &[1e308, f64::MAX]).unwrap();
        assert_eq!((exact.ks, exact.wasserstein), (1.0, None));
        let near = Exact::of(&[1e308], &[1.1e308]).unwrap();
        assert!((near.wasserstein.unwrap() / 1e307 - 1.0).abs() < 1e-12);
        assert_eq!(Exact::of(&[], &[1.0]), None);
    }

    proptest! {
        #[test]
        fn both_follow_from_the_definition(
            mut a in prop::collection::vec(-9_i32..9, 1..40),
            mut b in prop::collection::vec(-9_i32..9, 1..40),
        ) {
            a.sort_unstable();
            b.sort_unstable();
            let share = |column: &[i32], x: i32| column.iter().filter(|v| **v <= x).count() as f64 / column.len() as f64;
            let gaps: Vec<f64> = (-10..10).map(|x| (share(&a, x) - share(&b, x)).abs()).collect();
            let float = |column: &[i32]| column.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
            let exact = Exact::of(&float(&a), &float(&b)).unwrap();
            prop_assert!((exact.ks - gaps.iter().copied().fold(0.0, f64::max)).abs() < 1e-12);
            prop_assert!((exact.wasserstein.unwrap() - gaps.iter().sum::<f64>()).abs() < 1e-12);
        }
    }
}
