//! The one thread that writes counts down: open windows every second, closed ones into the outbox.

use super::{Counting, Open};
use crate::serving::Endpoint;
use crate::state::{Checkpoint, ClosedWindow, Identity, LostTime, Outbox};
use crate::telemetry;
use flightdeck_core::{Name, Timestamp};
use flightdeck_protocol::GapReason;
use flightdeck_sqlite::{Act, Database, Result};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How often open windows are written down: what a kill loses at most.
const EVERY: Duration = Duration::from_secs(1);
/// How often a server without traffic says that it has lost nothing.
const HEARTBEAT: Duration = Duration::from_mins(1);
/// Windows of a version that are kept in memory while they cannot be written.
const MAX_UNWRITTEN: usize = 4096;

/// Lists the endpoints that may count, those that are being removed included.
pub(crate) type Endpoints = Box<dyn Fn() -> Vec<Arc<Endpoint>> + Send>;

/// Talks to the thread.
pub(crate) struct Closer {
    orders: Sender<Order>,
}

enum Order {
    /// Close what is open, and say how many windows that were.
    Flush(oneshot::Sender<Result<u64>>),
    /// Close what is open, note that the server ends, and end.
    Stop(oneshot::Sender<Result<u64>>),
}

struct Work {
    database: Database,
    endpoints: Endpoints,
    /// What the outbox may take, in bytes.
    budget: u64,
    heartbeat: Instant,
    /// When telemetry beyond counts was last tidied up.
    tidied: Option<Instant>,
    /// What was given up and could not be noted yet: one time for each endpoint.
    lost: BTreeMap<Name, LostTime>,
}

impl Closer {
    /// Starts the thread. It ends when it is told to stop, or when this handle is dropped. What nobody takes has `budget`
    /// bytes on the disk.
    pub(crate) fn start(database: Database, endpoints: Endpoints, budget: u64) -> (Self, JoinHandle<()>) {
        let (orders, inbox) = channel();
        let mut work = Work {
            database,
            endpoints,
            budget,
            heartbeat: Instant::now(),
            tidied: None,
            lost: BTreeMap::new(),
        };
        (Self { orders }, thread::spawn(move || work.run(&inbox)))
    }

    /// Closes open windows now.
    pub(crate) async fn flush(&self) -> Option<Result<u64>> {
        self.order(Order::Flush).await
    }

    /// Closes open windows and ends the thread.
    pub(crate) async fn stop(&self) -> Option<Result<u64>> {
        self.order(Order::Stop).await
    }

    async fn order(&self, order: impl FnOnce(oneshot::Sender<Result<u64>>) -> Order) -> Option<Result<u64>> {
        let (answer, done) = oneshot::channel();
        self.orders.send(order(answer)).ok()?;
        done.await.ok()
    }
}

impl Work {
    fn run(&mut self, inbox: &Receiver<Order>) {
        loop {
            match inbox.recv_timeout(EVERY) {
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = self.write(Pass::Regular) {
                        tracing::error!("counts cannot be written down, they are kept in memory: {error}");
                    }
                    self.keep_telemetry();
                }
                Ok(Order::Flush(answer)) => {
                    let _ = answer.send(self.write(Pass::All));
                }
                Ok(Order::Stop(answer)) => {
                    let _ = answer.send(self.write(Pass::Last));
                    return;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// One pass over everything that counts, in one transaction.
    fn write(&mut self, pass: Pass) -> Result<u64> {
        let now = self.database.clock().now();
        self.keep_in_place()?;
        let versions = self.versions();
        let mut sheets: Vec<Sheet<'_>> =
            versions.iter().map(|version| Sheet::new(version, pass, now)).filter(Sheet::is_wanted).collect();
        let idle = sheets.is_empty() && self.lost.is_empty();
        let mut closed = 0;
        if !idle || pass != Pass::Regular || self.heartbeat.elapsed() >= HEARTBEAT {
            match self.database.record(|act| commit(act, &sheets, (&self.lost, pass, now), self.budget)) {
                Ok(windows) => closed = windows,
                Err(error) => {
                    for lost in sheets.iter_mut().filter_map(Sheet::give_up) {
                        let known = self.lost.entry(lost.endpoint.clone());
                        known.and_modify(|known| known.extend(&lost)).or_insert(lost);
                    }
                    return Err(error);
                }
            }
            self.lost.clear();
            self.heartbeat = Instant::now();
            sheets.iter_mut().for_each(Sheet::settle);
        }
        drop(sheets);
        versions.iter().filter(|version| version.out_of_use).for_each(Version::part);
        Ok(closed)
    }

    /// What endpoints keep beyond counts, and from time to time what they keep no longer.
    fn keep_telemetry(&mut self) {
        let endpoints = (self.endpoints)();
        for endpoint in &endpoints {
            endpoint.recorder.write(&self.database, &endpoint.name);
        }
        if self.tidied.is_none_or(|tidied| tidied.elapsed() >= HEARTBEAT) {
            self.tidied = Some(Instant::now());
            if let Err(error) = telemetry::tidy(&self.database, &endpoints, self.budget) {
                tracing::warn!("what is past its time cannot be deleted: {error}");
            }
        }
    }

    /// A file that somebody deleted is written again from what is still open.
    fn keep_in_place(&self) -> Result<()> {
        if self.database.is_in_place() {
            return Ok(());
        }
        self.database.put_back()?;
        tracing::error!(
            "the state file was deleted while it was in use; it was written again and nothing is lost"
        );
        Ok(())
    }

    fn versions(&self) -> Vec<Version> {
        let endpoints = (self.endpoints)();
        let versions = endpoints.into_iter().flat_map(|endpoint| {
            let versions = endpoint.countings();
            versions.into_iter().map(move |(counting, out_of_use)| {
                let endpoint = Arc::clone(&endpoint);
                // Whoever still counts has a handle: what is out of use before gathering is complete after it.
                counting.gather();
                Version { endpoint, counting, out_of_use }
            })
        });
        versions.collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Windows that are over are closed.
    Regular,
    /// All windows are closed.
    All,
    /// All windows are closed and the server ends.
    Last,
}

struct Version {
    endpoint: Arc<Endpoint>,
    counting: Arc<Counting>,
    out_of_use: bool,
}

impl Version {
    fn part(&self) {
        if self.counting.open().windows.is_empty() {
            self.endpoint.part_with(&self.counting);
        }
    }
}

/// The open windows of a version, held while they are written.
struct Sheet<'a> {
    version: &'a Version,
    open: MutexGuard<'a, Open>,
    over: Vec<Timestamp>,
}

impl<'a> Sheet<'a> {
    fn new(version: &'a Version, pass: Pass, now: Timestamp) -> Self {
        let counting = &version.counting;
        let open = counting.open();
        let all = pass != Pass::Regular || version.out_of_use;
        let is_over = |start: &&Timestamp| all || counting.is_over(**start, open.newest, now);
        let over = open.windows.keys().filter(is_over).copied().collect();
        Self { version, open, over }
    }

    fn is_wanted(&self) -> bool {
        !self.over.is_empty() || !self.open.dirty.is_empty()
    }

    fn write(&self, act: &Act<'_>, now: Timestamp) -> Result<u64> {
        let counting = &self.version.counting;
        for start in &self.over {
            if let Some(counts) = self.open.windows.get(start) {
                let key = counting.key(*start);
                Checkpoint::remove(act, &key)?;
                Outbox::close(act, &ClosedWindow { key, counts: counts.encode() }, now)?;
            }
        }
        for start in self.open.dirty.iter().filter(|start| !self.over.contains(start)) {
            if let Some(counts) = self.open.windows.get(start) {
                Checkpoint::put(act, &counting.key(*start), &counts.encode())?;
            }
        }
        Ok(self.over.len() as u64)
    }

    /// What was written is no longer open, or no longer changed.
    fn settle(&mut self) {
        for start in &self.over {
            self.open.windows.remove(start);
            self.version.endpoint.closed(*start);
        }
        self.open.dirty.clear();
    }

    /// Counts that could not be written for so long that they take too much memory are lost, and that is noted.
    fn give_up(&mut self) -> Option<LostTime> {
        let surplus = self.open.windows.len().saturating_sub(MAX_UNWRITTEN);
        let lost: Vec<Timestamp> = self.open.windows.keys().take(surplus).copied().collect();
        let counting = &self.version.counting;
        let (from, to) = (*lost.first()?, counting.end(*lost.last()?));
        let mut rows = 0;
        for start in &lost {
            rows += self.open.windows.remove(start).map_or(0, |counts| counts.rows);
            self.open.dirty.remove(start);
        }
        let endpoint = self.version.endpoint.name.clone();
        Some(LostTime { endpoint, from, to, reason: GapReason::Storage, count: Some(rows) })
    }
}

fn commit(
    act: &Act<'_>,
    sheets: &[Sheet<'_>],
    (lost, pass, now): (&BTreeMap<Name, LostTime>, Pass, Timestamp),
    budget: u64,
) -> Result<u64> {
    let mut closed = 0;
    for sheet in sheets {
        closed += sheet.write(act, now)?;
    }
    for lost in lost.values() {
        Outbox::gap(act, lost, now)?;
    }
    Outbox::fit(act, budget, now)?;
    Identity::safe(act, now)?;
    if pass == Pass::Last {
        Identity::end(act)?;
    }
    if closed > 0 {
        act.changed("window", "closed")?;
    }
    Ok(closed)
}
