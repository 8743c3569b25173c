//! Sums that come out the same in whatever order windows are added.
//!
//! Floating-point addition depends on its order. A value is therefore rounded to a unit that is fixed with the edges
//! (1/16,777,216 of the baseline's range) and summed as an integer: exact, order-free, and never infinite.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Values further from the centre than this many units count as this far: 65,536 ranges.
const FARTHEST: f64 = (1_u64 << 40) as f64;
/// Adding it rounds a double to an integer that then stands in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Where sums are counted from and in which unit; follows from the edges alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    center: f64,
    unit: f64,
    per_unit: f64,
}

/// Sum and sum of squares of the values, in units of the column's [`Scale`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moments {
    /// Sum of `(x - center) / unit`.
    #[serde(with = "text")]
    pub sum: i128,
    /// Sum of their squares.
    #[serde(with = "text")]
    pub squares: i128,
}

impl Scale {
    /// The scale of a column with these edges.
    pub fn of(edges: &[f64]) -> Self {
        let center = edges.get(edges.len() / 2).copied().unwrap_or(0.0);
        let (low, high) = (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(0.0));
        let half = high / 2.0 - low / 2.0;
        let half = if half > center.abs() * 1e-12 { half } else { center.abs() / 2.0 };
        let half = if half > 1e-290 { half } else { 0.5 };
        let unit = (half.log2().ceil() - 23.0).exp2();
        Self { center, unit, per_unit: unit.recip() }
    }

    /// The value in whole units from the centre.
    #[inline]
    pub(crate) fn units(&self, value: f64) -> i64 {
        let units = ((value - self.center) * self.per_unit).clamp(-FARTHEST, FARTHEST);
        (units + ROUND).to_bits().cast_signed() - ROUND.to_bits().cast_signed()
    }

    /// Mean and standard deviation (ddof 0) of `count` values with these moments, in the column's unit.
    pub fn mean_std(&self, moments: &Moments, count: u64) -> Option<(f64, f64)> {
        let count = (count > 0).then_some(count as f64)?;
        let mean = moments.sum as f64 / count;
        let variance = (moments.squares as f64 / count - mean * mean).max(0.0);
        let (mean, std) = (self.center + mean * self.unit, variance.sqrt() * self.unit);
        (mean.is_finite() && std.is_finite()).then_some((mean, std))
    }
}

impl Moments {
    #[inline]
    pub(crate) fn add(&mut self, units: i64) {
        self.sum = self.sum.wrapping_add(i128::from(units));
        self.squares = self.squares.wrapping_add(i128::from(units) * i128::from(units));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.sum = self.sum.wrapping_add(other.sum);
        self.squares = self.squares.wrapping_add(other.squares);
    }
}

/// JSON numbers end at 64 bits for most readers: these are written as texts.
mod text {
    use super::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(number: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_are_close_and_order_free() {
        let values: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i * i % 777)).collect();
        let scale = Scale::of(&[1e9, 1e9 + 300.0, 1e9 + 776.0]);
        let sum = |values: &mut dyn Iterator<Item = &f64>| {
            values.fold(Moments::default(), |mut moments, value| {
                moments.add(scale.units(*value));
                moments
            })
        };
        let moments = sum(&mut values.iter());
        assert_eq!(moments, sum(&mut values.iter().rev()));
        let (mean, std) = scale.mean_std(&moments, 1000).unwrap();
        let (exact_mean, exact_std) = crate::sorted::mean_std(&values).unwrap();
        assert!((mean - exact_mean).abs() < 1e-4 && (std - exact_std).abs() < 1e-4);
    }

    #[test]
    fn d3_extremes_stay_finite() {
        for edges in [vec![], vec![0.0], vec![-1e308, 1e308], vec![5e-324, 1e-323], vec![f64::MIN, f64::MAX]]
        {
            let scale = Scale::of(&edges);
            let mut moments = Moments::default();
            for value in [f64::MAX, f64::MIN, -0.0, 5e-324] {
                moments.add(scale.units(value));
            }
            assert!(
                scale.mean_std(&moments, 4).is_none_or(|(mean, std)| mean.is_finite() && std.is_finite())
            );
        }
    }
}
