//! Work under way, errors, and what the window is told without asking.

use super::notebook::{CandidateView, CellState, OutputView};
use flightdeck_core::{Finding, Progress};
use serde::Serialize;
use ts_rs::TS;

/// A job of this process.
#[derive(Clone, Debug, Serialize, TS)]
pub struct JobView {
    /// Its id.
    pub id: u32,
    /// What it does: `Profile flights-late, version 2`.
    pub title: String,
    /// How far it is.
    pub progress: Progress,
    /// How it stands.
    pub state: JobState,
    /// Why it failed.
    pub error: Option<ErrorView>,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It works.
    Running,
    /// It is done.
    Done,
    /// It failed; nothing half-written is left.
    Failed,
    /// It was stopped.
    Cancelled,
}

/// An error as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ErrorView {
    /// A stable kebab-case word of the closed list in `docs/json.md`.
    pub code: String,
    /// What happened, and what it means for the user's data.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// Findings that explain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Finding>>")]
    pub findings: Vec<Finding>,
    /// Models to choose from, when the notebook has several that are equally likely.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<CandidateView>>")]
    pub candidates: Vec<CandidateView>,
}

/// What the window is told without asking.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A job moved.
    Job(JobView),
    /// A cell of the notebook that a job runs moved.
    Cell {
        /// The job.
        job: u32,
        /// The cell's position in the notebook, from 0.
        index: u32,
        /// How it stands.
        state: CellState,
        /// How long it ran.
        seconds: Option<f64>,
        /// Why it failed, in one line.
        error: Option<String>,
    },
    /// A cell put something out.
    Output {
        /// The job.
        job: u32,
        /// The cell's position in the notebook, from 0.
        index: u32,
        /// What came.
        output: OutputView,
    },
    /// Things changed in the library, by this process or another; kinds are `version`, `profile`, `endpoint`,
    /// `runner`, `window`, `alert`, `audit`, `watch`.
    Changed {
        /// The kinds of things that changed, each once.
        kinds: Vec<String>,
    },
}
