//! A version that sees everything and answers nothing.
//!
//! What was answered is offered to it through a bounded queue: an offer costs a request some hundred nanoseconds and never
//! waits. A thread of its own, of the lowest priority where the system has one for threads, runs what was offered, counts
//! it under the shadow's own key, and compares. What finds no room is dropped, and that is counted too: in the
//! windows as a request that failed, as an overloaded champion's are, and in the live figures by rows.

use super::agreement::compare;
use super::columns::{are_same, carried};
use super::{Model, Served};
use crate::counting::Spans;
use flightdeck_core::{Tensor, Timestamp};
use flightdeck_engine::rows;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Requests that may wait.
const WAITING: usize = 1024;
/// What the tensors that wait may take. A request larger than this is taken when nothing else waits.
const WAITING_BYTES: usize = 64 << 20;
/// How long a shadow that is to answer may take to let go of its session.
const REST: Duration = Duration::from_secs(2);

/// A shadow. Its thread ends with it.
pub(crate) struct Shadow {
    pub(crate) served: Served,
    queue: SyncSender<Seen>,
    shared: Arc<Shared>,
}

/// A request that was answered, or that the champion failed at.
#[derive(Clone)]
pub(crate) struct Seen {
    /// Whose inputs these are.
    pub(crate) asked: Arc<Model>,
    pub(crate) inputs: Arc<Vec<Tensor>>,
    pub(crate) rows: usize,
    pub(crate) spans: Option<Arc<Spans>>,
    pub(crate) at: Timestamp,
    /// What the champion answered; `None` when it failed or a canary answered.
    pub(crate) answer: Option<Arc<Vec<Tensor>>>,
}

#[derive(Default)]
struct Shared {
    /// Nothing is taken, and what waits is dropped.
    resting: AtomicBool,
    waiting_bytes: AtomicUsize,
    /// Requests that were taken and are not done.
    waiting: AtomicUsize,
    done: Notify,
}

impl Shadow {
    /// Begins to watch.
    pub(crate) fn new(served: Served) -> std::io::Result<Self> {
        let (queue, inbox) = sync_channel(WAITING);
        let shared = Arc::new(Shared::default());
        let watch = Watch { served: served.clone(), shared: Arc::clone(&shared) };
        thread::Builder::new().name("shadow".into()).spawn(move || watch.run(&inbox))?;
        Ok(Self { served, queue, shared })
    }

    /// Takes a request, or counts that it had no room for it.
    pub(crate) fn offer(&self, seen: Seen) {
        let bytes = seen.bytes();
        let before = self.shared.waiting_bytes.fetch_add(bytes, Ordering::AcqRel);
        self.shared.waiting.fetch_add(1, Ordering::AcqRel);
        let full = before > 0 && before + bytes > WAITING_BYTES;
        let refused = if full || self.shared.resting.load(Ordering::Acquire) {
            Some(seen)
        } else {
            self.queue.try_send(seen).err().map(|error| match error {
                std::sync::mpsc::TrySendError::Full(seen)
                | std::sync::mpsc::TrySendError::Disconnected(seen) => seen,
            })
        };
        if let Some(seen) = refused {
            self.served.drop_seen(&seen);
            self.shared.settle(bytes);
        }
    }

    /// Drops what waits, takes nothing more, and returns when nothing runs: whoever gets its session next shall not wait
    /// for a thread of low priority.
    pub(crate) async fn rest(&self) {
        self.shared.resting.store(true, Ordering::Release);
        self.wait(REST).await;
    }

    /// Goes on watching.
    pub(crate) fn resume(&self) {
        self.shared.resting.store(false, Ordering::Release);
    }

    /// Waits until everything that was taken is done, but not longer than this.
    pub(crate) async fn wait(&self, at_most: Duration) {
        let done = async {
            loop {
                let mut done = std::pin::pin!(self.shared.done.notified());
                done.as_mut().enable();
                if self.shared.waiting.load(Ordering::Acquire) == 0 {
                    return;
                }
                done.await;
            }
        };
        if tokio::time::timeout(at_most, done).await.is_err() {
            tracing::warn!(version = %self.served.model.version, "a shadow is still busy");
        }
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        // Its thread then drops what waits, and ends when it finds the queue closed.
        self.shared.resting.store(true, Ordering::Release);
    }
}

impl Seen {
    fn bytes(&self) -> usize {
        self.inputs.iter().map(rows::bytes).sum()
    }
}

impl Shared {
    fn settle(&self, bytes: usize) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
        if self.waiting.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.notify_waiters();
        }
    }
}

impl Served {
    fn drop_seen(&self, seen: &Seen) {
        self.counting.failed(seen.spans.as_deref(), seen.at);
        self.counting.watched(|watched| watched.dropped += seen.rows as u64);
    }
}

/// The thread's side.
struct Watch {
    served: Served,
    shared: Arc<Shared>,
}

impl Watch {
    fn run(&self, inbox: &Receiver<Seen>) {
        be_patient();
        while let Ok(first) = inbox.recv() {
            let batch = self.batch(first, inbox);
            if self.shared.resting.load(Ordering::Acquire) {
                for seen in &batch {
                    self.served.drop_seen(seen);
                }
            } else {
                self.look(&batch);
            }
            for seen in &batch {
                self.shared.settle(seen.bytes());
            }
        }
    }

    /// What waits, up to the rows of one run.
    fn batch(&self, first: Seen, inbox: &Receiver<Seen>) -> Vec<Seen> {
        let mut rows = first.rows;
        let mut batch = vec![first];
        while rows < self.served.model.lane.max_rows() {
            let Ok(next) = inbox.try_recv() else { break };
            rows += next.rows;
            batch.push(next);
        }
        batch
    }

    fn look(&self, batch: &[Seen]) {
        let Served { model, counting } = &self.served;
        let mut shown = Vec::with_capacity(batch.len());
        for seen in batch {
            match self.inputs(seen) {
                Some(inputs) => {
                    counting.seen(&inputs, seen.spans.as_deref());
                    shown.push((seen, inputs));
                }
                None => self.fail(seen),
            }
        }
        let start = Instant::now();
        let work = shown.iter().map(|(seen, inputs)| (Arc::clone(inputs), seen.rows)).collect();
        let answers = model.lane.run_all(work);
        let latency_us = start.elapsed().as_micros() as u64;
        for ((seen, _), outputs) in shown.iter().zip(answers) {
            match outputs {
                Ok(outputs) => self.answered(seen, &outputs, latency_us),
                Err(_) => self.fail(seen),
            }
        }
    }

    /// What the shadow takes, from what somebody else took.
    fn inputs(&self, seen: &Seen) -> Option<Arc<Vec<Tensor>>> {
        let (own, other) = (&self.served.model.signature, &seen.asked.signature);
        if are_same(own, other) {
            return Some(Arc::clone(&seen.inputs));
        }
        carried(own, other, &seen.inputs).ok().map(Arc::new)
    }

    fn answered(&self, seen: &Seen, outputs: &[Tensor], latency_us: u64) {
        let Served { model, counting } = &self.served;
        counting.answered(seen.spans.as_deref(), seen.rows, latency_us);
        if let Some(answer) = &seen.answer {
            let champion = (&seen.asked.signature, answer.as_slice());
            let found = compare(champion, (&model.signature, outputs), seen.rows);
            counting.watched(|watched| watched.compared(seen.asked.version, found));
        }
    }

    fn fail(&self, seen: &Seen) {
        self.served.counting.failed(seen.spans.as_deref(), seen.at);
        self.served.counting.watched(|watched| watched.failed += seen.rows as u64);
    }
}

/// Runs when nobody else wants the processor. Elsewhere than on Linux a thread has no priority of its own.
#[cfg(target_os = "linux")]
fn be_patient() {
    if let Err(error) = rustix::process::setpriority_process(None, 19) {
        tracing::debug!("a shadow runs with the priority of everybody: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
const fn be_patient() {}
