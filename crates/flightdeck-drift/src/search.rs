//! Finding a number's bin without a branch: two rounds of sixteen comparisons side by side.
//!
//! A binary search takes half as many comparisons as there are bits, but each waits for the one before, and each branch
//! is mispredicted half of the time. Sixteen comparisons with the same value wait for nothing; compilers make vector
//! instructions of them.

use crate::edges::MAX_EDGES;

const WIDTH: usize = 16;

/// Edges laid out for searching: every sixteenth, and the fifteen before each.
#[derive(Clone, Debug)]
pub(crate) struct Finder {
    fences: [f64; WIDTH],
    rows: Box<[[f64; WIDTH]; WIDTH]>,
}

impl Finder {
    /// At most [`MAX_EDGES`] edges, ascending; what is beyond is left out.
    pub(crate) fn new(edges: &[f64]) -> Self {
        let mut finder =
            Self { fences: [f64::INFINITY; WIDTH], rows: Box::new([[f64::INFINITY; WIDTH]; WIDTH]) };
        for (at, edge) in edges.iter().take(MAX_EDGES).enumerate() {
            let (row, place) = (at / WIDTH, at % WIDTH);
            if place == WIDTH - 1 {
                finder.fences[row] = *edge;
            } else {
                finder.rows[row][place] = *edge;
            }
        }
        finder
    }

    /// How many edges lie below the finite value: its bin.
    #[inline]
    pub(crate) fn bin(&self, value: f64) -> usize {
        let row = below(&self.fences, value);
        row * WIDTH + below(&self.rows[row % WIDTH], value)
    }
}

#[inline]
fn below(edges: &[f64; WIDTH], value: f64) -> usize {
    edges.iter().map(|edge| u64::from(*edge < value)).sum::<u64>() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_is_found_for_every_number_of_edges() {
        for count in [0_usize, 1, 2, 15, 16, 17, 63, 64, 127, 128, 254, 255] {
            let edges: Vec<f64> = (0..count).map(|i| i as f64).collect();
            let finder = Finder::new(&edges);
            for half_steps in 0..2 * count + 2 {
                let value = half_steps as f64 / 2.0 - 0.5;
                let expected = edges.iter().filter(|edge| **edge < value).count();
                assert_eq!(finder.bin(value), expected, "{value} among {count}");
            }
            assert_eq!((finder.bin(f64::MAX), finder.bin(f64::MIN)), (count, 0));
        }
    }
}
