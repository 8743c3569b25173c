//! Running a notebook's cells in a kernel of our own, with the capture inside it.
//!
//! The first failing cell ends the run: what comes after it would fail for reasons that say nothing. What was captured
//! until then is kept and can still be taken, marked as incomplete.

use crate::jobs::{CellMove, Job};
use crate::views::{CellRecord, CellState, Corrections, OutputView};
use crate::{Error, Kind, Result};
use base64::Engine as _;
use flightdeck_core::{Finding, Progress, Unit};
use flightdeck_kernel::{
    Config, Execute, Isolation, Kernel, KernelError, MemoryRule, Network, Outcome, Output, Stream,
};
use flightdeck_notebook::capture;
use flightdeck_notebook::document::{Cell, CellKind, Notebook};
use flightdeck_notebook::wire::{CaptureFolder, Limits};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long one cell may run.
const CELL: Duration = Duration::from_mins(30);
/// How long the whole notebook may run.
const WHOLE: Duration = Duration::from_hours(2);
/// How long the hook may take for what it does between cells, and to write what it captured.
const HOOK: Duration = Duration::from_mins(10);
/// Rows captured in memory are written up to this size.
const KEEP_DATA_BYTES: u64 = 1 << 30;

/// What is to be run, and how.
pub(crate) struct Running<'a> {
    pub(crate) notebook: &'a Notebook,
    pub(crate) path: &'a Path,
    pub(crate) interpreter: &'a Path,
    /// Has ipykernel, when the interpreter has none.
    pub(crate) kernel_overlay: Option<PathBuf>,
    pub(crate) converter_overlay: &'a Path,
    /// Positions of the code cells to run.
    pub(crate) cells: BTreeSet<usize>,
    pub(crate) corrections: &'a Corrections,
    /// Whether something is imported that maps far more memory than it uses.
    pub(crate) maps_much: bool,
    pub(crate) scratch: &'a Path,
    pub(crate) job: &'a Job,
}

/// What a run left.
pub(crate) struct Ran {
    pub(crate) capture: CaptureFolder,
    pub(crate) cells: Vec<CellRecord>,
    /// Set when a cell failed and what was captured before is all there is.
    pub(crate) failed: Option<Failed>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) start_seconds: f64,
    pub(crate) run_seconds: f64,
    pub(crate) capture_seconds: f64,
}

/// A cell that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) line: Option<u32>,
}

impl Running<'_> {
    pub(crate) async fn run(&self) -> Result<Ran> {
        self.job.report(Progress::new("start-kernel", 0, None, Unit::Steps));
        let begun = Instant::now();
        let (hook, capture) = (self.scratch.join("hook"), self.scratch.join("capture"));
        std::fs::create_dir_all(&hook).and_then(|()| capture::write(&hook)).map_err(|error| disk(&error))?;
        let mut kernel =
            Kernel::start(&self.config(), &self.job.cancel).await.map_err(|e| kernel_error(&e))?;
        self.silent(&mut kernel, &self.install(&hook)).await?;
        let start_seconds = begun.elapsed().as_secs_f64();
        let isolation = kernel.network().clone();
        let (cells, failed) = self.cells(&mut kernel).await?;
        let run_seconds = begun.elapsed().as_secs_f64() - start_seconds;
        if let Some(failed) = failed.as_ref().filter(|_| !kernel.is_running()) {
            let message = format!("Cell {} was stopped with its kernel: {}", failed.number, failed.value);
            return Err(Error::failed(
                "cell-failed",
                message,
                "Make the cell shorter, and import the notebook again",
            ));
        }
        self.job.report(Progress::new("capture", 0, None, Unit::Steps));
        let complete = if failed.is_none() { "True" } else { "False" };
        let finish = format!(
            "__import__('flightdeck_capture').finish({}, {{'complete': {complete}}})",
            literal(&capture)
        );
        self.silent(&mut kernel, &finish).await?;
        kernel.shutdown().await;
        let capture =
            CaptureFolder::open(&capture, Limits::default()).map_err(|e| super::captured::unreadable(&e))?;
        let capture_seconds = begun.elapsed().as_secs_f64() - start_seconds - run_seconds;
        let findings = findings(&isolation, &capture);
        Ok(Ran { capture, cells, failed, findings, start_seconds, run_seconds, capture_seconds })
    }

    fn config(&self) -> Config {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut config = Config::new(self.interpreter, folder, self.scratch);
        config.overlay.clone_from(&self.kernel_overlay);
        config.network = if self.corrections.network { Network::On } else { Network::Off };
        config.memory_bytes = Some(memory_bytes());
        if self.maps_much {
            config.memory_rule = MemoryRule::Resident;
        }
        config
    }

    /// The first request: no name of ours is left in the notebook's namespace.
    fn install(&self, hook: &Path) -> String {
        let redirect: serde_json::Map<String, serde_json::Value> = self
            .corrections
            .files
            .iter()
            .map(|(written, file)| (written.clone(), serde_json::Value::from(file.as_str())))
            .collect();
        let options = serde_json::json!({
            "network": if self.corrections.network { "on" } else { "off" },
            "keep_data_bytes": KEEP_DATA_BYTES,
            "pick": self.corrections.pick,
            "notebook": self.path.display().to_string(),
            "python_overlay": self.converter_overlay.display().to_string(),
            "redirect": redirect,
            "kernel_overlay": self.kernel_overlay.as_ref().map(|overlay| overlay.display().to_string()),
        });
        format!(
            "__import__('sys').path.insert(0, {folder})\n\
             __import__('flightdeck_capture').install(__import__('json').loads({options}))\n\
             __import__('sys').path.remove({folder})",
            folder = literal(hook),
            options = quoted(&options.to_string()),
        )
    }

    async fn cells(&self, kernel: &mut Kernel) -> Result<(Vec<CellRecord>, Option<Failed>)> {
        let begun = Instant::now();
        let total = self.cells.len() as u64;
        let mut records = Vec::new();
        let mut failed = None;
        let mut done = 0;
        for cell in self.notebook.cells.iter().filter(|cell| cell.kind == CellKind::Code) {
            if failed.is_some() || !self.cells.contains(&cell.index) {
                let state = if failed.is_some() { CellState::Waiting } else { CellState::Skipped };
                self.moved(cell, state, None, None);
                records.push(record(cell, state, None));
                continue;
            }
            self.job.report(Progress::new("run", done, Some(total), Unit::Steps));
            let left = WHOLE.saturating_sub(begun.elapsed());
            let (state, seconds, failure) = self.cell(kernel, cell, left.min(CELL)).await?;
            records.push(record(cell, state, Some(seconds)));
            failed = failure;
            done += 1;
        }
        self.job.report(Progress::new("run", done, Some(total), Unit::Steps));
        Ok((records, failed))
    }

    async fn cell(
        &self,
        kernel: &mut Kernel,
        cell: &Cell,
        limit: Duration,
    ) -> Result<(CellState, f64, Option<Failed>)> {
        let index = cell.index as u32;
        self.moved(cell, CellState::Running, None, None);
        self.silent(kernel, &format!("__import__('flightdeck_capture').cell({index})")).await?;
        let begun = Instant::now();
        let request = Execute { code: cell.source.clone(), silent: false, history: true, limit };
        let mut emit = |output| self.job.cell(CellMove::Output { index, output: shown(output) });
        let outcome = kernel.execute(request, &self.job.cancel, &mut emit).await;
        let seconds = begun.elapsed().as_secs_f64();
        let number = cell.number.unwrap_or(0) as u32;
        let failed =
            |name: &str, value: String, line| Some(Failed { number, name: name.into(), value, line });
        let failure = match outcome {
            Err(error) => {
                self.moved(cell, CellState::Failed, Some(seconds), Some(error.to_string()));
                return Err(at_cell(kernel_error(&error), number));
            }
            Ok(Outcome::Done) => None,
            Ok(Outcome::Interrupted) => return Err(Error::cancelled()),
            Ok(Outcome::TimedOut) => {
                let minutes = CELL.as_secs() / 60;
                let value = if limit < CELL {
                    format!("the notebook took longer than {} hours", WHOLE.as_secs() / 3_600)
                } else {
                    format!("the cell took longer than {minutes} minutes")
                };
                failed("TimeoutError", value, None)
            }
            Ok(Outcome::Asked) => failed("StdinNotImplementedError", "the cell asks for input".into(), None),
            Ok(Outcome::Failed { name, value, line, .. }) => failed(&name, value, line),
        };
        let error = failure.as_ref().map(|failed| one_line(&format!("{}: {}", failed.name, failed.value)));
        let state = if failure.is_some() { CellState::Failed } else { CellState::Done };
        self.moved(cell, state, Some(seconds), error);
        Ok((state, seconds, failure.filter(|_| !cell.may_fail())))
    }

    fn moved(&self, cell: &Cell, state: CellState, seconds: Option<f64>, error: Option<String>) {
        self.job.cell(CellMove::State { index: cell.index as u32, state, seconds, error });
    }

    /// What the hook is told between the cells.
    async fn silent(&self, kernel: &mut Kernel, code: &str) -> Result<()> {
        let request = Execute { code: code.into(), silent: true, history: false, limit: HOOK };
        let outcome = kernel.execute(request, &self.job.cancel, &mut |_| {}).await;
        match outcome.map_err(|error| kernel_error(&error))? {
            Outcome::Done => Ok(()),
            Outcome::Interrupted => Err(Error::cancelled()),
            Outcome::Failed { name, value, .. }
                if value.contains("No space left on device") || name == "MemoryError" =>
            {
                let message =
                    format!("What the notebook made could not be written: {name}: {}", one_line(&value));
                Err(Error::failed("capture-failed", message, "Free some space and run it again"))
            }
            Outcome::Failed { name, value, .. } => {
                let message =
                    format!("The capture failed in the notebook's kernel: {name}: {}", one_line(&value));
                Err(Error::failed("capture-failed", message, "Try another environment"))
            }
            Outcome::TimedOut | Outcome::Asked => Err(Error::failed(
                "capture-failed",
                "The notebook's kernel did not finish writing what it captured",
                "Run it again, with less data",
            )),
        }
    }
}

/// Three eighths of the machine's memory, 4 GiB at least: what is left is enough for the rest of the desktop.
fn memory_bytes() -> u64 {
    let system = sysinfo::System::new_with_specifics(
        sysinfo::RefreshKind::nothing().with_memory(sysinfo::MemoryRefreshKind::nothing().with_ram()),
    );
    (system.total_memory() / 8 * 3).max(4 << 30)
}

fn record(cell: &Cell, state: CellState, seconds: Option<f64>) -> CellRecord {
    CellRecord {
        number: cell.number.unwrap_or(0) as u32,
        title: title(&cell.source),
        digest: cell.digest,
        source: cell.source.chars().take(20_000).collect(),
        state,
        seconds,
    }
}

/// The first line that says something: no blank line, no bare comment sign, no mark of a heading.
pub(crate) fn title(source: &str) -> String {
    let mut lines = source.lines().map(|line| line.trim().trim_start_matches('#').trim());
    lines.find(|line| !line.is_empty()).unwrap_or_default().chars().take(120).collect()
}

fn shown(output: Output) -> OutputView {
    match output {
        Output::Text { stream, text } => {
            let stream = match stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
                Stream::Result | Stream::Display => "result",
            };
            OutputView::Text { stream: stream.into(), text }
        }
        Output::Image { png, width, height } => {
            let png = base64::engine::general_purpose::STANDARD.encode(png);
            OutputView::Image { png, width, height }
        }
        Output::NotShown { what } => OutputView::NotShown { what },
        Output::Cleared => OutputView::Cleared,
    }
}

fn findings(isolation: &Isolation, capture: &CaptureFolder) -> Vec<Finding> {
    use flightdeck_core::Severity::{Info, Warning};
    let mut findings = capture.capture.findings.clone();
    match isolation {
        Isolation::Off => {}
        Isolation::NotBlocked { reason } => findings.push(Finding::new(
            "network-not-blocked",
            Info,
            format!("The notebook could use the network: {reason}"),
            "Nothing has to be done; addresses it asked for stand in its lineage",
        )),
        Isolation::Allowed => findings.push(Finding::new(
            "network-allowed",
            Info,
            "The notebook was allowed to use the network",
            "Addresses it asked for stand in its lineage",
        )),
    }
    let blocked = &capture.capture.blocked;
    if let Some(first) = blocked.first() {
        let more = if blocked.len() > 1 { format!(" and {} more", blocked.len() - 1) } else { String::new() };
        findings.push(Finding::new(
            "commands-not-run",
            Warning,
            format!("Shell and magic commands were not run: {}{more}", one_line(&first.what)),
            "If the model depends on one, do in Python what it does",
        ));
    }
    if let Some(first) = capture.capture.hook_errors.first() {
        findings.push(Finding::new(
            "capture-incomplete",
            Info,
            format!("Something could not be captured: {}", one_line(first)),
            "Check the lineage on the model's page",
        ));
    }
    findings
}

pub(crate) fn kernel_error(error: &KernelError) -> Error {
    match error {
        KernelError::Cancelled => Error::cancelled(),
        KernelError::NotPython { .. } => {
            Error::new(Kind::Input, error.code(), error.to_string(), error.hint())
        }
        _ => {
            let mut told = Error::new(Kind::Failed, error.code(), error.to_string(), error.hint());
            if let KernelError::Start { tail, .. } | KernelError::Died { tail, .. } = error
                && let Some(last) = tail.lines().rev().find(|line| !line.trim().is_empty())
            {
                told.message = format!("{}: {}", told.message, one_line(last));
            }
            told
        }
    }
}

fn at_cell(mut error: Error, number: u32) -> Error {
    if error.kind != Kind::Cancelled {
        error.message = format!("In cell {number}: {}", error.message);
    }
    error
}

fn disk(error: &std::io::Error) -> Error {
    Error::failed(
        "disk-full",
        format!("The notebook's scratch folder cannot be written: {error}"),
        "Free some space",
    )
}

pub(crate) fn one_line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().chars().take(300).collect()
}

/// A path as a Python string literal.
pub(crate) fn literal(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// A JSON string is a Python string literal, once what only JSON escapes so is out of the way.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cells_title_is_its_first_line_that_says_something() {
        assert_eq!(title("\n\n#   Load the data\nx = 1"), "Load the data");
        assert_eq!(title("#\nimport pandas as pd"), "import pandas as pd");
        assert_eq!(title(" \n"), "");
    }

    #[test]
    fn strings_are_quoted_for_python() {
        assert_eq!(quoted("a\"b\\c\n"), r#""a\"b\\c\n""#);
    }
}
