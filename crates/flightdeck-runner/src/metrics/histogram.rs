//! A histogram that many threads add to: relaxed counts by powers of two microseconds.

use super::text::Buckets;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Durations of 2^25 µs (34 s) and more share the last bucket.
const POWERS: usize = 26;

/// Durations by size.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    /// Bucket 0 is below 1 µs, bucket `n` below 2^n µs.
    counts: [AtomicU64; POWERS + 1],
}

impl Histogram {
    pub(crate) fn add_ns(&self, ns: u64) {
        let power = (u64::BITS - (ns / 1000).leading_zeros()) as usize;
        self.counts[power.min(POWERS)].fetch_add(1, Relaxed);
    }

    /// What was counted, with a sum that was counted elsewhere.
    pub(super) fn read(&self, sum_ns: u64) -> Buckets {
        let mut sum = 0;
        let below = self.counts.iter().enumerate().map(|(power, count)| {
            sum += count.load(Relaxed);
            ((1_u64 << power) as f64 / 1e6, sum)
        });
        let mut cumulative: Vec<(f64, u64)> = below.collect();
        let count = cumulative.pop().map_or(0, |(_, all)| all);
        Buckets { cumulative, count, sum: sum_ns as f64 / 1e9 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_below_the_bound_of_its_bucket() {
        let histogram = Histogram::default();
        for ns in [0, 999, 1000, 1999, 2000, 33_554_431_999, 33_554_432_000, u64::MAX] {
            histogram.add_ns(ns);
        }
        let Buckets { cumulative, count, sum } = histogram.read(1_500_000_000);
        assert_eq!((count, sum, cumulative.len()), (8, 1.5, POWERS));
        assert_eq!(cumulative[..3], [(1e-6, 2), (2e-6, 4), (4e-6, 5)]);
        assert_eq!(cumulative.last(), Some(&(33.554_432, 6)));
    }
}
