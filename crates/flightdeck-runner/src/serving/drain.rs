//! Running what is queued, looking after the run, and mending what broke.
//!
//! Whoever gets the session drains the queue in batches and answers. After the session was let go the queue is looked at
//! again, because a job pushed in between must not sleep.

use super::batch::{Batching, Runs};
use super::engine::Engine;
use super::lane::{INLINE, Job, Lane, Outputs, gone, lock};
use super::running::Pace;
use super::warm::not_batched;
use crate::problem::Problem;
use flightdeck_core::Tensor;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, TryLockError, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

impl Lane {
    /// Runs batches until the own answer is there; what others pushed meanwhile goes to a task of its own, so that the
    /// answer is sent. A model that is never done moves to a thread, so that the worker gets to other models' requests.
    pub(super) fn combine(self: &Arc<Self>, outputs: &mut oneshot::Receiver<Outputs>) {
        let start = Instant::now();
        while self.drain(true) {
            if start.elapsed() > INLINE {
                return self.wake_thread();
            }
            if !outputs.is_empty() || outputs.is_terminated() {
                let lane = Arc::clone(self);
                tokio::spawn(async move { lane.go_on() });
                return;
            }
        }
    }

    fn go_on(self: &Arc<Self>) {
        let start = Instant::now();
        while self.drain(true) {
            if start.elapsed() > INLINE {
                return self.wake_thread();
            }
        }
    }

    /// Runs what is queued for as long as the session is free. Stops after the first batch when `once` is set.
    /// Returns whether something may still be waiting for somebody to run it.
    fn drain(&self, once: bool) -> bool {
        loop {
            let mut engine = match self.engine.try_lock() {
                Ok(engine) => engine,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                // Whoever has it looks again after letting it go.
                Err(TryLockError::WouldBlock) => return false,
            };
            // What waits for a child to be started again is run by whoever starts it.
            let Some(engine_here) = engine.as_mut().filter(|engine| !engine.is_gone()) else { return false };
            let ran = self.run_next(engine_here);
            drop(engine);
            let waiting = !lock(&self.queue).is_empty();
            if !waiting || (once && ran) {
                return waiting;
            }
        }
    }

    fn run_next(&self, engine: &mut Engine) -> bool {
        let jobs = self.next_jobs();
        let rows: usize = jobs.iter().map(|job| job.rows).sum();
        if rows == 0 {
            return false;
        }
        let start = Instant::now();
        let (statistics, running) = (&self.statistics, &self.running);
        let mut runs = Runs { engine, statistics, running, max_rows: self.max_rows, broken: None };
        if !runs.batch(jobs) {
            // Outputs that cannot be taken apart by row: this model never gets two requests at once again.
            self.batches.store(false, Ordering::Relaxed);
            let why = "its outputs do not have a row for each row of its inputs";
            lock(&self.findings).push(not_batched(why));
        }
        if let Some(problem) = runs.broken {
            self.broke(problem);
            return true;
        }
        self.circuit.worked();
        let ns = start.elapsed().as_nanos() as u64 / rows as u64;
        let before = self.ns_per_row.load(Ordering::Relaxed);
        // A run that was interrupted for others says little of the next: it counts as four times as slow at most.
        let ns = ns.min(before.saturating_mul(4));
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
    pub(super) fn sweep(&self) {
        lock(&self.queue).retain(|job| {
            let wanted = !job.answer.is_closed();
            if !wanted {
                self.waiting_rows.fetch_sub(job.rows, Ordering::AcqRel);
            }
            wanted
        });
    }

    /// Runs these on the calling thread, in batches like any others, and waits for all of them.
    pub(crate) fn run_all(&self, work: Vec<(Arc<Vec<Tensor>>, usize)>) -> Vec<Outputs> {
        if !self.circuit.admits() {
            return work.iter().map(|_| Err(self.circuit.refusal())).collect();
        }
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

    /// Notes that the model broke. With an open circuit nobody waits for it any longer.
    fn broke(&self, why: Problem) {
        let opens = self.circuit.broke(why);
        if opens {
            self.give_up();
        }
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn give_up(&self) {
        let jobs = std::mem::take(&mut *lock(&self.queue));
        for job in jobs {
            self.waiting_rows.fetch_sub(job.rows, Ordering::AcqRel);
            let _ = job.answer.send(Err(self.circuit.refusal()));
        }
    }

    /// Looks after the run, or after a child that nobody asks. Called now and then.
    pub(super) fn look(self: &Arc<Self>) {
        match self.running.look() {
            Pace::Fair => {}
            Pace::Idle => {
                let Ok(mut engine) = self.engine.try_lock() else { return };
                let lost = engine.as_mut().and_then(Engine::lost);
                self.let_go(engine);
                if let Some(problem) = lost {
                    self.broke(problem);
                }
            }
            Pace::Stuck if self.circuit.admits() => {
                self.circuit.open(self.running.overdue());
                self.give_up();
            }
            Pace::Stuck => self.give_up(),
        }
    }

    /// Lets go of the session without running anything. Who found it taken meanwhile has left a job for whoever had it.
    fn let_go(self: &Arc<Self>, engine: MutexGuard<'_, Option<Engine>>) {
        drop(engine);
        if !lock(&self.queue).is_empty() {
            self.wake_thread();
        }
    }

    /// Starts a child again when its pause is over. Returns how long until there is something to do.
    fn mend(&self) -> Option<Duration> {
        let wait = self.circuit.pause()?;
        if !wait.is_zero() {
            return Some(wait);
        }
        let mut engine = lock(&self.engine);
        let mended = engine.as_mut()?.mend();
        self.running.replace(engine.as_ref().and_then(Engine::stopper));
        drop(engine);
        match mended {
            Ok(()) => self.circuit.mended(),
            Err(problem) => self.broke(problem),
        }
        Some(Duration::ZERO)
    }

    pub(super) fn wake_thread(self: &Arc<Self>) {
        self.thread.get_or_init(|| spawn(Arc::downgrade(self))).unpark();
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
        // Taking a session apart takes milliseconds, and whoever lets go of a version last may be serving requests.
        let engine = lock(&self.engine).take();
        if let Some(engine) = engine {
            let _ = thread::Builder::new().name("unload".into()).spawn(move || drop(engine));
        }
    }
}

/// Drains the lane whenever it is woken, mends what broke, and ends with the lane.
fn spawn(lane: Weak<Lane>) -> Thread {
    thread::spawn(move || {
        while let Some(lane) = lane.upgrade() {
            lane.drain(false);
            let wait = lane.mend();
            drop(lane);
            match wait {
                Some(wait) => thread::park_timeout(wait),
                None => thread::park(),
            }
        }
    })
    .thread()
    .clone()
}

#[cfg(test)]
#[path = "drain_tests.rs"]
mod tests;
