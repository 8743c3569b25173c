//! The queue before a model: who gets in, who waits, and how long.
//!
//! A request takes room first, bounded by rows and by the time that the model needs for them, then pushes its job and yields
//! once, so that every connection that is ready can push too. Then whoever gets the session runs what is queued (`drain`);
//! the others wait for their answer. No timer, and no hand-over when idle. Long runs, and models in a process of their
//! own, are run by a thread of the lane, so that the workers go on reading requests.

use super::circuit::Circuit;
use super::engine::Engine;
use super::running::Running;
use super::statistics::Statistics;
use super::warm::{Sample, warm};
use crate::problem::Problem;
use flightdeck_core::{Signature, Tensor};
use flightdeck_protocol::{ErrorBody, Serving};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Rows of one run at most: ONNX Runtime keeps the memory of its largest run for good.
const MAX_ROWS: usize = 64;
/// How long a worker that also reads requests may run a model.
pub(super) const INLINE: Duration = Duration::from_micros(500);
/// How long one run may take, in nanoseconds, where the rows per run can be chosen.
const RUN_NS: u64 = 2_000_000;
/// Work that may wait, in nanoseconds: more is refused, because its answer would come too late.
const WAITING_NS: u64 = 50_000_000;
/// Rows that may wait however slow or fast the model is.
const WAITING_ROWS: (usize, usize) = (8, 8192);
/// How long a run may take where the endpoint does not say.
const RUN_SECONDS: u32 = 30;

/// A loaded model with its queue.
pub(crate) struct Lane {
    /// `None` only while the lane is dropped.
    pub(super) engine: Mutex<Option<Engine>>,
    pub(super) queue: Mutex<VecDeque<Job>>,
    pub(super) running: Running,
    pub(super) circuit: Circuit,
    pub(super) statistics: Statistics,
    pub(super) waiting_rows: AtomicUsize,
    pub(super) ns_per_row: AtomicU64,
    /// Whether requests share runs.
    pub(super) batches: AtomicBool,
    /// Rows of one run at most; larger requests are run in slices.
    pub(super) max_rows: usize,
    pub(super) thread: OnceLock<Thread>,
    pub(super) findings: Mutex<Vec<ErrorBody>>,
    is_apart: bool,
}

/// Work that waits.
pub(super) struct Job {
    pub(super) inputs: Arc<Vec<Tensor>>,
    pub(super) rows: usize,
    pub(super) queued: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) answer: oneshot::Sender<Outputs>,
}

/// What a run gave.
pub(crate) type Outputs = Result<Vec<Tensor>, Problem>;

/// Room in a queue, given back when it is not used.
pub(crate) struct Place {
    lane: Arc<Lane>,
    rows: usize,
}

impl Lane {
    /// Warms a session with rows of `sample` and puts a queue before it.
    pub(crate) fn new(
        mut engine: Engine,
        (signature, serving): (&Signature, &Serving),
        sample: &Sample,
    ) -> Result<Arc<Self>, Problem> {
        let found = warm(&mut engine, signature, sample)?;
        let chosen = ((RUN_NS / found.ns_per_row) as usize).clamp(1, MAX_ROWS);
        let max_rows = serving.max_rows.map_or(chosen, |rows| rows as usize);
        let limit = Duration::from_secs(serving.run_seconds.unwrap_or(RUN_SECONDS).into());
        let is_apart = engine.is_apart();
        let lane = Arc::new(Self {
            running: Running::new(limit, engine.stopper()),
            engine: Mutex::new(Some(engine)),
            queue: Mutex::default(),
            circuit: if is_apart { Circuit::pausing() } else { Circuit::default() },
            statistics: Statistics::default(),
            waiting_rows: AtomicUsize::new(0),
            ns_per_row: AtomicU64::new(found.ns_per_row),
            batches: AtomicBool::new(found.is_separable && serving.batch),
            max_rows: if found.is_separable { max_rows } else { usize::MAX },
            thread: OnceLock::new(),
            findings: Mutex::new(found.findings),
            is_apart,
        });
        if is_apart {
            // It also looks after the child, so it is there before the first request.
            lane.wake_thread();
        }
        Ok(lane)
    }

    /// Refuses what would be refused anyway, before a body is read.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if !self.circuit.admits() {
            self.statistics.failed(Duration::ZERO);
            return Err(self.circuit.refusal());
        }
        let waiting = self.waiting_rows.load(Ordering::Relaxed);
        if waiting >= self.room() { Err(self.overload(waiting)) } else { Ok(()) }
    }

    /// Takes room for `rows` rows. A request larger than the room is taken when nothing else waits.
    pub(crate) fn admit(self: &Arc<Self>, rows: usize) -> Result<Place, Problem> {
        if !self.circuit.admits() {
            self.statistics.failed(Duration::ZERO);
            return Err(self.circuit.refusal());
        }
        let before = self.waiting_rows.fetch_add(rows, Ordering::AcqRel);
        let place = Place { lane: Arc::clone(self), rows };
        if before > 0 && before + rows > self.room() { Err(self.overload(before)) } else { Ok(place) }
    }

    fn room(&self) -> usize {
        let rows = WAITING_NS / self.ns_per_row.load(Ordering::Relaxed).max(1);
        (rows as usize).clamp(WAITING_ROWS.0, WAITING_ROWS.1)
    }

    /// More than can be done: with the time that what waits will take.
    fn overload(&self, waiting: usize) -> Problem {
        self.statistics.shed();
        let ns = (waiting as u64).saturating_mul(self.ns_per_row.load(Ordering::Relaxed));
        Problem::overload().after(Duration::from_nanos(ns))
    }

    /// Whether a thread of the lane has to run it.
    fn is_long(&self, rows: usize) -> bool {
        self.is_apart
            || (rows as u64).saturating_mul(self.ns_per_row.load(Ordering::Relaxed))
                > INLINE.as_nanos() as u64
    }

    pub(crate) const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Rows that wait for a run.
    pub(crate) fn waiting_rows(&self) -> usize {
        self.waiting_rows.load(Ordering::Relaxed)
    }

    /// Why it cannot answer at the moment, when it cannot.
    pub(crate) fn trouble(&self) -> Option<Problem> {
        self.circuit.trouble()
    }

    /// What a person should know of how it runs.
    pub(crate) fn findings(&self) -> Vec<ErrorBody> {
        let mut findings = lock(&self.findings).clone();
        let repairs = self.circuit.repairs();
        if repairs > 0 {
            let error = format!("it broke and was tried again {repairs} times since it was loaded");
            findings.push(ErrorBody { error, code: "model-restarted".into(), hint: None });
        }
        findings
    }

    /// Rows of one run at most, for whoever puts requests together.
    pub(crate) fn max_rows(&self) -> usize {
        if self.batches.load(Ordering::Relaxed) { self.max_rows } else { 1 }
    }
}

impl Job {
    /// Why nobody waits for it any more.
    pub(super) fn is_unwanted(&self, now: Instant) -> Option<Problem> {
        if self.answer.is_closed() {
            return Some(Problem::late());
        }
        self.deadline.filter(|deadline| *deadline <= now).map(|_| Problem::late())
    }
}

impl Place {
    /// Runs the inputs and waits for the outputs, until the deadline. Dropped while it waits, it frees its room at once.
    pub(crate) async fn run(mut self, inputs: Arc<Vec<Tensor>>, deadline: Option<Instant>) -> Outputs {
        let lane = Arc::clone(&self.lane);
        let (answer, outputs) = oneshot::channel();
        // The room now belongs to the job: whoever takes it from the queue gives it back.
        let rows = std::mem::take(&mut self.rows);
        lock(&lane.queue).push_back(Job { inputs, rows, queued: Instant::now(), deadline, answer });
        let mut waiting = Waiting { lane: &lane, outputs, is_late: false };
        if lane.is_long(rows) {
            lane.wake_thread();
        } else {
            tokio::task::yield_now().await;
            lane.combine(&mut waiting.outputs);
        }
        waiting.answer(deadline).await
    }
}

/// A job whose answer somebody waits for.
struct Waiting<'a> {
    lane: &'a Lane,
    outputs: oneshot::Receiver<Outputs>,
    is_late: bool,
}

impl Waiting<'_> {
    async fn answer(&mut self, deadline: Option<Instant>) -> Outputs {
        let Some(deadline) = deadline else { return (&mut self.outputs).await.unwrap_or_else(gone) };
        let outputs = tokio::time::timeout_at(deadline.into(), &mut self.outputs).await;
        self.is_late = outputs.is_err();
        outputs.map_or_else(|_| Err(Problem::late()), |outputs| outputs.unwrap_or_else(gone))
    }
}

pub(super) fn gone(_: oneshot::error::RecvError) -> Outputs {
    Err(Problem::internal("run the model", &"the queue was dropped"))
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.outputs.is_terminated() {
            return;
        }
        self.outputs.close();
        if !self.is_late {
            self.lane.statistics.cancelled();
        }
        self.lane.sweep();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lane.waiting_rows.fetch_sub(self.rows, Ordering::AcqRel);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
