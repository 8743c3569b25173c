//! The combining queue: the request that gets the session runs what is queued. No timer, and no hand-over when idle.
//!
//! A request pushes its job and yields once, so that every connection that is ready can push too. Then whoever gets the
//! session drains the queue in batches and answers; the others wait for their answer. After the session was let go
//! the queue is looked at again, because a job pushed in between must not sleep. Long runs move to a thread of the
//! lane, so that the workers go on reading requests.

use super::batch::{Batching, Runs};
use super::statistics::Statistics;
use crate::problem::Problem;
use flightdeck_core::{Signature, Tensor};
use flightdeck_engine::runtime::{RuntimeError, Session};
use flightdeck_protocol::ErrorBody;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError, Weak};
use std::thread::{self, Thread};
use std::time::Instant;
use tokio::sync::oneshot;

/// Rows of one run at most: ONNX Runtime keeps the memory of its largest run for good.
const MAX_ROWS: usize = 64;
/// What may run on a worker that also reads requests, in nanoseconds.
const INLINE_NS: u64 = 500_000;
/// How long one run may take, in nanoseconds, where the rows per run can be chosen.
const RUN_NS: u64 = 2_000_000;
/// Work that may wait, in nanoseconds: more is refused, because its answer would come too late.
const WAITING_NS: u64 = 50_000_000;
/// Rows that may wait however slow or fast the model is.
const WAITING_ROWS: (usize, usize) = (8, 8192);
const WARM_RUNS: usize = 3;

/// A loaded model with its queue.
pub(crate) struct Lane {
    session: Mutex<Session>,
    queue: Mutex<VecDeque<Job>>,
    waiting_rows: AtomicUsize,
    ns_per_row: AtomicU64,
    batches: AtomicBool,
    max_rows: usize,
    thread: OnceLock<Thread>,
    findings: Mutex<Vec<ErrorBody>>,
    statistics: Statistics,
}

pub(super) struct Job {
    pub(super) inputs: Arc<Vec<Tensor>>,
    pub(super) rows: usize,
    pub(super) queued: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) answer: oneshot::Sender<Outputs>,
}

impl Job {
    /// Why nobody waits for it any more.
    pub(super) fn is_unwanted(&self, now: Instant) -> Option<Problem> {
        if self.answer.is_closed() {
            return Some(Problem::internal("run the model", &"the client left"));
        }
        self.deadline.filter(|deadline| *deadline <= now).map(|_| Problem::late())
    }
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
        mut session: Session,
        signature: &Signature,
        sample: &[Tensor],
    ) -> Result<Self, RuntimeError> {
        let mut ns = u64::MAX;
        for _ in 0..WARM_RUNS {
            let start = Instant::now();
            session.run(sample)?;
            ns = ns.min(start.elapsed().as_nanos() as u64);
        }
        let rows = Batching::rows(signature, sample).max(1);
        let ns_per_row = (ns / rows as u64).max(1);
        Ok(Self {
            session: Mutex::new(session),
            queue: Mutex::default(),
            waiting_rows: AtomicUsize::new(0),
            ns_per_row: AtomicU64::new(ns_per_row),
            batches: AtomicBool::new(Batching::is_possible(signature)),
            max_rows: ((RUN_NS / ns_per_row) as usize).clamp(1, MAX_ROWS),
            thread: OnceLock::new(),
            findings: Mutex::default(),
            statistics: Statistics::default(),
        })
    }

    /// Whether a further row would be refused: known before a body is read.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting_rows.load(Ordering::Relaxed) >= self.room()
    }

    /// Takes room for `rows` rows. A request larger than the room is taken when nothing else waits.
    pub(crate) fn admit(self: &Arc<Self>, rows: usize) -> Result<Place, Problem> {
        let before = self.waiting_rows.fetch_add(rows, Ordering::AcqRel);
        let place = Place { lane: Arc::clone(self), rows };
        if before > 0 && before + rows > self.room() {
            self.statistics.shed();
            return Err(Problem::overload());
        }
        Ok(place)
    }

    fn room(&self) -> usize {
        let rows = WAITING_NS / self.ns_per_row.load(Ordering::Relaxed).max(1);
        (rows as usize).clamp(WAITING_ROWS.0, WAITING_ROWS.1)
    }

    fn is_long(&self, rows: usize) -> bool {
        (rows as u64).saturating_mul(self.ns_per_row.load(Ordering::Relaxed)) > INLINE_NS
    }

    /// Runs what is queued for as long as the session is free. Stops after the first batch when `once` is set.
    /// Returns whether something may still be waiting for somebody to run it.
    fn drain(&self, once: bool) -> bool {
        loop {
            let mut session = match self.session.try_lock() {
                Ok(session) => session,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                // Whoever has it looks again after letting it go.
                Err(TryLockError::WouldBlock) => return false,
            };
            let ran = self.run_next(&mut session);
            drop(session);
            let waiting = !lock(&self.queue).is_empty();
            if !waiting || (once && ran) {
                return waiting;
            }
        }
    }

    fn run_next(&self, session: &mut Session) -> bool {
        let jobs = self.next_jobs();
        let rows: usize = jobs.iter().map(|job| job.rows).sum();
        if rows == 0 {
            return false;
        }
        let start = Instant::now();
        let mut runs = Runs { session, statistics: &self.statistics, max_rows: self.max_rows };
        if !runs.batch(jobs) {
            // Outputs that cannot be taken apart by row: this model never gets two requests at once again.
            self.batches.store(false, Ordering::Relaxed);
            let message =
                "its outputs do not have a row for each row of its inputs: requests never share a run";
            lock(&self.findings).push(ErrorBody {
                error: message.into(),
                code: "not-batched".into(),
                hint: None,
            });
        }
        let ns = start.elapsed().as_nanos() as u64 / rows as u64;
        let before = self.ns_per_row.load(Ordering::Relaxed);
        self.ns_per_row.store((before * 7 + ns) / 8, Ordering::Relaxed);
        true
    }

    /// Takes jobs that fit into one run. Jobs that nobody waits for any more are dropped.
    fn next_jobs(&self) -> Vec<Job> {
        let now = Instant::now();
        let mut queue = lock(&self.queue);
        let (mut jobs, mut rows): (Vec<Job>, usize) = (Vec::new(), 0);
        while let Some(next) = queue.front() {
            let unwanted = next.is_unwanted(now);
            let fits = match jobs.first() {
                None => true,
                Some(first) => {
                    self.batches.load(Ordering::Relaxed)
                        && rows + next.rows <= self.max_rows
                        && Batching::fit(&first.inputs, &next.inputs)
                }
            };
            if unwanted.is_none() && !fits {
                break;
            }
            let Some(job) = queue.pop_front() else { break };
            self.waiting_rows.fetch_sub(job.rows, Ordering::AcqRel);
            if let Some(problem) = unwanted {
                let _ = job.answer.send(Err(problem));
            } else {
                rows += job.rows;
                jobs.push(job);
            }
        }
        jobs
    }

    /// Takes the jobs out that nobody waits for any more.
    fn sweep(&self) {
        lock(&self.queue).retain(|job| {
            let wanted = !job.answer.is_closed();
            if !wanted {
                self.waiting_rows.fetch_sub(job.rows, Ordering::AcqRel);
            }
            wanted
        });
    }

    pub(crate) const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Rows that wait for a run.
    #[allow(dead_code, reason = "likewise")]
    pub(crate) fn waiting_rows(&self) -> usize {
        self.waiting_rows.load(Ordering::Relaxed)
    }

    /// Runs these on the calling thread, in batches like any others, and waits for all of them.
    pub(crate) fn run_all(&self, work: Vec<(Arc<Vec<Tensor>>, usize)>) -> Vec<Outputs> {
        let push = |(inputs, rows)| {
            let (answer, outputs) = oneshot::channel();
            self.waiting_rows.fetch_add(rows, Ordering::AcqRel);
            let job = Job { inputs, rows, queued: Instant::now(), deadline: None, answer };
            lock(&self.queue).push_back(job);
            outputs
        };
        let outputs: Vec<_> = work.into_iter().map(push).collect();
        self.drain(false);
        outputs.into_iter().map(|outputs| outputs.blocking_recv().unwrap_or_else(gone)).collect()
    }

    /// What a person should know of how it runs.
    pub(crate) fn findings(&self) -> Vec<ErrorBody> {
        lock(&self.findings).clone()
    }

    /// Rows of one run at most.
    pub(crate) const fn max_rows(&self) -> usize {
        self.max_rows
    }

    fn wake_thread(self: &Arc<Self>) {
        self.thread.get_or_init(|| spawn(Arc::downgrade(self))).unpark();
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
            combine(&lane, &mut waiting.outputs);
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

fn gone(_: oneshot::error::RecvError) -> Outputs {
    Err(Problem::internal("run the model", &"the queue was dropped"))
}

/// Runs batches until the own answer is there; what others pushed meanwhile goes to a task of its own, so that the answer
/// is sent.
fn combine(lane: &Arc<Lane>, outputs: &mut oneshot::Receiver<Outputs>) {
    while lane.drain(true) {
        if !outputs.is_empty() || outputs.is_terminated() {
            let lane = Arc::clone(lane);
            tokio::spawn(async move { lane.drain(false) });
            return;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lane.waiting_rows.fetch_sub(self.rows, Ordering::AcqRel);
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// Drains the lane whenever it is woken, and ends with it.
fn spawn(lane: Weak<Lane>) -> Thread {
    thread::spawn(move || {
        while let Some(lane) = lane.upgrade() {
            lane.drain(false);
            drop(lane);
            thread::park();
        }
    })
    .thread()
    .clone()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
