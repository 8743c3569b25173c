//! Several requests in one run, and one request in several runs.

use super::lane::Job;
use crate::problem::Problem;
use flightdeck_core::{Signature, Tensor};
use flightdeck_engine::rows;
use flightdeck_engine::runtime::{RuntimeError, Session};

/// What can share a run.
pub(crate) struct Batching;

impl Batching {
    /// Whether rows are counted along axis 0 of every input and output, so that requests can share a run.
    pub(crate) fn is_possible(signature: &Signature) -> bool {
        let inputs = signature.inputs.iter().all(|input| input.batch_axis == Some(0));
        let outputs = signature.outputs.iter().all(|output| output.shape.first() == Some(&-1));
        inputs && outputs && !signature.inputs.is_empty()
    }

    /// Rows of a request: 1 where rows cannot be batched.
    pub(crate) fn rows(signature: &Signature, inputs: &[Tensor]) -> usize {
        let batched = signature.inputs.iter().zip(inputs).find(|(input, _)| input.batch_axis == Some(0));
        batched.map_or(1, |(_, tensor)| rows::count(tensor))
    }

    /// Whether two requests have equal types and equal sizes beyond axis 0.
    pub(crate) fn fit(one: &[Tensor], other: &[Tensor]) -> bool {
        one.len() == other.len()
            && one.iter().zip(other).all(|(a, b)| {
                a.data_type() == b.data_type()
                    && a.shape.len() == b.shape.len()
                    && a.shape[1..] == b.shape[1..]
            })
    }
}

/// Runs jobs that fit together and answers each. A batch that fails is run job by job, so that one bad request fails
/// alone. Returns false when the outputs cannot be taken apart by row.
pub(super) fn run_batch(session: &mut Session, mut jobs: Vec<Job>, max_rows: usize) -> bool {
    if jobs.len() == 1 {
        if let Some(job) = jobs.pop() {
            answer_alone(session, job, max_rows);
        }
        return true;
    }
    let outputs = session.run(&merged(&jobs));
    let rows: usize = jobs.iter().map(|job| job.rows).sum();
    let separable = outputs.as_ref().is_ok_and(|outputs| outputs.iter().all(|tensor| splits(tensor, rows)));
    match outputs {
        Ok(outputs) if separable => answer_each(jobs, &outputs),
        Ok(_) => {
            answer_singly(session, jobs, max_rows);
            return false;
        }
        Err(_) => answer_singly(session, jobs, max_rows),
    }
    true
}

fn merged(jobs: &[Job]) -> Vec<Tensor> {
    let Some((first, others)) = jobs.split_first() else { return Vec::new() };
    let mut inputs = first.inputs.to_vec();
    for job in others {
        for (input, more) in inputs.iter_mut().zip(job.inputs.iter()) {
            rows::append(input, more);
        }
    }
    inputs
}

fn splits(tensor: &Tensor, rows: usize) -> bool {
    tensor.shape.first() == Some(&rows)
}

fn answer_each(jobs: Vec<Job>, outputs: &[Tensor]) {
    let mut start = 0;
    for job in jobs {
        let end = start + job.rows;
        let own = outputs.iter().map(|tensor| rows::slice(tensor, start, end)).collect();
        // A client that left meanwhile does not want it.
        let _ = job.answer.send(Ok(own));
        start = end;
    }
}

fn answer_singly(session: &mut Session, jobs: Vec<Job>, max_rows: usize) {
    for job in jobs {
        answer_alone(session, job, max_rows);
    }
}

fn answer_alone(session: &mut Session, job: Job, max_rows: usize) {
    let outputs =
        if job.rows <= max_rows { session.run(&job.inputs) } else { run_sliced(session, &job, max_rows) };
    let _ = job.answer.send(outputs.map_err(Problem::from));
}

/// Runs a large request in slices. Where the outputs cannot be put together again it is run at once.
fn run_sliced(session: &mut Session, job: &Job, max_rows: usize) -> Result<Vec<Tensor>, RuntimeError> {
    let mut whole: Vec<Tensor> = Vec::new();
    for start in (0..job.rows).step_by(max_rows) {
        let end = (start + max_rows).min(job.rows);
        let slice: Vec<Tensor> = job.inputs.iter().map(|tensor| rows::slice(tensor, start, end)).collect();
        let outputs = session.run(&slice)?;
        if !outputs.iter().all(|tensor| splits(tensor, end - start)) {
            return session.run(&job.inputs);
        }
        if whole.is_empty() {
            whole = outputs;
        } else if !whole.iter_mut().zip(&outputs).all(|(all, part)| rows::append(all, part)) {
            return session.run(&job.inputs);
        }
    }
    Ok(whole)
}
