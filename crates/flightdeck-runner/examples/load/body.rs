//! The rows that are asked about, the same in every run and form.

use crate::options::Options;
use flightdeck_core::{Tensor, TensorData};
use std::error::Error;

/// The number of rows of mixed requests: most are small.
const MIXED: [usize; 12] = [1, 1, 2, 1, 4, 1, 8, 1, 16, 1, 64, 3];

/// Tensors of numbers between -2 and 2, with six digits as tables have them.
pub(crate) fn tensors(options: &Options) -> Result<Vec<Tensor>, Box<dyn Error>> {
    let rows: &[usize] = if options.is_mixed { &MIXED } else { &[options.rows] };
    rows.iter().map(|rows| tensor(options, *rows)).collect()
}

fn tensor(options: &Options, rows: usize) -> Result<Tensor, Box<dyn Error>> {
    let mut state = 1_u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) % 4_000_000) as f32 / 1e6 - 2.0
    };
    let values = (0..rows * options.columns).map(|_| number()).collect();
    Ok(Tensor::new(&options.input, vec![rows, options.columns], TensorData::Fp32(values))?)
}
