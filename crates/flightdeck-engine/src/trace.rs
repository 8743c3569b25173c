//! Where the time of a run goes: ONNX Runtime's own trace, added up by operator.

use crate::message::OperatorTime;
use crate::rows;
use crate::runtime::{Runtime, RuntimeError, Source};
use flightdeck_core::Tensor;
use serde::Deserialize;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use thiserror::Error;

/// Runs before those that count.
const WARM_RUNS: usize = 3;
/// The most runs of one batch size.
const MAX_RUNS: usize = 200;
/// How long the runs of one batch size may take, unless a single one takes longer.
const TIME: Duration = Duration::from_millis(300);
/// Events that a trace may have: about half a kilobyte each.
const MAX_EVENTS: usize = 60_000;
/// Folders of the same name that earlier processes may have left.
const ATTEMPTS: usize = 16;
/// A longer trace is not read.
const MAX_BYTES: u64 = 64 << 20;

/// Why there is no trace.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The model has so many nodes that a trace of a few runs would be too long.
    #[error("the model has too many nodes for a trace")]
    TooManyNodes,
    /// ONNX Runtime failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The scratch folder or the trace in it cannot be used.
    #[error("the trace cannot be kept")]
    Scratch(#[from] io::Error),
    /// The trace is not what ONNX Runtime writes.
    #[error("the trace cannot be read")]
    Unreadable(#[from] serde_json::Error),
}

/// What to trace.
#[derive(Clone, Copy, Debug)]
pub struct Traced<'a> {
    /// The model.
    pub model: Source<'a>,
    /// How many nodes it has.
    pub nodes: usize,
    /// Rows to run.
    pub sample: &'a [Tensor],
}

/// Measures the operators of runs of each batch size; `None` runs the sample as it is. In a session of its own, whose trace
/// lies in a folder of its own until it was read.
pub fn operators(
    runtime: &Runtime,
    traced: Traced<'_>,
    batches: &[Option<usize>],
) -> Result<Vec<OperatorTime>, TraceError> {
    let runs = MAX_EVENTS / (traced.nodes + 1) / batches.len().max(1);
    if runs <= WARM_RUNS {
        return Err(TraceError::TooManyNodes);
    }
    let runs = (runs - WARM_RUNS).min(MAX_RUNS);
    let scratch = Scratch::new()?;
    let mut session = runtime.traced_session(traced.model, &scratch.0.join("trace"))?;
    let mut counted = Vec::new();
    for batch in batches {
        let cycled =
            |tensor: &Tensor| batch.map_or_else(|| tensor.clone(), |batch| rows::cycle(tensor, batch));
        let inputs: Vec<Tensor> = traced.sample.iter().map(cycled).collect();
        for _ in 0..WARM_RUNS {
            session.run(&inputs)?;
        }
        let (start, mut done) = (Instant::now(), 0);
        while done == 0 || (done < runs && start.elapsed() < TIME) {
            session.run(&inputs)?;
            done += 1;
        }
        counted.push((batch.unwrap_or(1), done));
    }
    let events = read(&session.end_trace()?)?;
    Ok(add_up(&events, &counted))
}

/// A private folder that goes with its handle.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
        for attempt in 0..ATTEMPTS {
            let name = format!("flightdeck-trace-{}-{attempt}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match builder.create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) => taken = error,
            }
        }
        Err(taken)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An event of the trace, as far as it matters.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(default)]
    cat: String,
    #[serde(default)]
    name: String,
    /// In microseconds.
    #[serde(default)]
    dur: u64,
    #[serde(default)]
    args: Args,
}

#[derive(Debug, Default, Deserialize)]
struct Args {
    #[serde(default)]
    op_name: String,
}

fn read(path: &Path) -> Result<Vec<Event>, TraceError> {
    let file = File::open(path)?;
    if file.metadata()?.len() > MAX_BYTES {
        return Err(TraceError::TooManyNodes);
    }
    Ok(serde_json::from_reader(BufReader::new(file.take(MAX_BYTES)))?)
}

/// Each run ends with an event of its own. `counted` says for each batch size how many runs count, after the warm ones.
fn add_up(events: &[Event], counted: &[(usize, usize)]) -> Vec<OperatorTime> {
    let is_end = |event: &Event| event.cat == "Session" && event.name == "model_run";
    let mut runs = events.split_inclusive(is_end);
    let mut operators = Vec::new();
    for (batch, count) in counted {
        let mut sums: HashMap<&str, (u64, u64)> = HashMap::new();
        let measured = runs.by_ref().skip(WARM_RUNS).take(*count);
        for event in measured.flatten().filter(|event| is_kernel(event)) {
            let (us, times) = sums.entry(event.args.op_name.as_str()).or_default();
            *us += event.dur;
            *times += 1;
        }
        operators.extend(shares(*batch, *count, sums));
    }
    operators
}

/// What holds other operators is the time of those, and they have events of their own.
fn is_kernel(event: &Event) -> bool {
    let holds_others = matches!(event.args.op_name.as_str(), "If" | "Loop" | "Scan" | "");
    event.cat == "Node" && event.name.ends_with("_kernel_time") && !holds_others
}

fn shares(batch: usize, runs: usize, sums: HashMap<&str, (u64, u64)>) -> Vec<OperatorTime> {
    let all: u64 = sums.values().map(|(us, _)| us).sum();
    let operator = |(name, (us, times)): (&str, (u64, u64))| OperatorTime {
        batch,
        operator: name.into(),
        share: if all == 0 { 0.0 } else { us as f64 / all as f64 },
        us_per_run: us as f64 / runs as f64,
        count: times / runs as u64,
    };
    let mut operators: Vec<OperatorTime> = sums.into_iter().map(operator).collect();
    operators.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.operator.cmp(&b.operator)));
    operators
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As ONNX Runtime 1.32 writes it.
    fn trace(runs: &[&[(&str, u64)]]) -> Vec<Event> {
        let mut events = vec![r#"{"cat":"Session","pid":1,"tid":1,"dur":9,"ts":1,"ph":"X","name":"model_loading_uri","args":{}}"#.to_owned()];
        for run in runs {
            for (operator, us) in *run {
                let name = format!("/n/{operator}_kernel_time");
                events.push(format!(
                    r#"{{"cat":"Node","dur":{us},"ts":1,"ph":"X","name":"{name}","args":{{"op_name":"{operator}","input_type_shape":[{{"float":[1,4]}}]}}}}"#
                ));
            }
            events.push(r#"{"cat":"Session","dur":7,"ts":3,"ph":"X","name":"model_run","args":{}}"#.into());
        }
        serde_json::from_str(&format!("[{}]", events.join(","))).unwrap()
    }

    #[test]
    fn times_are_added_up_by_operator_and_batch() {
        let warm: &[(&str, u64)] = &[("Gemm", 900)];
        let small: &[(&str, u64)] = &[("Gemm", 6), ("Relu", 1), ("Gemm", 2), ("If", 50)];
        let large: &[(&str, u64)] = &[("Relu", 30), ("Gemm", 10)];
        let found =
            add_up(&trace(&[warm, warm, warm, small, small, warm, warm, warm, large]), &[(1, 2), (64, 1)]);
        let found: Vec<_> =
            found.iter().map(|o| (o.batch, o.operator.as_str(), o.us_per_run, o.count)).collect();
        assert_eq!(
            found,
            [(1, "Gemm", 8.0, 2), (1, "Relu", 1.0, 1), (64, "Relu", 30.0, 1), (64, "Gemm", 10.0, 1)]
        );
    }

    #[test]
    fn shares_add_up_to_one() {
        let run: &[(&str, u64)] = &[("A", 3), ("B", 1)];
        let found = add_up(&trace(&[run, run, run, run]), &[(1, 1)]);
        assert_eq!(found.iter().map(|operator| operator.share).collect::<Vec<_>>(), [0.75, 0.25]);
        assert_eq!(add_up(&trace(&[]), &[(1, 1)]), []);
    }
}
