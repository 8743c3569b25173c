//! Counts are the answers: under threads, kills, restarts and writes that fail.

use crate::support::{Server, command, desired, endpoint, eventually, four_columns, linear, request};
use flightdeck_drift::WindowCounts;
use flightdeck_protocol::{AuditRow, EndpointState, Gap, GapReason};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A history that pulls as the desktop does: records by their origin, each once.
#[derive(Default)]
struct History {
    rows: BTreeMap<(String, u32, u64), u64>,
    gaps: BTreeMap<(String, u32, u64), Gap>,
    producer: String,
    cursor: u64,
}

impl History {
    /// Pulls everything. Every other batch is acknowledged only the second time, as if the first had been lost.
    async fn pull(&mut self, server: &Server) {
        let producer = server.control.handshake().await.unwrap().runner_id;
        if producer != self.producer {
            (self.producer, self.cursor) = (producer, 0);
        }
        loop {
            let batch = server.control.windows(self.cursor, 7).await.unwrap();
            let again = server.control.windows(self.cursor, 7).await.unwrap();
            assert_eq!(batch, again, "what was not acknowledged is there again");
            for window in batch.windows {
                let origin = (window.origin.producer, window.origin.boot_epoch, window.origin.sequence);
                let rows = WindowCounts::decode(&window.counts.0).unwrap().rows;
                assert_eq!(*self.rows.entry(origin).or_insert(rows), rows, "one origin is one window");
            }
            for gap in batch.gaps {
                let origin = (gap.origin.producer.clone(), gap.origin.boot_epoch, gap.origin.sequence);
                self.gaps.insert(origin, gap);
            }
            self.cursor = batch.cursor;
            server.control.ack(batch.cursor).await.unwrap();
            if !batch.more {
                return;
            }
        }
    }

    fn total(&self) -> u64 {
        self.rows.values().sum()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_the_answers_under_threads_and_flushes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::start(folder.path()).await);
    let package = four_columns("linear", linear);
    server.upload(&package).await;
    let wanted = flightdeck_protocol::EndpointDesired { window_seconds: 1, ..desired(package.root) };
    server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap();
    let answered = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (1..=8_usize)
        .map(|client| {
            let (server, answered) = (Arc::clone(&server), Arc::clone(&answered));
            tokio::spawn(async move {
                for _ in 0..100 {
                    let rows = vec![[client as f32; 4]; client];
                    if server.control.infer(&endpoint("e"), &request(&rows)).await.is_ok() {
                        answered.fetch_add(client as u64, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    let mut history = History::default();
    while clients.iter().any(|client| !client.is_finished()) {
        server.control.flush().await.unwrap();
        history.pull(&server).await;
    }
    for client in clients {
        client.await.unwrap();
    }
    server.control.flush().await.unwrap();
    history.pull(&server).await;
    assert_eq!((history.total(), history.gaps.len()), (answered.load(Ordering::Relaxed), 0));
}

/// How many kills: a few in the tests, more in a long run.
fn kills() -> u64 {
    std::env::var("FLIGHTDECK_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(20)
}

#[tokio::test(flavor = "multi_thread")]
async fn r21_l2_killed_at_any_time_it_serves_again_and_what_is_missing_lies_in_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let package = four_columns("linear", linear);
    let mut server = Server::start(folder.path()).await;
    server.upload(&package).await;
    let wanted = flightdeck_protocol::EndpointDesired { window_seconds: 1, ..desired(package.root) };
    server.control.put_endpoint(&endpoint("e"), &wanted).await.unwrap();
    let mut history = History::default();
    // Answers by when they came, so that each is either counted or lies in a gap.
    let mut answered: Vec<i64> = Vec::new();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..kills() {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let requests = 1 + (seed >> 33) % 60;
        for n in 0..requests {
            let row = [n as f32, 1.0, 2.0, 3.0];
            assert_eq!(server.infer("e", row).await, linear(row), "the last good version serves");
            answered.push(now_ms());
            if (seed >> 20).wrapping_add(n) % 50 == 0 {
                server.control.flush().await.unwrap();
            }
        }
        if round % 3 == 0 {
            history.pull(&server).await;
        }
        server = Server::start(&server.kill()).await;
    }
    server.control.flush().await.unwrap();
    history.pull(&server).await;
    assert!(history.gaps.values().all(|gap| gap.reason == GapReason::Killed));
    assert_eq!(history.gaps.len() as u64, kills(), "each kill is told");
    let total = answered.len() as u64;
    let in_gaps =
        answered.iter().filter(|at| history.gaps.values().any(|gap| covers(gap, **at))).count() as u64;
    assert!(history.total() <= total, "nothing is counted twice: {} of {total}", history.total());
    assert!(history.total() >= total - in_gaps, "{} of {total}, {in_gaps} in gaps", history.total());
}

fn covers(gap: &Gap, at: i64) -> bool {
    // An answer is here a moment after it was counted there.
    (gap.from.as_ms()..=gap.to.as_ms() + 1000).contains(&at)
}

#[expect(
    clippy::disallowed_methods,
    reason = "when something happened in another process is told by the clock of both"
)]
fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

/// A server whose files end at a limit: every write beyond it fails.
fn limited(data: &Path) -> Server {
    let inner = command(data);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(inner.get_program()).args(inner.get_args());
    Server::launch(shell, data, Stdio::null())
}

fn limit_files(server: &Server, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let pid = server.pid().to_string();
    assert!(Command::new("prlimit").args([&limit, "--pid", &pid]).status().unwrap().success());
}

fn deploys(audit: &[AuditRow]) -> usize {
    audit.iter().filter(|row| row.action == "deploy").count()
}

async fn told(server: &Server) -> (EndpointState, usize) {
    let state = server.control.endpoint(&endpoint("e")).await.unwrap();
    (state, deploys(&server.control.audit(0).await.unwrap().rows))
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_a_write_that_fails_anywhere_in_a_deployment_or_an_acknowledgement_leaves_the_old_or_the_new_state()
 {
    let folder = tempfile::tempdir().unwrap();
    let package = four_columns("linear", linear);
    let mut server = limited(folder.path());
    eventually(async || server.control.ready().await.unwrap()).await;
    server.deploy("e", &package).await;
    server.infer("e", [1.0; 4]).await;
    server.control.flush().await.unwrap();
    let log = folder.path().join("state.db-wal");
    let mut failed = 0;
    // Each time the log may grow by some more of what a change writes: a header of 24 bytes and a page.
    for step in 0..24_u64 {
        let size = std::fs::metadata(&log).unwrap().len();
        let (before, deployed) = told(&server).await;
        let mut wanted = before.desired.clone();
        wanted.window_seconds = if wanted.window_seconds == 60 { 30 } else { 60 };
        limit_files(&server, &(size + step * 1030).to_string());
        let changed = server.control.put_endpoint(&endpoint("e"), &wanted).await;
        let cursor = server.control.windows(0, 1000).await.unwrap().cursor;
        let acknowledged = server.control.ack(cursor).await;
        limit_files(&server, "unlimited");
        failed += u32::from(changed.is_err()) + u32::from(acknowledged.is_err());
        // As it is now, and as it is found after a kill.
        let (now, rows) = told(&server).await;
        let expected = if changed.is_ok() { &wanted } else { &before.desired };
        assert_eq!((&now.desired, rows), (expected, deployed + usize::from(changed.is_ok())), "step {step}");
        if step % 6 == 5 {
            let data = server.kill();
            server = limited(&data);
            eventually(async || server.control.ready().await.unwrap()).await;
            let (after, rows) = told(&server).await;
            assert_eq!((&after.desired, rows), (expected, deployed + usize::from(changed.is_ok())));
        }
        assert_eq!(server.infer("e", [1.0; 4]).await, linear([1.0; 4]));
    }
    assert!(failed >= 10, "the limits were hit: {failed}");
}
