//! Telling the window what changed, whoever changed it: this process, a command line, or the runner's own windows.

use crate::views::Event;
use crate::{App, Result};
use std::collections::BTreeSet;
use std::time::Duration;

/// How often the library is looked at: `PRAGMA data_version` costs microseconds.
const LOOK: Duration = Duration::from_millis(250);
/// How often closed windows are brought from the runner.
const PULL: Duration = Duration::from_secs(1);

impl App {
    /// Watches the library, the runner and the files that are followed, until the returned handle is dropped.
    pub fn watch(&self) -> Watching {
        let (changes, pulls, files) = (self.clone(), self.clone(), self.clone());
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

    async fn keep_pulling(&self) {
        let mut tick = tokio::time::interval(PULL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Err(error) = self.pull().await {
                tracing::debug!(%error, "nothing could be brought from the runner");
            }
        }
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
