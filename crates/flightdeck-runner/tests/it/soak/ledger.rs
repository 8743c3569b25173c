//! What was answered and refused, and what the windows say of it.

use super::Soak;
use flightdeck_core::VersionRole;
use flightdeck_drift::WindowCounts;
use flightdeck_protocol::ControlError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How much memory may grow from the first part of the run to the last, beside a share of it: model's sessions come and go.
const ROOM_MIB: f64 = 24.0;
const SHARE: f64 = 1.15;

/// How a change fails whose process was killed, while it loads or while it is warmed.
const APART_CODES: [&str; 2] = ["worker-died", "model-failed"];

#[derive(Default)]
pub(super) struct Ledger(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    endpoints: BTreeMap<&'static str, Page>,
    /// What must not happen.
    broken: Vec<String>,
    changes: u64,
    kills: u64,
    kills_begun: u64,
    /// Changes that failed because of a kill: each kill ends at most one.
    excused: u64,
    /// Rows that windows say were answered, by endpoint.
    pulled: BTreeMap<String, u64>,
    windows: u64,
    gaps: usize,
    cursor: u64,
    mib: Vec<f64>,
}

#[derive(Default)]
struct Page {
    requests: u64,
    rows: u64,
    refused: BTreeMap<String, u64>,
}

impl Ledger {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap()
    }

    pub(super) fn answered(&self, name: &'static str, rows: usize) {
        let mut pages = self.pages();
        let page = pages.endpoints.entry(name).or_default();
        page.requests += 1;
        page.rows += rows as u64;
    }

    pub(super) fn refused(&self, name: &'static str, how: String) {
        *self.pages().endpoints.entry(name).or_default().refused.entry(how).or_default() += 1;
    }

    pub(super) fn broken(&self, name: &str, how: impl std::fmt::Display) {
        self.pages().broken.push(format!("{name}: {how}"));
    }

    pub(super) fn changed(&self, name: &str, outcome: Result<(), ControlError>) {
        let mut pages = self.pages();
        pages.changes += 1;
        let Err(error) = outcome else { return };
        // The process that is killed may be the one that is just being started for the change, which then says so.
        if APART_CODES.contains(&error.code()) && name == super::APART && pages.excused < pages.kills_begun {
            pages.excused += 1;
            return;
        }
        drop(pages);
        self.broken(name, format!("a change failed: {error} ({})", error.code()));
    }

    /// Said before a process is killed.
    pub(super) fn kills(&self) {
        self.pages().kills_begun += 1;
    }

    pub(super) fn killed(&self, was_killed: bool) {
        self.pages().kills += u64::from(was_killed);
    }

    /// Everything held.
    #[expect(clippy::print_stdout, reason = "what a soak did is what it is run for")]
    pub(super) fn check(&self) {
        let pages = self.pages();
        for (name, page) in &pages.endpoints {
            println!(
                "{name}: {} answered with {} rows, refused {:?}",
                page.requests, page.rows, page.refused
            );
        }
        let Pages { changes, kills, windows, gaps, .. } = &*pages;
        println!("{changes} changes, {kills} kills, {windows} windows pulled, {gaps} gaps");
        let shown: Vec<&String> = pages.broken.iter().take(10).collect();
        assert!(shown.is_empty(), "{} broken: {shown:#?}", pages.broken.len());
        for (name, page) in &pages.endpoints {
            assert!(page.requests > 0, "{name} answered nothing");
            assert_eq!(pages.pulled.get(*name), Some(&page.rows), "{name}: counted is not what was answered");
        }
        let was_refused = |name: &str| pages.endpoints[name].refused.values().sum::<u64>() > 0;
        assert!(was_refused(super::BUSY), "it was no overload");
        assert!(*changes > 0 && (*kills > 0 || cfg!(not(target_os = "linux"))) && *gaps == 0);
        flat(&pages.mib);
    }
}

/// The median of the last third is about that of the middle one; the first is spent on starting.
#[expect(clippy::print_stdout, reason = "what a soak did is what it is run for")]
fn flat(mib: &[f64]) {
    let median = |part: &[f64]| {
        let mut sorted = part.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    };
    let third = mib.len() / 3;
    let (middle, last) = (median(&mib[third..2 * third]), median(&mib[2 * third..]));
    println!("memory: {middle:.0} MiB in the middle, {last:.0} MiB at the end");
    assert!(last <= middle * SHARE + ROOM_MIB, "memory grows: {middle:.0} MiB, then {last:.0}");
}

pub(super) async fn pull_until_the_end(soak: Arc<Soak>) {
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    while !soak.is_over() {
        tick.tick().await;
        pull(&soak).await;
    }
}

/// Takes all windows that are closed, adds their counts and acknowledges them.
pub(super) async fn pull(soak: &Soak) {
    loop {
        let cursor = soak.ledger.pages().cursor;
        let batch = soak.server.control.windows(cursor, 100).await.unwrap();
        if batch.windows.is_empty() && batch.gaps.is_empty() {
            return;
        }
        {
            let mut pages = soak.ledger.pages();
            for window in &batch.windows {
                let counts = WindowCounts::decode(&window.counts.0).unwrap();
                // A shadow counts what it saw beside those who answered.
                if window.key.role != VersionRole::Shadow {
                    *pages.pulled.entry(window.key.endpoint.to_string()).or_default() += counts.rows;
                }
                pages.windows += 1;
            }
            pages.gaps += batch.gaps.len();
            pages.cursor = batch.cursor;
        }
        soak.server.control.ack(batch.cursor).await.unwrap();
    }
}

pub(super) async fn weigh_until_the_end(soak: Arc<Soak>) {
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    while !soak.is_over() {
        tick.tick().await;
        let status = std::fs::read_to_string(format!("/proc/{}/status", soak.server.pid()));
        let kib = status.ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:").map(str::to_owned))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        });
        if let Some(kib) = kib {
            soak.ledger.pages().mib.push(kib / 1024.0);
        }
    }
}
