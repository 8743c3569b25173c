//! Starting a worker and asking it one thing.
//!
//! A model that serves in a process of its own stays there ([`Lodger`]). Every other question gets a child of its own: its peak memory is then the model's, and what a hostile model leaves behind
//! ends with it. The child is killed when the answer is no longer wanted, also when the future is dropped.

mod alarm;
mod child;
mod error;
mod lodger;

pub use alarm::Alarm;
pub use error::{Death, Limit, WorkerError};
pub use lodger::{Killer, Lodger};

use crate::{
    GoldenRequest, MissingPart, Preflight, PreflightRequest, Profile, ProfileRequest, Reply, Request,
};
use child::Child;
use flightdeck_core::{Cancel, Progress, Tensor};
use std::path::PathBuf;
use std::time::Duration;

/// Which program to start, and what it may use.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// `flightdeck-runner`.
    pub program: PathBuf,
    /// Address space that the child may have, in bytes.
    pub memory_bytes: u64,
    /// How long one question may take.
    pub time: Duration,
}

impl WorkerConfig {
    /// The program where installations put it, with 8 GiB and ten minutes.
    pub fn locate() -> Result<Self, MissingPart> {
        Ok(Self::with_program(crate::runner()?))
    }

    /// This program, with 8 GiB and ten minutes.
    pub const fn with_program(program: PathBuf) -> Self {
        Self { program, memory_bytes: 8 << 30, time: Duration::from_mins(10) }
    }
}

/// Starts workers.
#[derive(Clone, Debug)]
pub struct Worker {
    config: WorkerConfig,
}

/// Where a question reports to and how it is stopped.
pub struct Watch<'a> {
    /// Called with each report.
    pub progress: &'a mut (dyn FnMut(Progress) + Send),
    /// Looked at while waiting.
    pub cancel: &'a Cancel,
}

impl Worker {
    /// Starts nothing yet.
    pub const fn new(config: WorkerConfig) -> Self {
        Self { config }
    }

    /// The same program, whose children may have this much memory; `None` changes nothing.
    #[must_use]
    pub fn with_memory(&self, bytes: Option<u64>) -> Self {
        let memory_bytes = bytes.unwrap_or(self.config.memory_bytes);
        Self { config: WorkerConfig { memory_bytes, ..self.config.clone() } }
    }

    /// How long one question may take.
    pub const fn time(&self) -> Duration {
        self.config.time
    }

    /// Starts a child that loads a package and keeps it. Waits until it has, for as long as a question may take.
    pub fn lodge(&self, package: PathBuf) -> Result<Lodger, WorkerError> {
        Lodger::start(&self.config, package)
    }

    /// What does the model cost here?
    pub async fn profile(&self, request: ProfileRequest, watch: Watch<'_>) -> Result<Profile, WorkerError> {
        match self.ask(Request::Profile(request), watch).await? {
            Reply::Profile(profile) => Ok(profile),
            other => Err(WorkerError::unexpected(&other)),
        }
    }

    /// What does the model answer to these inputs?
    pub async fn golden(&self, request: GoldenRequest, watch: Watch<'_>) -> Result<Vec<Tensor>, WorkerError> {
        match self.ask(Request::Golden(request), watch).await? {
            Reply::Golden(outputs) => Ok(outputs),
            other => Err(WorkerError::unexpected(&other)),
        }
    }

    /// Does the package do here what it did where it came from? A comparison that differs is an answer, not an error.
    pub async fn preflight(
        &self,
        request: PreflightRequest,
        watch: Watch<'_>,
    ) -> Result<Preflight, WorkerError> {
        match self.ask(Request::Preflight(request), watch).await? {
            Reply::Preflight(preflight) => Ok(preflight),
            other => Err(WorkerError::unexpected(&other)),
        }
    }

    async fn ask(&self, request: Request, watch: Watch<'_>) -> Result<Reply, WorkerError> {
        let mut child = Child::start(&self.config)?;
        let Watch { progress, cancel } = watch;
        let answer = tokio::select! {
            answer = child.ask(&request, progress) => answer,
            () = tokio::time::sleep(self.config.time) => Err(WorkerError::Limit { limit: Limit::Time, detail: String::new() }),
            () = cancelled(cancel) => Err(WorkerError::Cancelled),
        };
        child.end().await;
        answer
    }
}

/// Ends when the flag is set. A flag has no waker: it is looked at often enough for a person.
async fn cancelled(cancel: &Cancel) {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    while !cancel.is_cancelled() {
        tick.tick().await;
    }
}
