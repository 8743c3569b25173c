//! How long an import takes, from the start of the command to its end, into a library that is not there yet.

use std::time::Instant;

use anyhow::Result;

use super::Bench;
use super::desk::Desk;
use super::figures::Figure;

const ROUNDS: usize = 5;

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let desk = Desk::new(bench, "import")?;
        let start = Instant::now();
        desk.import("flights-late", "flights", "flights-late.onnx")?;
        rounds.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let figure = Figure::of("import", "a model with 14,033 rows of training data", "ms", &rounds);
    Ok(vec![figure.note("start of the command to its end, fresh library")])
}
