//! The world that the use cases get from the window: the system's clock, and announcements carried into the page.
//!
//! Announcements are gathered and handed over in batches: of a job only the newest state, of changes each kind once.
//! So a chatty job costs the page at most twenty messages a second, and what waits is bounded by what exists.

use flightdeck_app::views::{Event, JobView};
use flightdeck_app::{Host, system_now};
use flightdeck_core::{Clock, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tauri::{AppHandle, Emitter};
use tokio::sync::Notify;

const BATCH: Duration = Duration::from_millis(50);

/// The host of a window.
pub(crate) struct WindowHost {
    waiting: Arc<Waiting>,
}

#[derive(Default)]
struct Waiting {
    batch: Mutex<Batch>,
    filled: Notify,
}

#[derive(Default)]
struct Batch {
    jobs: BTreeMap<u32, JobView>,
    kinds: BTreeSet<String>,
}

impl WindowHost {
    /// Begins to carry announcements to the window.
    pub(crate) fn start(tauri: &AppHandle) -> Self {
        let waiting = Arc::<Waiting>::default();
        tauri::async_runtime::spawn(carry(tauri.clone(), waiting.clone()));
        Self { waiting }
    }
}

impl Clock for WindowHost {
    fn now(&self) -> Timestamp {
        system_now()
    }
}

impl Host for WindowHost {
    fn emit(&self, event: Event) {
        self.waiting.batch.lock().unwrap_or_else(PoisonError::into_inner).add(event);
        self.waiting.filled.notify_one();
    }
}

impl Batch {
    fn add(&mut self, event: Event) {
        match event {
            Event::Job(job) => {
                self.jobs.insert(job.id, job);
            }
            Event::Changed { kinds } => self.kinds.extend(kinds),
        }
    }

    fn into_events(self) -> Vec<Event> {
        let mut events: Vec<Event> = self.jobs.into_values().map(Event::Job).collect();
        if !self.kinds.is_empty() {
            events.push(Event::Changed { kinds: self.kinds.into_iter().collect() });
        }
        events
    }
}

async fn carry(tauri: AppHandle, waiting: Arc<Waiting>) {
    loop {
        waiting.filled.notified().await;
        let batch = std::mem::take(&mut *waiting.batch.lock().unwrap_or_else(PoisonError::into_inner));
        for event in batch.into_events() {
            if let Err(error) = tauri.emit_to("main", "flightdeck", event) {
                tracing::debug!("nobody to tell: {error}");
            }
        }
        tokio::time::sleep(BATCH).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_app::views::JobState;
    use flightdeck_core::{Progress, Unit};

    fn job(id: u32, done: u64) -> Event {
        let progress = Progress::new("upload", done, 10, Unit::Bytes);
        Event::Job(JobView { id, title: "Deploy a".into(), progress, state: JobState::Running, error: None })
    }

    #[test]
    fn of_a_job_only_the_newest_state_is_told_and_each_kind_once() {
        let mut batch = Batch::default();
        for done in 0..5 {
            batch.add(job(1, done));
            batch.add(Event::Changed { kinds: vec!["window".into(), "alert".into()] });
        }
        let events = batch.into_events();
        assert!(matches!(&events[0], Event::Job(job) if job.progress.done == 4));
        assert!(matches!(&events[1], Event::Changed { kinds } if kinds.len() == 2));
        assert_eq!(events.len(), 2);
    }
}
