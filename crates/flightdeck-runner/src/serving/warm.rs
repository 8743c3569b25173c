//! Before a version answers: it is run a few times, and its rows are tried one by one and together.

use super::batch::Batching;
use super::engine::{Engine, RunError, Stopper, broken};
use crate::problem::Problem;
use flightdeck_core::{Signature, Tensor};
use flightdeck_engine::client::Alarm;
use flightdeck_engine::{Verdict, compare, rows};
use flightdeck_package::Tolerance;
use flightdeck_protocol::ErrorBody;
use std::time::{Duration, Instant};

const WARM_RUNS: usize = 3;
/// Rows that are tried one by one and together.
const TRIED_ROWS: usize = 8;

/// Rows that the model knows, or invented ones.
pub(crate) struct Sample {
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) tolerance: Tolerance,
    /// How long it may take to warm a model with them.
    pub(crate) time: Duration,
}

/// What was found.
pub(super) struct Warm {
    pub(super) ns_per_row: u64,
    /// Whether each row is answered alike, whatever it is run together with.
    pub(super) is_separable: bool,
    pub(super) findings: Vec<ErrorBody>,
}

/// Warms a model, and ends its run when that takes too long.
pub(super) fn warm(engine: &mut Engine, signature: &Signature, sample: &Sample) -> Result<Warm, Problem> {
    let stopper = engine.stopper();
    let alarm = Alarm::after(sample.time, move || stopper.iter().for_each(Stopper::stop));
    let alarm = alarm.map_err(|error| Problem::internal("warm the model", &error))?;
    let found = try_out(engine, signature, sample);
    if alarm.is_over() {
        return Err(broken(&format!("it was not warm after {} seconds", sample.time.as_secs())));
    }
    found
}

/// Runs one row a few times, and then rows together.
fn try_out(engine: &mut Engine, signature: &Signature, sample: &Sample) -> Result<Warm, Problem> {
    let batched = signature.inputs.iter().all(|input| input.batch_axis == Some(0));
    let row = |tensor: &Tensor| if batched { rows::cycle(tensor, 1) } else { tensor.clone() };
    let one: Vec<Tensor> = sample.inputs.iter().map(row).collect();
    let mut ns = u64::MAX;
    for _ in 0..WARM_RUNS {
        let start = Instant::now();
        engine.run(&one).map_err(problem)?;
        ns = ns.min(start.elapsed().as_nanos() as u64);
    }
    let ns_per_row = (ns / Batching::rows(signature, &one).max(1) as u64).max(1);
    let why_not = if !Batching::is_possible(signature) {
        Some("its inputs and outputs do not all count rows along their first axis")
    } else if !agrees(engine, sample)? {
        Some("its rows are answered differently together than one by one")
    } else {
        None
    };
    let findings = why_not.map(not_batched).into_iter().collect();
    Ok(Warm { ns_per_row, is_separable: why_not.is_none(), findings })
}

/// What a person is told of a version whose requests never share a run.
pub(super) fn not_batched(why: &str) -> ErrorBody {
    let error = format!("each request is run by itself: {why}");
    ErrorBody { error, code: "not-batched".into(), hint: None }
}

fn agrees(engine: &mut Engine, sample: &Sample) -> Result<bool, Problem> {
    let count = sample.inputs.iter().map(rows::count).min().unwrap_or(0).clamp(2, TRIED_ROWS);
    let inputs: Vec<Tensor> = sample.inputs.iter().map(|tensor| rows::cycle(tensor, count)).collect();
    let together = match engine.run(&inputs) {
        Ok(outputs) => outputs,
        Err(RunError::Refused(_)) => return Ok(false),
        Err(RunError::Broken(problem)) => return Err(problem),
    };
    if together.iter().any(|tensor| tensor.shape.first() != Some(&count)) {
        return Ok(false);
    }
    let near = |found: f64, expected: f64| sample.tolerance.allows(found, expected);
    for row in 0..count {
        let cut = |tensors: &[Tensor]| -> Vec<Tensor> {
            tensors.iter().map(|tensor| rows::slice(tensor, row, row + 1)).collect()
        };
        let alone = engine.run(&cut(&inputs)).map_err(problem)?;
        if compare(&alone, &cut(&together), &near).verdict == Verdict::Differ {
            return Ok(false);
        }
    }
    Ok(true)
}

fn problem(error: RunError) -> Problem {
    match error {
        RunError::Refused(problem) | RunError::Broken(problem) => problem,
    }
}
