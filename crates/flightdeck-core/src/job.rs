//! Long work: one progress shape, and a way to stop it.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use ts_rs::TS;

/// What `done` and `total` of a [`Progress`] count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes read, written or sent.
    Bytes,
    /// Rows of a table.
    Rows,
    /// Model runs of a measurement.
    Runs,
    /// Steps of the work itself.
    Steps,
}

/// How far a job is. Every long piece of work reports in this shape and no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Progress {
    /// What is being done now, as a short kebab-case word such as `read` or `profile`.
    pub stage: String,
    /// How much of the stage is done.
    #[ts(type = "number")]
    pub done: u64,
    /// How much there is, when it is known.
    #[ts(type = "number | null")]
    pub total: Option<u64>,
    /// What is counted.
    pub unit: Unit,
}

impl Progress {
    /// A progress report.
    pub fn new(stage: &str, done: u64, total: impl Into<Option<u64>>, unit: Unit) -> Self {
        Self { stage: stage.into(), done, total: total.into(), unit }
    }
}

/// Asks a job to stop. Clones share one flag; a job looks at it between its steps.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the job to stop. Asking twice changes nothing.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the job was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
