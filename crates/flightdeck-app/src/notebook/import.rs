//! A notebook's way to a version: understood, run, the model chosen, proved. What is written then is `crate::import`'s.

use super::origin::{self, Numbers};
use super::proved::{Proved, Proving};
use super::run::{Failed, Ran, Running, one_line};
use super::understood::{Understood, environment_error};
use crate::import::{Made, Prepared, file_name, no_baseline, on_a_thread};
use crate::jobs::Job;
use crate::views::{CandidateView, Corrections};
use crate::{App, Error, Result};
use flightdeck_core::{Finding, Progress, Severity, Unit};
use flightdeck_notebook::analysis;
use flightdeck_notebook::convert::Converter;
use flightdeck_notebook::environment::{self, Origin, Probe, Wanted, Watch};
use flightdeck_notebook::overlay::{self, OverlayError};
use flightdeck_notebook::wire::{Candidate, Capture, CaptureFolder};
use flightdeck_package::{LineageEntry, LineageRole};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Where the packages lie that Flightdeck needs beside a person's own.
pub(crate) struct Overlays {
    pub(crate) kernel: Option<PathBuf>,
    pub(crate) converter: PathBuf,
}

/// A model that was captured, and what is known of where it comes from.
pub(crate) struct Taken<'a> {
    pub(crate) folder: &'a CaptureFolder,
    pub(crate) candidate: &'a Candidate,
    pub(crate) numbers: Numbers,
    pub(crate) source: String,
    pub(crate) lineage: Vec<LineageEntry>,
}

impl App {
    /// Runs a notebook and takes the model that it fits. Nothing is written into the library yet.
    pub(crate) async fn prepare_notebook(
        &self,
        path: &Path,
        corrections: &Corrections,
        job: &Job,
    ) -> Result<Prepared> {
        let begun = Instant::now();
        job.report(Progress::new("environment", 0, None, Unit::Steps));
        let mut understood = self.understand(path, corrections).await?;
        let mut corrections = self.with_remembered(&understood, corrections)?;
        if corrections.build_environment
            && let Some(interpreter) = self.build_environment(&understood, job).await?
        {
            corrections.python = Some(interpreter.display().to_string());
            understood = self.understand(path, &corrections).await?;
        }
        if let Some(obstacle) = understood.obstacle(&corrections) {
            return Err(obstacle.with_findings(understood.findings.clone()));
        }
        let Some(probe) = understood.probe.clone() else {
            return Err(Error::failed("internal", "The interpreter was not asked", "Report this as a bug"));
        };
        self.remember_choices(&understood.path, &corrections)?;
        let understood_seconds = begun.elapsed().as_secs_f64();
        let overlays = self.overlays(&probe, job).await?;
        let prepared_seconds = begun.elapsed().as_secs_f64() - understood_seconds;
        let scratch = scratch()?;
        let ran = self.run_notebook(&understood, &corrections, &overlays, (scratch.path(), job)).await?;
        let candidate = chosen(&ran, &understood, &corrections)?;
        let numbers = understood.numbers();
        let code = understood.notebook.code_digest;
        let entry = |path: &str, sha256, role| LineageEntry { path: path.into(), sha256, role };
        let mut lineage = vec![entry("notebook", code, LineageRole::Notebook)];
        lineage.extend(origin::files_read(&ran.capture.capture));
        let taken = Taken {
            folder: &ran.capture,
            candidate: &candidate,
            numbers,
            source: file_name(&understood.path),
            lineage,
        };
        let converter =
            Converter::new(&probe.interpreter, &overlays.converter, scratch.path().join("converter"));
        let proving = Instant::now();
        let mut prepared = self.prove(taken, &converter, understood.name(&corrections), job).await?;
        prepared.original = code;
        let seconds = [
            ("environment", understood_seconds),
            ("prepare", prepared_seconds),
            ("start-kernel", ran.start_seconds),
            ("run", ran.run_seconds),
            ("capture", ran.capture_seconds),
            ("convert and compare", proving.elapsed().as_secs_f64()),
        ];
        prepared.findings.extend(ran.findings.iter().cloned());
        prepared.findings.extend(understood.findings.iter().cloned());
        if let Some(failed) = &ran.failed {
            // The capture says the same, without the cell.
            prepared.findings.retain(|finding| finding.code != "incomplete-run");
            prepared.findings.push(incomplete(failed));
        }
        if let Some(made) = &mut prepared.made {
            understood.describe(&mut made.origin, &ran.cells);
            made.origin.seconds = seconds.map(|(stage, seconds)| (stage.to_owned(), seconds)).to_vec();
        }
        once(&mut prepared.findings);
        prepared.correct(&corrections)?;
        Ok(prepared)
    }

    async fn run_notebook(
        &self,
        understood: &Understood,
        corrections: &Corrections,
        overlays: &Overlays,
        (scratch, job): (&Path, &Job),
    ) -> Result<Ran> {
        let interpreter =
            understood.probe.as_ref().map(|probe| probe.interpreter.clone()).unwrap_or_default();
        let running = Running {
            notebook: &understood.notebook,
            path: &understood.path,
            interpreter: &interpreter,
            kernel_overlay: overlays.kernel.clone(),
            converter_overlay: &overlays.converter,
            cells: understood.cells(corrections),
            corrections,
            maps_much: understood.maps_much(),
            scratch,
            job,
        };
        running.run().await
    }

    /// Converts a captured model and compares it; what comes out can be written.
    pub(crate) async fn prove(
        &self,
        taken: Taken<'_>,
        converter: &Converter,
        name: flightdeck_core::Name,
        job: &Job,
    ) -> Result<Prepared> {
        let Taken { folder, candidate, numbers, source, lineage } = taken;
        let proved = Proving { folder, candidate, converter, job }.prove().await?;
        let Proved {
            inspection,
            signature,
            parity,
            golden,
            training,
            evaluation,
            attempts,
            conversion,
            variant,
            findings,
        } = proved;
        let capture = &folder.capture;
        let mut origin = origin::of_capture(capture, candidate, &numbers);
        origin.conversion = attempts;
        let environment = origin::environment(capture, &conversion, variant);
        let mut prepared = Prepared::of(inspection, name, source);
        prepared.signature = signature;
        match training {
            Some(training) => prepared.train_on(training),
            None => prepared.findings.push(no_baseline()),
        }
        prepared.findings.extend(candidate.findings.iter().cloned());
        prepared.findings.extend(findings);
        prepared.made = Some(Made { origin, parity, golden, evaluation, environment, lineage });
        Ok(prepared)
    }

    /// What Flightdeck needs beside the person's packages; fetched the first time.
    pub(crate) async fn overlays(&self, probe: &Probe, job: &Job) -> Result<Overlays> {
        let cache = Self::cache()?.join("overlays");
        if !overlay::has_converter(&cache, probe) {
            job.report(Progress::new("prepare", 0, None, Unit::Steps));
        }
        let (probe, job) = (probe.clone(), job.clone());
        on_a_thread(move || {
            let origin = wheels();
            let mut progress =
                |progress: Progress| job.report(Progress { stage: "prepare".into(), ..progress });
            let mut line = |_: &str| {};
            let mut watch = Watch { progress: &mut progress, line: &mut line, cancel: &job.cancel };
            let converter =
                overlay::converter(&cache, &probe, &origin, &mut watch).map_err(|e| overlay_error(&e))?;
            let kernel = match &probe.ipykernel {
                Some(_) => None,
                None => Some(
                    overlay::kernel(&cache, &probe, &origin, &mut watch).map_err(|e| overlay_error(&e))?,
                ),
            };
            Ok(Overlays { kernel, converter })
        })
        .await
    }

    /// Builds an environment for the notebook, when the chosen one lacks something. Only called with consent.
    async fn build_environment(&self, understood: &Understood, job: &Job) -> Result<Option<PathBuf>> {
        let Some(probe) = understood.probe.clone() else { return Ok(None) };
        let folder = understood.folder().to_owned();
        let place = Self::cache()?.join("environments").join(&understood.notebook.code_digest.hex()[..16]);
        let job = job.clone();
        job.report(Progress::new("prepare", 0, None, Unit::Steps));
        on_a_thread(move || {
            let requirements =
                environment::requirements(&folder, &probe).map_err(|e| environment_error(&e))?;
            let wanted = Wanted { base: probe.interpreter.clone(), requirements, origin: wheels() };
            let mut progress =
                |progress: Progress| job.report(Progress { stage: "prepare".into(), ..progress });
            let mut line = |_: &str| {};
            let mut watch = Watch { progress: &mut progress, line: &mut line, cancel: &job.cancel };
            environment::build(&wanted, &place, &mut watch).map(Some).map_err(|e| environment_error(&e))
        })
        .await
    }

    /// Where things are kept that can be fetched again.
    pub(crate) fn cache() -> Result<PathBuf> {
        if let Some(named) = std::env::var_os("FLIGHTDECK_CACHE") {
            return Ok(named.into());
        }
        let cache = dirs::cache_dir().ok_or_else(|| {
            Error::input(
                "no-home",
                "There is no home folder to keep fetched packages in",
                "Set FLIGHTDECK_CACHE",
            )
        })?;
        Ok(cache.join("flightdeck"))
    }
}

/// A folder of wheels instead of a network, where there is one.
pub(crate) fn wheels() -> Origin {
    Origin { wheels: std::env::var_os("FLIGHTDECK_WHEELS").map(PathBuf::from), others: Vec::new() }
}

/// Short: a kernel's sockets lie in it.
pub(crate) fn scratch() -> Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix("fd-").tempdir().map_err(|error| {
        Error::failed("disk-full", format!("No scratch folder can be made: {error}"), "Free some space")
    })
}

/// The model that is meant, or why it is not clear which.
fn chosen(ran: &Ran, understood: &Understood, corrections: &Corrections) -> Result<Candidate> {
    let capture = &ran.capture.capture;
    let numbers = understood.numbers();
    let picked = pick(capture, corrections.pick.as_deref(), &numbers);
    match (&ran.failed, &picked) {
        (None, _) => picked,
        // Taken although a later cell failed: only when a person names it.
        (Some(_), Ok(candidate)) if corrections.pick.is_some() => Ok(candidate.clone()),
        (Some(failed), _) => Err(cell_failed(failed, understood, views(capture, &numbers))),
    }
}

pub(crate) fn pick(capture: &Capture, picked: Option<&str>, numbers: &Numbers) -> Result<Candidate> {
    let known = views(capture, numbers);
    if let Some(picked) = picked {
        let named = capture.candidates.iter().find(|c| c.variables.iter().any(|name| name == picked));
        return named.cloned().ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|view| view.variable.as_str()).collect();
            let message = format!("No fitted model is called {picked}");
            let hint = if names.is_empty() {
                "None was found".into()
            } else {
                format!("There is {}", names.join(", "))
            };
            let error = Error::input("no-such-model", message, hint);
            Error { candidates: known.as_slice().into(), ..error }
        });
    }
    let Some(best) = capture.candidates.first() else {
        let error = Error::failed(
            "no-model-found",
            "The notebook ran, and no fitted model with `predict` was left at its end",
            "Keep the fitted model in a variable until the last cell",
        );
        return Err(error.with_findings(capture.findings.clone()));
    };
    if capture.pick.needed {
        let because =
            capture.pick.because.clone().unwrap_or_else(|| "several models are equally likely".into());
        let error = Error::input(
            "pick-a-model",
            format!("It is not clear which model is meant: {because}"),
            "Choose one of them (--pick VARIABLE)",
        );
        return Err(Error { candidates: known.into(), ..error });
    }
    Ok(best.clone())
}

fn views(capture: &Capture, numbers: &Numbers) -> Vec<CandidateView> {
    capture.candidates.iter().map(|candidate| origin::candidate_view(candidate, numbers)).collect()
}

fn cell_failed(failed: &Failed, understood: &Understood, candidates: Vec<CandidateView>) -> Error {
    let packages = understood.probe.as_ref().map(Probe::packages).unwrap_or_default();
    let index = understood.notebook.cells.iter().find(|cell| cell.number == Some(failed.number as usize));
    let diagnosis = understood
        .probe
        .as_ref()
        .zip(index)
        .filter(|_| failed.name == "NameError")
        .and_then(|(probe, cell)| analysis::misplaced(&probe.analysis, cell.index, &failed.value))
        .or_else(|| analysis::diagnose(&failed.name, &failed.value, &packages));
    let line = failed.line.map_or_else(String::new, |line| format!(", line {line}"));
    let message =
        format!("Cell {}{line} failed: {}: {}", failed.number, failed.name, one_line(&failed.value));
    let hint = match &diagnosis {
        Some(finding) => format!("{}. {}", finding.message.trim_end_matches('.'), finding.hint),
        None if candidates.is_empty() => {
            "Run the notebook from top to bottom in Jupyter, mend the cell, and import it again".into()
        }
        None => "Mend the cell and import it again, or choose a model that was fitted before it".into(),
    };
    let error = Error::failed("cell-failed", message, hint).with_findings(diagnosis.into_iter().collect());
    Error { candidates: candidates.into(), ..error }
}

fn incomplete(failed: &Failed) -> Finding {
    Finding::new(
        "incomplete-run",
        Severity::Warning,
        format!(
            "Cell {} failed after the model was fitted, and the cells after it were not run",
            failed.number
        ),
        "Mend the cell and import the notebook again",
    )
}

/// The same finding is said once.
fn once(findings: &mut Vec<Finding>) {
    let mut seen: Vec<Finding> = Vec::new();
    findings.retain(|finding| {
        let new = !seen.contains(finding);
        if new {
            seen.push(finding.clone());
        }
        new
    });
}

pub(crate) fn overlay_error(error: &OverlayError) -> Error {
    Error::failed(error.code(), capital(&error.to_string()), error.hint())
}

pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
