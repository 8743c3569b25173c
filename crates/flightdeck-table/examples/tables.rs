//! Writes two Parquet files to compare with each other: `tables BASELINE CURRENT`.
//!
//! Both have 200,000 rows of 15 normal numbers and 5 texts, the same ones every time; in the second file three numbers and
//! one text have drifted.

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const ROWS: usize = 200_000;
const NUMBERS: usize = 15;
const TEXTS: usize = 5;
const DRIFTED_NUMBERS: usize = 3;
/// How far a drifted number moved, in standard deviations.
const SHIFT: f64 = 0.5;
/// Values of each text; the fifth has the most.
const VALUES: [u32; TEXTS] = [3, 8, 20, 60, 200];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [baseline, current] = arguments.as_slice() else {
        return Err("usage: tables BASELINE CURRENT".into());
    };
    write(Path::new(baseline), &mut Random(1), false)?;
    write(Path::new(current), &mut Random(2), true)
}

fn write(path: &Path, random: &mut Random, drifted: bool) -> Result<(), Box<dyn Error>> {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for column in 0..NUMBERS {
        let shift = if drifted && column < DRIFTED_NUMBERS { SHIFT } else { 0.0 };
        let values = Float64Array::from_iter_values((0..ROWS).map(|_| random.normal() + shift));
        columns.push((format!("number_{column}"), Arc::new(values)));
    }
    for (column, values) in VALUES.into_iter().enumerate() {
        // The square makes early values frequent, as they are in real columns.
        let power = if drifted && column == 0 { 1 } else { 2 };
        let mut text =
            || format!("value {}", (random.uniform().powi(power) * f64::from(values)).floor() as u32);
        let texts = StringArray::from_iter_values((0..ROWS).map(|_| text()));
        columns.push((format!("text_{column}"), Arc::new(texts)));
    }
    let batch = RecordBatch::try_from_iter(columns)?;
    // The writer's own defaults: texts as dictionaries, like the files that pandas and Polars write.
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Box and Muller.
    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
