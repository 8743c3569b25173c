//! Numbers in order, with what cannot be ordered counted aside.
//!
//! Long columns are sorted by radix on the order-preserving integer form of a double: six passes instead of eighteen
//! comparisons a value. What the order is used for stands in `edges` and `exact`.

/// From this length on radix is faster than comparing.
const RADIX_FROM: usize = 4096;
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 6;
const RADIX: usize = 1 << DIGIT_BITS;

/// The finite values of a column in ascending order, -0 taken as 0, and how many others there were.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sorted {
    pub(crate) values: Vec<f64>,
    pub(crate) nan: u64,
    pub(crate) positive_infinite: u64,
    pub(crate) negative_infinite: u64,
}

impl Sorted {
    /// Sorts a column.
    pub(crate) fn of(column: &[f64]) -> Self {
        let mut sorted = Self::default();
        let mut keys = Vec::with_capacity(column.len());
        for &value in column {
            if value.is_finite() {
                keys.push(key(value + 0.0));
            } else if value.is_nan() {
                sorted.nan += 1;
            } else if value > 0.0 {
                sorted.positive_infinite += 1;
            } else {
                sorted.negative_infinite += 1;
            }
        }
        sort(&mut keys);
        sorted.values = keys.into_iter().map(value).collect();
        sorted
    }

    pub(crate) fn infinite(&self) -> u64 {
        self.positive_infinite + self.negative_infinite
    }
}

/// Mean and standard deviation (ddof 0) of finite values, scaled so that no sum overflows; `None` without values.
pub(crate) fn mean_std(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len() as f64;
    let largest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let scale = if largest > 1e140 { 2.0_f64.powi(-600) } else { 1.0 };
    let mean = values.iter().map(|value| value * scale).sum::<f64>() / count;
    let squares = values.iter().map(|value| (value * scale - mean).powi(2)).sum::<f64>();
    (!values.is_empty()).then(|| (mean / scale, (squares / count).sqrt() / scale))
}

/// An integer whose order is the order of the doubles.
fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    bits ^ (((bits.cast_signed() >> 63).cast_unsigned()) | (1 << 63))
}

fn value(key: u64) -> f64 {
    let negative = (!key).cast_signed() >> 63;
    f64::from_bits(key ^ (negative.cast_unsigned() | (1 << 63)))
}

fn sort(keys: &mut Vec<u64>) {
    if keys.len() < RADIX_FROM || keys.len() > u32::MAX as usize {
        keys.sort_unstable();
        return;
    }
    let mut starts = vec![[0_u32; RADIX]; DIGITS];
    for &key in keys.iter() {
        for (place, counts) in starts.iter_mut().enumerate() {
            counts[digit(key, place)] += 1;
        }
    }
    let mut other = vec![0; keys.len()];
    for (place, counts) in starts.iter_mut().enumerate() {
        if counts.iter().filter(|count| **count > 0).count() < 2 {
            continue;
        }
        let mut before = 0;
        for count in counts.iter_mut() {
            before += std::mem::replace(count, before);
        }
        for &key in keys.iter() {
            let slot = &mut counts[digit(key, place)];
            other[*slot as usize] = key;
            *slot += 1;
        }
        std::mem::swap(keys, &mut other);
    }
}

fn digit(key: u64, place: usize) -> usize {
    (key >> (place as u32 * DIGIT_BITS)) as usize & (RADIX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn d3_mean_and_deviation_survive_the_largest_numbers() {
        let (mean, std) = mean_std(&[1e308, 1e308, -1e308, 1e308]).unwrap();
        assert!((mean / 5e307 - 1.0).abs() < 1e-12);
        assert!((std / 8.660_254_037_844_386e307 - 1.0).abs() < 1e-12);
        assert_eq!(mean_std(&[]), None);
    }

    #[test]
    fn long_columns_are_ordered_as_comparison_orders_them() {
        let column: Vec<f64> = (0..20_000_u64)
            .map(|i| f64::from_bits(i.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .filter(|value| value.is_finite())
            .collect();
        let mut expected = column.clone();
        expected.sort_by(f64::total_cmp);
        assert!(column.len() > RADIX_FROM);
        assert_eq!(Sorted::of(&column).values, expected);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(column in prop::collection::vec(any::<f64>(), 0..200)) {
            let sorted = Sorted::of(&column);
            prop_assert_eq!(sorted.values.len() as u64 + sorted.nan + sorted.infinite(), column.len() as u64);
            prop_assert!(sorted.values.windows(2).all(|pair| pair[0] <= pair[1]));
        }
    }
}
