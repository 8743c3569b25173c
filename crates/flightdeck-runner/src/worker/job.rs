//! What a worker does for its parent: measure, answer, try.

use super::resident::Kept;
use crate::model_file::with_model;
use flightdeck_core::{Input, Progress, Signature, Tensor, Unit};
use flightdeck_engine::measure::measure;
use flightdeck_engine::runtime::{Runtime, RuntimeError, Session, SessionOptions};
use flightdeck_engine::trace::{self, TraceError, Traced};
use flightdeck_engine::{
    Comparison, Failure, GoldenRequest, ModelSource, OperatorTime, Preflight, PreflightRequest, Profile,
    ProfileRequest, Reply, Request, Sampled, Verdict, compare, memory, rows, synthesise,
};
use flightdeck_onnx::{Limits, Refusal, inspect};
use flightdeck_package::{GOLDEN, Golden, MANIFEST, MODEL, Manifest, SIGNATURE};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

type Report<'a> = &'a mut dyn FnMut(Progress);

/// Answers one request.
pub(super) fn answer(request: Request, kept: &mut Kept, progress: Report<'_>) -> Result<Reply, Failure> {
    match request {
        Request::Profile(request) => profile(&request, progress).map(Reply::Profile),
        Request::Golden(request) => golden(&request, progress).map(Reply::Golden),
        Request::Preflight(request) => preflight(&request, progress).map(Reply::Preflight),
        Request::Load(request) => {
            Ok(kept.load(load(&ModelSource::Package(request.package), progress)?.session))
        }
        Request::Run(request) => kept.run(&request.inputs),
    }
}

/// A model, loaded, and what was known of it before.
struct Loaded {
    runtime: Runtime,
    session: Session,
    path: PathBuf,
    /// Operators in the file.
    nodes: u64,
    /// What was read from the file.
    proposed: Signature,
    /// Memory before anything was loaded, in bytes.
    before: u64,
}

fn load(model: &ModelSource, progress: Report<'_>) -> Result<Loaded, Failure> {
    progress(Progress::new("load", 0, 1, Unit::Steps));
    let path = model_path(model)?;
    let before = memory().now;
    let inspection = inspect(&path, &Limits::default()).map_err(|refusal| refused(&refusal))?;
    let nodes = inspection.facts.operators.iter().map(|operator| operator.count).sum();
    let runtime = Runtime::load().map_err(|error| failed(&error))?;
    let session = with_model(&path, |model| runtime.session(model, SessionOptions::default()));
    let session = session.map_err(|error| failed(&error))?;
    progress(Progress::new("load", 1, 1, Unit::Steps));
    Ok(Loaded { runtime, session, path, nodes, proposed: inspection.signature, before })
}

fn model_path(model: &ModelSource) -> Result<PathBuf, Failure> {
    match model {
        ModelSource::File(path) => Ok(path.clone()),
        ModelSource::Package(folder) => {
            let manifest: Option<Manifest> = document(folder, MANIFEST)?;
            Ok(folder.join(manifest.map_or_else(|| MODEL.to_owned(), |manifest| manifest.model)))
        }
    }
}

fn profile(request: &ProfileRequest, progress: Report<'_>) -> Result<Profile, Failure> {
    let folder = match &request.model {
        ModelSource::Package(folder) => Some(folder.as_path()),
        ModelSource::File(_) => None,
    };
    let mut loaded = load(&request.model, progress)?;
    let stated = match (&request.signature, folder) {
        (Some(signature), _) => Some(signature.clone()),
        (None, Some(folder)) => document(folder, SIGNATURE)?,
        (None, None) => None,
    };
    let signature = stated.unwrap_or_else(|| loaded.proposed.clone());
    let (sample, invented_rows) = sample(&request.rows, folder, &signature)?;
    let batches = batches(&signature, &request.batches);
    let budget = Duration::from_millis(request.budget_ms) / batches.len().max(1) as u32;
    let (mut latency_us, mut rows_per_s) = (Vec::new(), 0.0_f64);
    for (done, batch) in batches.iter().enumerate() {
        progress(Progress::new("profile", done as u64, batches.len() as u64, Unit::Steps));
        let (latency, rate) = match batch {
            Some(batch) => measure(&mut loaded.session, &sample, *batch, (budget, progress)),
            None => measure(&mut loaded.session, &sample, 1, (budget, progress)),
        }
        .map_err(|error| failed(&error))?;
        latency_us.push(latency);
        rows_per_s = rows_per_s.max(rate);
    }
    progress(Progress::new("profile", batches.len() as u64, batches.len() as u64, Unit::Steps));
    let peak_bytes = memory().peak;
    Ok(Profile {
        load_ms: loaded.session.load_ms(),
        latency_us,
        rows_per_s,
        peak_bytes,
        model_bytes: peak_bytes.saturating_sub(loaded.before),
        invented_rows,
        operators: operators(loaded, &sample, &batches),
    })
}

/// Where the time goes, for the smallest and the largest batch. The figures above are taken by now, and the session that
/// gave them makes room for one that keeps a trace. A profile without operators is still a profile.
fn operators(loaded: Loaded, sample: &[Tensor], batches: &[Option<usize>]) -> Vec<OperatorTime> {
    let Loaded { runtime, session, path, nodes, .. } = loaded;
    drop(session);
    let ends = match (batches.iter().min(), batches.iter().max()) {
        (Some(first), Some(last)) if first != last => vec![*first, *last],
        (first, _) => first.copied().into_iter().collect(),
    };
    let nodes = usize::try_from(nodes).unwrap_or(usize::MAX - 1);
    let found =
        with_model(&path, |model| match trace::operators(&runtime, Traced { model, nodes, sample }, &ends) {
            Err(TraceError::Runtime(error)) => Err(error),
            other => Ok(other.unwrap_or_default()),
        });
    found.unwrap_or_default()
}

/// Batch sizes to measure; where rows cannot be batched, a run as it is.
fn batches(signature: &Signature, wanted: &[usize]) -> Vec<Option<usize>> {
    let batched = signature.inputs.iter().all(|input| input.batch_axis == Some(0));
    if batched { wanted.iter().map(|batch| Some((*batch).max(1))).collect() } else { vec![None] }
}

fn sample(
    rows: &Sampled,
    folder: Option<&Path>,
    signature: &Signature,
) -> Result<(Vec<Tensor>, bool), Failure> {
    let golden = match (rows, folder) {
        (Sampled::Rows(tensors), _) => return Ok((tensors.clone(), false)),
        (Sampled::Golden, Some(folder)) => document::<Golden>(folder, GOLDEN)?,
        (Sampled::Golden | Sampled::Invented, _) => None,
    };
    if let Some(golden) = golden {
        return Ok((golden.inputs, false));
    }
    let invented = synthesise(signature, 32);
    invented.map(|tensors| (tensors, true)).map_err(|error| failure("unsupported-type", &error, NO_ROWS))
}

const NO_ROWS: &str = "Export the model with inputs of fewer values.";

fn golden(request: &GoldenRequest, progress: Report<'_>) -> Result<Vec<Tensor>, Failure> {
    let mut loaded = load(&request.model, progress)?;
    loaded.session.run(&request.inputs).map_err(|error| failed(&error))
}

fn preflight(request: &PreflightRequest, progress: Report<'_>) -> Result<Preflight, Failure> {
    let folder = &request.package;
    let Loaded { mut session, proposed, .. } = load(&ModelSource::Package(folder.clone()), progress)?;
    let signature: Signature = document(folder, SIGNATURE)?.unwrap_or(proposed);
    let golden: Option<Golden> = document(folder, GOLDEN)?;
    let comparison = match &golden {
        Some(golden) => Some(against(&mut session, golden, &signature, progress)?),
        None => None,
    };
    let inputs = match golden {
        Some(golden) => single_row(&signature, &golden.inputs),
        None => synthesise(&signature, 1).map_err(|error| failure("unsupported-type", &error, NO_ROWS))?,
    };
    let start = Instant::now();
    session.run(&inputs).map_err(|error| failed(&error))?;
    let run_us = Some(start.elapsed().as_secs_f64() * 1e6);
    Ok(Preflight { load_ms: session.load_ms(), run_us, peak_bytes: memory().peak, comparison })
}

fn single_row(signature: &Signature, inputs: &[Tensor]) -> Vec<Tensor> {
    let batched = signature.inputs.iter().all(|input| input.batch_axis == Some(0));
    inputs.iter().map(|tensor| if batched { rows::cycle(tensor, 1) } else { tensor.clone() }).collect()
}

/// The golden rows against what was recorded, together and one by one: rows of a model that another program trained are
/// independent, however they are sent. A model that was exported elsewhere may mean its rows to be seen together; it is
/// served so.
fn against(
    session: &mut Session,
    golden: &Golden,
    signature: &Signature,
    progress: Report<'_>,
) -> Result<Comparison, Failure> {
    let near = |found: f64, expected: f64| golden.tolerance.allows(found, expected);
    let together = session.run(&golden.inputs).map_err(|error| failed(&error))?;
    let mut found = compare(&together, &golden.local, &near);
    let count = golden.inputs.iter().map(rows::count).max().unwrap_or(0);
    if let Some(original) = &golden.original {
        found = worse(found, compare(&together, original, &near));
    }
    let is_batched = |input: &Input| input.batch_axis == Some(0);
    let outputs_too = signature.outputs.iter().all(|output| output.shape.first() == Some(&-1));
    if golden.original.is_none() || !signature.inputs.iter().all(is_batched) || !outputs_too {
        return Ok(found);
    }
    for row in 0..count {
        progress(Progress::new("preflight", row as u64, count as u64, Unit::Rows));
        let cut =
            |tensors: &[Tensor]| tensors.iter().map(|tensor| rows::slice(tensor, row, row + 1)).collect();
        let inputs: Vec<Tensor> = cut(&golden.inputs);
        let expected: Vec<Tensor> = cut(&golden.local);
        let alone = session.run(&inputs).map_err(|error| failed(&error))?;
        let single = compare(&alone, &expected, &near);
        if single.verdict == Verdict::Differ {
            let first = single.first.map(|first| format!("row {row} alone: {first}"));
            let beyond = found.beyond.max(single.beyond);
            return Ok(Comparison { verdict: Verdict::Differ, first, beyond, ..found });
        }
    }
    Ok(found)
}

fn worse(one: Comparison, other: Comparison) -> Comparison {
    match (one.verdict, other.verdict) {
        (Verdict::Agree, Verdict::Differ) => other,
        _ => one,
    }
}

/// A JSON file of a package; `None` when it is not there.
fn document<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Option<T>, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        failure(
            "package-unreadable",
            &format_args!("{name} of the package cannot be read: {error}"),
            "Import it again.",
        )
    };
    let bytes = match std::fs::read(folder.join(name)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| unreadable(&error))
}

pub(super) fn failed(error: &RuntimeError) -> Failure {
    failure(error.code(), error, error.hint())
}

fn refused(refusal: &Refusal) -> Failure {
    failure(refusal.code(), refusal, refusal.hint())
}

pub(super) fn failure(code: &str, message: &dyn std::fmt::Display, hint: &str) -> Failure {
    Failure { code: code.into(), message: message.to_string(), hint: hint.into() }
}
