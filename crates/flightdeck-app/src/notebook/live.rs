//! Taking a model from a notebook that is open now. Its kernel is a host: it is asked between its person's own
//! executions, nothing is counted or remembered, and it is left as it was.

use super::import::{Taken, scratch};
use super::origin::{self, Numbers};
use super::run::{literal, quoted};
use super::understood::environment_error;
use crate::import::{Prepared, file_name, on_a_thread};
use crate::jobs::Job;
use crate::views::{Corrections, ImportView, KernelPlan, KernelView, LiveCandidate};
use crate::{App, Error, Kind, Result};
use flightdeck_core::{Cancel, Finding, Name, Progress, Severity, Unit};
use flightdeck_kernel::live::{self, Live, LiveError, LiveKernel, State};
use flightdeck_notebook::convert::Converter;
use flightdeck_notebook::wire::{CaptureFolder, Limits};
use flightdeck_notebook::{capture, environment};
use flightdeck_package::{LineageEntry, LineageRole};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long looking for models may take.
const SCAN: Duration = Duration::from_mins(1);
/// How long writing one out may take.
const TAKE: Duration = Duration::from_mins(10);

/// What the kernel answers to the scan.
#[derive(Deserialize)]
struct Scan {
    #[serde(default)]
    candidates: Vec<LiveCandidate>,
}

impl App {
    /// Notebooks that are open now.
    pub async fn kernels(&self) -> Result<Vec<KernelView>> {
        Ok(open_now().await?.iter().map(view).collect())
    }

    /// The fitted models of a notebook that is open now. Nothing in it is changed.
    pub async fn plan_kernel(&self, id: &str) -> Result<KernelPlan> {
        let kernel = find(id).await?;
        let scratch = scratch()?;
        let mut live = attach(&kernel, scratch.path()).await?;
        let code = entering(scratch.path(), "__import__('flightdeck_capture.live', fromlist=['x'])");
        let scan = live.ask(&code, "module.scan()", SCAN, &Cancel::default()).await;
        let scan = scan.map_err(|error| live_error(&error))?;
        let scan: Scan = serde_json::from_str(&scan).map_err(|error| {
            Error::failed(
                "live-raised",
                format!("The notebook's answer cannot be read: {error}"),
                "Import its file",
            )
        })?;
        Ok(KernelPlan { kernel: view(&kernel), candidates: scan.candidates })
    }

    /// Takes a model from a notebook that is open now.
    pub async fn import_kernel(&self, id: &str, corrections: Corrections, job: &Job) -> Result<ImportView> {
        job.report(Progress::new("capture", 0, None, Unit::Steps));
        let prepared = self.prepare_live(id, &corrections, job).await?;
        self.store(prepared, job).await
    }

    async fn prepare_live(&self, id: &str, corrections: &Corrections, job: &Job) -> Result<Prepared> {
        let kernel = find(id).await?;
        let scratch = scratch()?;
        let mut live = attach(&kernel, scratch.path()).await?;
        let executable = live
            .ask("", "__import__('sys').executable", SCAN, &job.cancel)
            .await
            .map_err(|error| live_error(&error))?;
        let folder = kernel.folder.clone().unwrap_or_else(|| scratch.path().to_owned());
        let interpreter = PathBuf::from(&executable);
        let probe = on_a_thread(move || {
            environment::probe(&interpreter, &[], &folder, &Cancel::default())
                .map_err(|e| environment_error(&e))
        })
        .await?;
        let overlays = self.overlays(&probe, job).await?;
        let taken_to = scratch.path().join("capture");
        let options = serde_json::json!({
            "python_overlay": overlays.converter.display().to_string(),
            "keep_data_bytes": 1_u64 << 30,
            "accept": if corrections.accept_data { "columns" } else { "proved" },
        });
        let take = format!(
            "module.take({}, {}, __import__('json').loads({}))",
            literal(&taken_to),
            corrections.pick.as_deref().map_or_else(|| "None".into(), quoted),
            quoted(&options.to_string()),
        );
        let code = entering(scratch.path(), "__import__('flightdeck_capture.live', fromlist=['x'])");
        live.ask(&code, &take, TAKE, &job.cancel).await.map_err(|error| live_error(&error))?;
        drop(live);
        let capture = CaptureFolder::open(&taken_to, Limits::default())
            .map_err(|error| super::captured::unreadable(&error))?;
        self.captured(&kernel, &capture, (&probe.interpreter, &overlays.converter), corrections, job).await
    }

    async fn captured(
        &self,
        kernel: &LiveKernel,
        folder: &CaptureFolder,
        (interpreter, overlay): (&Path, &Path),
        corrections: &Corrections,
        job: &Job,
    ) -> Result<Prepared> {
        let numbers = Numbers::default();
        let candidate = super::import::pick(&folder.capture, corrections.pick.as_deref(), &numbers)?;
        let name = corrections.name.clone().unwrap_or_else(|| suggested(kernel));
        // The code that made it is not known for certain: what identifies the model is the model.
        let pickle = candidate.pickle.as_ref().map(|path| folder.file(path)).transpose();
        let pickle = pickle.map_err(|error| super::captured::unreadable(&error))?;
        let original = match pickle {
            Some(path) => crate::import::digest_of(&path)?,
            None => flightdeck_core::Digest::from_bytes(Sha256::digest(candidate.id.as_bytes()).into()),
        };
        let entry = LineageEntry {
            path: "model in memory".into(),
            sha256: original,
            role: LineageRole::OriginalModel,
        };
        let mut lineage = vec![entry];
        lineage.extend(origin::files_read(&folder.capture));
        let source = kernel.path.as_deref().map_or_else(|| kernel.name.clone(), file_name);
        let taken = Taken { folder, candidate: &candidate, numbers, source, lineage };
        let scratch = folder.root().join("converter");
        let converter = Converter::new(interpreter, overlay, scratch);
        let mut prepared = self.prove(taken, &converter, name, job).await?;
        prepared.original = original;
        prepared.findings.extend(folder.capture.findings.iter().cloned());
        if !prepared.findings.iter().any(|finding| finding.code == "taken-live") {
            prepared.findings.push(taken_live());
        }
        if let Some(made) = &mut prepared.made {
            made.origin.source = "live".into();
            made.origin.path =
                kernel.path.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
            made.origin.environment = vec![
                ("Python".into(), folder.capture.python.version.clone()),
                ("Interpreter".into(), interpreter.display().to_string()),
            ];
        }
        prepared.correct(corrections)?;
        Ok(prepared)
    }
}

fn taken_live() -> Finding {
    Finding::new(
        "taken-live",
        Severity::Info,
        "The model was taken from a notebook that was open, and the notebook was not run again",
        "To have the whole way on record, import the notebook's file",
    )
}

fn suggested(kernel: &LiveKernel) -> Name {
    let stem = Path::new(&kernel.name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Name::suggest(&stem)
}

async fn open_now() -> Result<Vec<LiveKernel>> {
    let home = dirs::home_dir().ok_or_else(|| {
        Error::input("no-home", "There is no home folder to look for open notebooks in", "Set HOME")
    })?;
    Ok(live::list(&live::runtime_folders(|name| std::env::var_os(name), &home)).await)
}

async fn find(id: &str) -> Result<LiveKernel> {
    let all = open_now().await?;
    let found: Vec<&LiveKernel> =
        all.iter().filter(|kernel| kernel.id.starts_with(id) && !id.is_empty()).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Error::input(
            "no-kernel",
            format!("No open notebook has the id {id}"),
            "List them with `flightdeck kernels`; a notebook that was closed is imported as a file",
        )),
        _ => Err(Error::input(
            "no-kernel",
            format!("{} open notebooks begin with {id}", found.len()),
            "Give more of the id",
        )),
    }
}

async fn attach(kernel: &LiveKernel, scratch: &Path) -> Result<Live> {
    capture::write(scratch).map_err(|error| {
        Error::failed("disk-full", format!("A scratch folder cannot be written: {error}"), "Free some space")
    })?;
    Live::attach(&kernel.connection_file).await.map_err(|error| live_error(&error))
}

/// The statement that brings the capture's module, and takes its folder from the path again.
fn entering(folder: &Path, import: &str) -> String {
    let folder = literal(folder);
    format!(
        "import sys\nsys.path.insert(0, {folder})\ntry:\n    module = {import}\nfinally:\n    sys.path.remove({folder})"
    )
}

fn view(kernel: &LiveKernel) -> KernelView {
    KernelView {
        id: kernel.id.clone(),
        name: kernel.name.clone(),
        path: kernel.path.as_ref().map(|path| path.display().to_string()),
        state: match kernel.state {
            State::Idle => "idle",
            State::Busy => "busy",
            State::Unreachable => "unreachable",
        }
        .into(),
        language: kernel.language.clone(),
    }
}

fn live_error(error: &LiveError) -> Error {
    match error {
        LiveError::Cancelled => Error::cancelled(),
        _ => Error::new(Kind::Failed, error.code(), error.to_string(), error.hint()),
    }
}
