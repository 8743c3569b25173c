//! Several requests in one run, and one request in several runs.

use super::engine::{Engine, RunError};
use super::lane::{Job, Outputs};
use super::running::Running;
use super::statistics::{Run, Statistics};
use crate::problem::Problem;
use flightdeck_core::{Signature, Tensor};
use flightdeck_engine::{RunTimes, rows};
use std::time::Instant;

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

/// What runs jobs: a session, and where it is counted.
pub(super) struct Runs<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) statistics: &'a Statistics,
    pub(super) running: &'a Running,
    pub(super) max_rows: usize,
    /// Why the model broke: nothing more is run then.
    pub(super) broken: Option<Problem>,
}

impl Runs<'_> {
    /// Runs jobs that fit together and answers each. A batch that fails is run job by job, so that one bad request fails
    /// alone. Returns false when the outputs cannot be taken apart by row.
    pub(super) fn batch(&mut self, mut jobs: Vec<Job>) -> bool {
        if jobs.len() == 1 {
            if let Some(job) = jobs.pop() {
                self.alone(job);
            }
            return true;
        }
        let start = Instant::now();
        let inputs = merged(&jobs);
        let merged_ns = start.elapsed().as_nanos() as u64;
        let outputs = self.run(&inputs);
        let rows: usize = jobs.iter().map(|job| job.rows).sum();
        let separable =
            outputs.as_ref().is_ok_and(|outputs| outputs.iter().all(|tensor| splits(tensor, rows)));
        match outputs {
            Ok(outputs) if separable => {
                let mut run = self.run_of(start, &jobs);
                run.input_ns += merged_ns;
                self.statistics.ran(run);
                answer_each(jobs, &outputs);
            }
            other => {
                for job in jobs {
                    self.alone(job);
                }
                return other.is_err();
            }
        }
        true
    }

    /// Runs the model, unless it broke before.
    fn run(&mut self, inputs: &[Tensor]) -> Outputs {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        self.running.begin();
        let outputs = self.engine.run(inputs);
        let overdue = self.running.end();
        match (outputs, overdue) {
            (Ok(outputs), _) => Ok(outputs),
            (Err(RunError::Refused(problem)), None) => Err(problem),
            (Err(RunError::Broken(problem)), None) | (Err(_), Some(problem)) => {
                self.broken = Some(problem.clone());
                Err(problem)
            }
        }
    }

    fn alone(&mut self, job: Job) {
        let start = Instant::now();
        let outputs = if job.rows <= self.max_rows {
            let outputs = self.run(&job.inputs);
            if outputs.is_ok() {
                self.statistics.ran(self.run_of(start, std::slice::from_ref(&job)));
            }
            outputs
        } else {
            self.sliced(start, &job)
        };
        // A client that left meanwhile does not want it.
        let _ = job.answer.send(outputs);
    }

    /// Runs a large request in slices, for as long as somebody waits for it. Where the outputs cannot be put together again
    /// it is run at once.
    fn sliced(&mut self, start: Instant, job: &Job) -> Outputs {
        let mut whole: Vec<Tensor> = Vec::new();
        let mut sum = Run { runs: 0, ..self.run_of(start, std::slice::from_ref(job)) };
        (sum.input_ns, sum.infer_ns, sum.output_ns) = (0, 0, 0);
        for from in (0..job.rows).step_by(self.max_rows) {
            if let Some(problem) = job.is_unwanted(Instant::now()) {
                return Err(problem);
            }
            let to = (from + self.max_rows).min(job.rows);
            let slice: Vec<Tensor> = job.inputs.iter().map(|tensor| rows::slice(tensor, from, to)).collect();
            let outputs = self.run(&slice)?;
            sum.add(self.engine.times());
            let splits = outputs.iter().all(|tensor| splits(tensor, to - from));
            let fits = splits
                && (whole.is_empty()
                    || whole.iter_mut().zip(&outputs).all(|(all, part)| rows::append(all, part)));
            if !fits {
                let outputs = self.run(&job.inputs)?;
                self.statistics.ran(self.run_of(start, std::slice::from_ref(job)));
                return Ok(outputs);
            }
            if whole.is_empty() {
                whole = outputs;
            }
        }
        self.statistics.ran(sum);
        Ok(whole)
    }

    /// The last run, which was of these.
    fn run_of(&self, start: Instant, jobs: &[Job]) -> Run {
        let waited = |job: &Job| start.saturating_duration_since(job.queued).as_nanos() as u64;
        let mut queue_ns = 0;
        for waited in jobs.iter().map(waited) {
            self.statistics.waits.add_ns(waited);
            queue_ns += waited;
        }
        let mut run = Run {
            requests: jobs.len() as u64,
            rows: jobs.iter().map(|job| job.rows as u64).sum(),
            queue_ns,
            ..Run::default()
        };
        run.add(self.engine.times());
        run
    }
}

impl Run {
    fn add(&mut self, times: RunTimes) {
        self.runs += 1;
        self.input_ns += times.input_ns;
        self.infer_ns += times.infer_ns;
        self.output_ns += times.output_ns;
    }
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
        let _ = job.answer.send(Ok(own));
        start = end;
    }
}
