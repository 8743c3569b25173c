//! How long requests took, in fixed logarithmic buckets: merging is addition, quantiles are within about 3 %.

use serde::{Deserialize, Serialize};

/// Buckets per doubling.
const PER_DOUBLING: u64 = 16;
/// Latencies of 2^36 µs (19 hours) and more share the last bucket.
const DOUBLINGS: u64 = 32;
/// Number of buckets.
pub const LATENCY_BUCKETS: usize = (PER_DOUBLING * (DOUBLINGS + 1)) as usize;

/// A latency histogram.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Latency {
    /// Counts by bucket, ending with the last one that is not empty.
    counts: Vec<u64>,
}

impl Latency {
    /// Counts a request that took this many microseconds.
    pub fn add(&mut self, latency_us: u64) {
        self.add_to(bucket(latency_us), 1);
    }

    /// How many requests were counted.
    pub fn requests(&self) -> u64 {
        crate::edges::total(&self.counts)
    }

    /// The latency in microseconds that a share of `q` of the requests did not exceed; `None` without requests.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let rank = (self.requests() as f64 * q.clamp(0.0, 1.0)).ceil().max(1.0);
        let mut seen = 0.0;
        let at = self.counts.iter().position(|count| {
            seen += *count as f64;
            seen >= rank
        })?;
        let (low, width) = bounds(at as u64);
        Some(low as f64 + (width - 1) as f64 / 2.0)
    }

    /// How many requests took less than `us` microseconds. Exact where a bucket begins: at every power of two.
    pub fn below(&self, us: u64) -> u64 {
        crate::edges::total(&self.counts[..bucket(us).min(self.counts.len())])
    }

    /// The sum of all latencies in microseconds, each taken as the middle of its bucket: within about 3 %.
    pub fn sum_us(&self) -> f64 {
        self.filled()
            .map(|(at, count)| {
                let (low, width) = bounds(at as u64);
                count as f64 * (low as f64 + (width - 1) as f64 / 2.0)
            })
            .sum()
    }

    /// Adds another histogram.
    pub fn merge(&mut self, other: &Self) {
        other.filled().for_each(|(bucket, count)| self.add_to(bucket, count));
    }

    /// Buckets that are not empty, ascending, with their counts.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (usize, u64)> {
        self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }

    pub(crate) fn add_to(&mut self, bucket: usize, count: u64) {
        let bucket = bucket.min(LATENCY_BUCKETS - 1);
        if self.counts.len() <= bucket && count > 0 {
            self.counts.resize(bucket + 1, 0);
        }
        if let Some(slot) = self.counts.get_mut(bucket) {
            *slot = slot.saturating_add(count);
        }
    }
}

/// Below 16 µs every microsecond has its bucket; above, every doubling is cut in sixteen.
fn bucket(latency_us: u64) -> usize {
    let doubling = u64::from(latency_us.max(1).ilog2()).saturating_sub(3);
    let doubling = doubling.min(DOUBLINGS);
    let bucket = if doubling == 0 {
        latency_us
    } else {
        (doubling * PER_DOUBLING + (latency_us >> (doubling - 1)).saturating_sub(PER_DOUBLING))
            .min((doubling + 1) * PER_DOUBLING - 1)
    };
    bucket as usize
}

/// The smallest latency of a bucket and how many microseconds it spans.
fn bounds(bucket: u64) -> (u64, u64) {
    let (doubling, part) = (bucket / PER_DOUBLING, bucket % PER_DOUBLING);
    if doubling == 0 { (part, 1) } else { ((PER_DOUBLING + part) << (doubling - 1), 1 << (doubling - 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_latency_lies_in_its_bucket(us in 0_u64..1 << 36) {
            let (low, width) = bounds(bucket(us) as u64);
            prop_assert!(low <= us && us < low + width, "{} not in {}+{}", us, low, width);
        }

        #[test]
        fn quantiles_are_within_five_percent(mut us in prop::collection::vec(1_u64..10_000_000, 1..300), q in 0.01..1.0_f64) {
            let mut latency = Latency::default();
            for us in &us {
                latency.add(*us);
            }
            us.sort_unstable();
            let exact = us[((us.len() as f64 * q).ceil() as usize).max(1) - 1] as f64;
            let told = latency.quantile(q).unwrap();
            prop_assert!((told / exact - 1.0).abs() < 0.05, "{} for {}", told, exact);
        }
    }

    #[test]
    fn latencies_are_told_by_powers_of_two() {
        let mut latency = Latency::default();
        for us in [0, 15, 63, 64, 127, 128, 1_000_000] {
            latency.add(us);
        }
        let below = [0, 16, 64, 128, 256, 1 << 20, u64::MAX].map(|us| latency.below(us));
        assert_eq!(below, [0, 2, 3, 5, 6, 7, 7]);
        let exact = 1_000_397.0;
        assert!((latency.sum_us() / exact - 1.0).abs() < 0.03, "{}", latency.sum_us());
        assert_eq!((Latency::default().below(64), Latency::default().sum_us()), (0, 0.0));
    }

    #[test]
    fn absurd_latencies_are_counted() {
        let mut latency = Latency::default();
        latency.add(u64::MAX);
        assert_eq!((latency.requests(), Latency::default().quantile(0.5)), (1, None));
        assert!(latency.quantile(0.5).is_some_and(f64::is_finite));
    }
}
