//! Finding a number's bin: a branch-free binary search that eight values walk through side by side.
//!
//! A branch per comparison would be mispredicted half of the time, fifteen cycles each; here every step is a load,
//! a comparison and an addition, and eight independent searches hide each other's latency.

use crate::edges::MAX_EDGES;

const SLOTS: usize = MAX_EDGES + 1;
/// How many searches run side by side.
pub(crate) const LANES: usize = 8;

/// Edges laid out for searching.
#[derive(Clone, Debug)]
pub(crate) struct Finder {
    edges: Box<[f64; SLOTS]>,
    first_half: usize,
}

impl Finder {
    /// At most [`MAX_EDGES`] edges, ascending; what is beyond is left out.
    pub(crate) fn new(edges: &[f64]) -> Self {
        let mut padded = Box::new([f64::INFINITY; SLOTS]);
        padded.iter_mut().zip(edges.iter().take(MAX_EDGES)).for_each(|(slot, edge)| *slot = *edge);
        let slots = (edges.len().min(MAX_EDGES) + 1).next_power_of_two();
        Self { edges: padded, first_half: slots / 2 }
    }

    /// How many edges lie below the value: its bin.
    #[inline]
    pub(crate) fn bin(&self, value: f64) -> usize {
        let mut bin = 0;
        let mut half = self.first_half;
        while half > 0 {
            bin += usize::from(self.edges[(bin + half - 1) % SLOTS] < value) * half;
            half /= 2;
        }
        bin
    }

    /// The bins of eight values.
    #[inline]
    pub(crate) fn bins(&self, values: &[f64; LANES]) -> [usize; LANES] {
        let mut bins = [0; LANES];
        let mut half = self.first_half;
        while half > 0 {
            for (bin, value) in bins.iter_mut().zip(values) {
                *bin += usize::from(self.edges[(*bin + half - 1) % SLOTS] < *value) * half;
            }
            half /= 2;
        }
        bins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_is_found_for_every_number_of_edges() {
        for count in [0_usize, 1, 2, 3, 7, 8, 63, 64, 127, 128, 254, 255] {
            let edges: Vec<f64> = (0..count).map(|i| i as f64).collect();
            let finder = Finder::new(&edges);
            for half_steps in 0..2 * count + 2 {
                let value = half_steps as f64 / 2.0 - 0.5;
                let expected = edges.iter().filter(|edge| **edge < value).count();
                assert_eq!(finder.bin(value), expected, "{value} among {count}");
                assert_eq!(finder.bins(&[value; LANES]), [expected; LANES]);
            }
            assert_eq!((finder.bin(f64::MAX), finder.bin(f64::MIN)), (count, 0));
        }
    }
}
