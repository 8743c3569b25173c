//! Telling the window what changed, whoever changed it: this process, a command line, or the runner's own windows.

use crate::embedded::THIS_COMPUTER;
use crate::views::Event;
use crate::{App, Result};
use flightdeck_core::Name;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often the library is looked at: `PRAGMA data_version` costs microseconds.
const LOOK: Duration = Duration::from_millis(250);
/// How often closed windows are brought from this computer's runner.
const PULL: Duration = Duration::from_secs(1);
/// And from one elsewhere that answers.
const PULL_ELSEWHERE: Duration = Duration::from_secs(2);
/// How long one that does not answer is left alone at most.
const LONGEST_REST: Duration = Duration::from_mins(1);

impl App {
    /// Watches the library, the runner and the files that are followed, until the returned handle is dropped.
    pub fn watch(&self) -> Watching {
        let (changes, pulls, files) = (self.clone(), self.clone(), self.clone());
        self.inner.watching.store(true, Ordering::Relaxed);
        Watching([
            tokio::spawn(async move { changes.watch_changes().await }),
            tokio::spawn(async move { pulls.keep_pulling().await }),
            tokio::spawn(async move {
                if let Err(error) = files.keep_watching(|_| {}).await {
                    tracing::warn!(%error, "changed files are not noticed");
                }
            }),
        ])
    }

    /// Whether runners are visited all the time, so that what is known of them is fresh.
    pub(crate) fn is_watching(&self) -> bool {
        self.inner.watching.load(Ordering::Relaxed)
    }

    async fn watch_changes(&self) {
        let mut tick = tokio::time::interval(LOOK);
        let mut seen = self.inner.history.newest_change().unwrap_or(0);
        let mut version = self.inner.history.data_version().unwrap_or(0);
        loop {
            tick.tick().await;
            match self.changes(&mut version, &mut seen) {
                Ok(kinds) if kinds.is_empty() => {}
                Ok(kinds) => self.inner.host.emit(Event::Changed { kinds: kinds.into_iter().collect() }),
                Err(error) => tracing::warn!(%error, "the change feed cannot be read"),
            }
        }
    }

    fn changes(&self, version: &mut i64, seen: &mut i64) -> Result<BTreeSet<String>> {
        let now = self.inner.history.data_version()?;
        if now == *version {
            return Ok(BTreeSet::new());
        }
        *version = now;
        let changes = self.inner.history.changes_after(*seen)?;
        *seen = changes.last().map_or(*seen, |change| change.seq);
        Ok(changes.into_iter().map(|change| change.kind).collect())
    }

    /// Visits each runner in a task of its own: one that is away, or slow, holds up nobody.
    async fn keep_pulling(&self) {
        let mut tick = tokio::time::interval(PULL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut visits: HashMap<Name, Visits> = HashMap::new();
        loop {
            tick.tick().await;
            let Ok(names) = self.runner_names() else { continue };
            visits.retain(|name, _| names.contains(name));
            for name in names {
                let app = self.clone();
                let begin = || {
                    let name = name.clone();
                    Visits(tokio::spawn(async move { app.keep_visiting(&name).await }))
                };
                visits.entry(name.clone()).or_insert_with(begin);
            }
        }
    }

    async fn keep_visiting(&self, runner: &Name) {
        let mut failures = 0;
        loop {
            let outcome = self.visit(runner).await;
            failures = if outcome.is_ok() { 0 } else { failures + 1 };
            if let Err(error) = outcome {
                tracing::debug!(%error, %runner, "nothing could be brought from the runner");
            }
            tokio::select! {
                () = tokio::time::sleep(rest(runner.as_str() == THIS_COMPUTER, failures, chance())) => {}
                () = self.inner.remotes.repaired.notified() => {}
            }
        }
    }
}

/// How long a runner is left alone: this computer's a second. Others are asked less often, less and less while they do not
/// answer, and never by all desktops at the same moment. `chance` lies between 0 and 1.
fn rest(here: bool, failures: u32, chance: f64) -> Duration {
    if here {
        return PULL;
    }
    let rest = (PULL_ELSEWHERE * 2_u32.pow(failures.min(5))).min(LONGEST_REST);
    rest.mul_f64(0.75 + chance / 2.0)
}

/// Something between 0 and 1.
fn chance() -> f64 {
    let mut byte = [0];
    // Without randomness all desktops ask at the same moment, and nothing worse.
    let _ = getrandom::fill(&mut byte);
    f64::from(byte[0]) / f64::from(u8::MAX)
}

/// Visits a runner while it lives.
struct Visits(tokio::task::JoinHandle<()>);

impl Drop for Visits {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Watches while it lives.
pub struct Watching([tokio::task::JoinHandle<()>; 3]);

impl Drop for Watching {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_answer_is_asked_less_often_and_never_at_the_same_moment() {
        assert_eq!(rest(true, 9, 0.9), PULL);
        let seconds = |failures, chance| rest(false, failures, chance).as_secs_f64();
        assert_eq!([0, 1, 2, 3].map(|failures| seconds(failures, 0.5)), [2.0, 4.0, 8.0, 16.0]);
        assert_eq!(seconds(1000, 0.5), 60.0);
        assert_eq!((seconds(1000, 0.0), seconds(1000, 1.0)), (45.0, 75.0));
    }
}
