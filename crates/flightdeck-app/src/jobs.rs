//! Long work: started, watched, stopped, and its result kept until it was fetched.

use crate::host::Host;
use crate::views::{CellState, Event, JobState, JobView, OutputView};
use crate::{Error, Result};
use flightdeck_core::{Cancel, Progress, Unit};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many finished jobs are remembered.
const REMEMBERED: usize = 50;

/// The jobs of this process. Clones share them.
#[derive(Clone)]
pub(crate) struct Jobs {
    host: Arc<dyn Host>,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    newest: u32,
    entries: BTreeMap<u32, Entry>,
}

struct Entry {
    view: JobView,
    cancel: Cancel,
    result: Option<serde_json::Value>,
}

/// What running work holds: it reports through it and looks whether it should stop.
#[derive(Clone)]
pub struct Job {
    /// Set when the user stops the job.
    pub cancel: Cancel,
    report: Arc<dyn Fn(Progress) + Send + Sync>,
    cells: Arc<dyn Fn(CellMove) + Send + Sync>,
}

/// A cell of the notebook that a job runs, on its way.
#[derive(Clone, Debug, PartialEq)]
pub enum CellMove {
    /// It stands otherwise than before.
    State {
        /// Its position in the notebook, from 0.
        index: u32,
        /// How it stands.
        state: CellState,
        /// How long it ran.
        seconds: Option<f64>,
        /// Why it failed, in one line.
        error: Option<String>,
    },
    /// It put something out.
    Output {
        /// Its position in the notebook, from 0.
        index: u32,
        /// What came.
        output: OutputView,
    },
}

impl Job {
    /// A job that reports to `report`: what a command line makes.
    pub fn new(cancel: Cancel, report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { cancel, report: Arc::new(report), cells: Arc::new(|_| {}) }
    }

    /// The same job, which also tells how the cells of a notebook go.
    #[must_use]
    pub fn with_cells(self, cells: impl Fn(CellMove) + Send + Sync + 'static) -> Self {
        Self { cells: Arc::new(cells), ..self }
    }

    /// Tells how a cell goes.
    pub fn cell(&self, moved: CellMove) {
        (self.cells)(moved);
    }

    /// A job that nobody watches.
    pub fn unwatched() -> Self {
        Self::new(Cancel::default(), |_| {})
    }

    /// Tells how far the work is.
    pub fn report(&self, progress: Progress) {
        (self.report)(progress);
    }

    /// Ends the work here when the user stopped it.
    pub fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
    }
}

fn event(job: u32, moved: CellMove) -> Event {
    match moved {
        CellMove::State { index, state, seconds, error } => Event::Cell { job, index, state, seconds, error },
        CellMove::Output { index, output } => Event::Output { job, index, output },
    }
}

impl Jobs {
    pub(crate) fn new(host: Arc<dyn Host>) -> Self {
        Self { host, table: Arc::default() }
    }

    /// Starts work on the runtime and answers its id at once.
    pub(crate) fn start<F, R>(&self, title: String, work: impl FnOnce(Job) -> F) -> u32
    where
        F: Future<Output = Result<R>> + Send + 'static,
        R: serde::Serialize + Send + 'static,
    {
        let cancel = Cancel::default();
        let id = self.add(title, cancel.clone());
        let jobs = self.clone();
        let host = self.host.clone();
        let job = Job::new(cancel, move |progress| jobs.change(id, |entry| entry.view.progress = progress))
            .with_cells(move |moved| host.emit(event(id, moved)));
        let work = work(job);
        let jobs = self.clone();
        let bug = |error: &dyn std::fmt::Display| {
            Error::failed("internal", error.to_string(), "Report this as a bug")
        };
        let work = tokio::spawn(work);
        tokio::spawn(async move {
            // A panic ends the job as well, and is said.
            let outcome = work.await.unwrap_or_else(|error| Err(bug(&error)));
            jobs.finish(
                id,
                outcome.and_then(|result| serde_json::to_value(result).map_err(|error| bug(&error))),
            );
        });
        id
    }

    pub(crate) fn list(&self) -> Vec<JobView> {
        self.lock().entries.values().rev().map(|entry| entry.view.clone()).collect()
    }

    /// Asks a job to stop. A job that has ended is left as it is.
    pub(crate) fn cancel(&self, id: u32) {
        if let Some(entry) = self.lock().entries.get(&id) {
            entry.cancel.cancel();
        }
    }

    /// Takes the result of a job that is done.
    pub(crate) fn take_result(&self, id: u32) -> Option<serde_json::Value> {
        self.lock().entries.get_mut(&id).and_then(|entry| entry.result.take())
    }

    fn add(&self, title: String, cancel: Cancel) -> u32 {
        let mut table = self.lock();
        table.newest += 1;
        let id = table.newest;
        let progress = Progress::new("start", 0, None, Unit::Steps);
        let view = JobView { id, title, progress, state: JobState::Running, error: None };
        self.host.emit(Event::Job(view.clone()));
        table.entries.insert(id, Entry { view, cancel, result: None });
        let ended: Vec<u32> =
            table.entries.values().filter(|e| e.view.state != JobState::Running).map(|e| e.view.id).collect();
        for id in ended.iter().take(ended.len().saturating_sub(REMEMBERED)) {
            table.entries.remove(id);
        }
        id
    }

    fn finish(&self, id: u32, outcome: Result<serde_json::Value>) {
        self.change(id, |entry| match outcome {
            Ok(result) => {
                entry.view.state = JobState::Done;
                entry.result = Some(result);
            }
            Err(error) => {
                let cancelled = error.kind == crate::Kind::Cancelled;
                entry.view.state = if cancelled { JobState::Cancelled } else { JobState::Failed };
                entry.view.error = (!cancelled).then(|| error.view());
            }
        });
    }

    fn change(&self, id: u32, change: impl FnOnce(&mut Entry)) {
        let mut table = self.lock();
        if let Some(entry) = table.entries.get_mut(&id) {
            change(entry);
            self.host.emit(Event::Job(entry.view.clone()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
