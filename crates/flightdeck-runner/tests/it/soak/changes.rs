//! What goes on meanwhile: versions are deployed, promoted, rolled back and taken away, and processes are killed.

use super::clients::Random;
use super::{APART, BUSY, FAST, PASSING, Soak, wanted};
use crate::support::endpoint;
use flightdeck_core::{Challenge, Challenger};
use std::sync::Arc;
use std::time::Duration;

/// Between two changes.
const PAUSE: Duration = Duration::from_millis(150);
/// Between two kills: three deaths within a short time are a broken model, which is not what is tried here.
const LIFE: Duration = Duration::from_secs(4);

pub(super) async fn change_until_the_end(soak: Arc<Soak>, seed: u64) {
    let mut random = Random::new(seed ^ 0xc4a6);
    let mut is_passing = false;
    while !soak.is_over() {
        tokio::time::sleep(PAUSE).await;
        let name = [FAST, FAST, FAST, BUSY, APART, PASSING][random.below(6) as usize];
        if name == PASSING && is_passing {
            let removed = soak.server.control.remove_endpoint(&endpoint(name)).await;
            soak.ledger.changed(name, removed.map(drop));
            is_passing = false;
            continue;
        }
        let [first, second] = soak.versions[name];
        let (champion, other) = if random.below(2) == 0 { (first, second) } else { (second, first) };
        let mut policy = wanted(name, champion);
        let challenge = match random.below(4) {
            0 => Some(Challenge::Canary(1 + random.below(90) as u8)),
            1 => Some(Challenge::Shadow),
            _ => None,
        };
        policy.policy.challengers =
            challenge.into_iter().map(|challenge| Challenger { version: other, challenge }).collect();
        let put = soak.server.control.put_endpoint(&endpoint(name), &policy).await;
        is_passing |= name == PASSING && put.is_ok();
        soak.ledger.changed(name, put.map(drop));
    }
}

/// Kills the processes that models live in, never those that try a model before it serves.
#[cfg(target_os = "linux")]
pub(super) async fn kill_until_the_end(soak: Arc<Soak>) {
    // A model's process has no end of its processor time.
    let forever = u64::MAX.to_string();
    while !soak.is_over() {
        tokio::time::sleep(LIFE.min(soak.end.saturating_duration_since(std::time::Instant::now()))).await;
        let tasks = std::fs::read_dir(format!("/proc/{}/task", soak.server.pid())).unwrap();
        let children =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
        for child in children.collect::<String>().split_whitespace() {
            let line = std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
            if line.split('\0').any(|argument| argument == forever) {
                soak.ledger.kills();
                let killed = std::process::Command::new("kill").args(["-9", child]).status();
                soak.ledger.killed(killed.is_ok_and(|status| status.success()));
                break;
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) async fn kill_until_the_end(_: Arc<Soak>) {}
