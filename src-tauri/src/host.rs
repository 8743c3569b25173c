//! The world that the use cases get from the window: the system's clock, and announcements carried into the page.
//!
//! Announcements are gathered and handed over in batches, one message each: of a job only the newest state, of changes
//! each kind once, of what a cell prints as much as a person could read. So a chatty job costs the page at most twenty
//! messages a second, and what waits is bounded by what exists.

use flightdeck_app::views::{Event, JobView, OutputView};
use flightdeck_app::{Host, system_now};
use flightdeck_core::{Clock, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tauri::{AppHandle, Emitter};
use tokio::sync::Notify;

const BATCH: Duration = Duration::from_millis(50);
/// Text of one cell in one message, in bytes; a cell that prints more at once is shown its end.
const LONGEST_TEXT: usize = 64 << 10;

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
    /// How cells moved and what they put out, in order; text of one stream that follows itself is one entry.
    cells: Vec<Event>,
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
            Event::Cell { .. } => self.cells.push(event),
            Event::Output { job, index, output } => self.put(job, index, output),
        }
    }

    fn put(&mut self, job: u32, index: u32, output: OutputView) {
        let newest = self.cells.last_mut();
        let output = match (output, newest) {
            (
                OutputView::Text { stream, text },
                Some(Event::Output {
                    job: j,
                    index: i,
                    output: OutputView::Text { stream: s, text: before },
                }),
            ) if (*j, *i, &*s) == (job, index, &stream) => {
                before.push_str(&text);
                return shorten(before);
            }
            (OutputView::Text { stream, mut text }, _) => {
                shorten(&mut text);
                OutputView::Text { stream, text }
            }
            (output, _) => output,
        };
        if matches!(output, OutputView::Cleared) {
            self.cells.retain(
                |event| !matches!(event, Event::Output { job: j, index: i, .. } if (*j, *i) == (job, index)),
            );
        }
        self.cells.push(Event::Output { job, index, output });
    }

    /// A job's end comes after what its cells put out: whoever follows it has seen everything then.
    fn into_events(self) -> Vec<Event> {
        let mut events = self.cells;
        events.extend(self.jobs.into_values().map(Event::Job));
        if !self.kinds.is_empty() {
            events.push(Event::Changed { kinds: self.kinds.into_iter().collect() });
        }
        events
    }
}

/// Keeps the end of a text that is too long, and says in its place what is left out.
fn shorten(text: &mut String) {
    if text.len() <= LONGEST_TEXT {
        return;
    }
    // Half of it goes at once, so that a long text is not moved for every word that follows.
    let from = text.ceil_char_boundary(text.len() - LONGEST_TEXT / 2);
    let from = text[from..].find('\n').map_or(from, |line| from + line + 1);
    let kept = text.split_off(from);
    *text = format!("\n… much was printed at once; only the end of it is shown …\n{kept}");
}

async fn carry(tauri: AppHandle, waiting: Arc<Waiting>) {
    loop {
        waiting.filled.notified().await;
        let batch = std::mem::take(&mut *waiting.batch.lock().unwrap_or_else(PoisonError::into_inner));
        let events = batch.into_events();
        if !events.is_empty()
            && let Err(error) = tauri.emit_to("main", "flightdeck", events)
        {
            tracing::debug!("nobody to tell: {error}");
        }
        tokio::time::sleep(BATCH).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_app::views::{CellState, JobState};
    use flightdeck_core::{Progress, Unit};

    fn job(id: u32, done: u64) -> Event {
        let progress = Progress::new("upload", done, 10, Unit::Bytes);
        Event::Job(JobView { id, title: "Deploy a".into(), progress, state: JobState::Running, error: None })
    }

    fn printed(index: u32, stream: &str, text: &str) -> Event {
        let output = OutputView::Text { stream: stream.into(), text: text.into() };
        Event::Output { job: 1, index, output }
    }

    fn texts(events: &[Event]) -> Vec<(u32, &str)> {
        let text = |event| match event {
            &Event::Output { index, output: OutputView::Text { ref text, .. }, .. } => {
                Some((index, text.as_str()))
            }
            _ => None,
        };
        events.iter().filter_map(text).collect()
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

    #[test]
    fn what_a_cell_prints_bit_by_bit_is_told_at_once_and_before_its_job_ends() {
        let mut batch = Batch::default();
        batch.add(job(1, 1));
        for (stream, text) in [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")] {
            batch.add(printed(0, stream, text));
        }
        batch.add(Event::Cell { job: 1, index: 0, state: CellState::Done, seconds: None, error: None });
        batch.add(printed(1, "stdout", "e"));
        let events = batch.into_events();
        assert_eq!(texts(&events), [(0, "ab"), (0, "c"), (0, "d"), (1, "e")]);
        assert!(matches!(events.last(), Some(Event::Job(_))));
    }

    #[test]
    fn a_cell_that_prints_without_end_costs_no_more_than_its_share() {
        let mut batch = Batch::default();
        for line in 0..200_000 {
            batch.add(printed(0, "stdout", &format!("line é {line}\n")));
        }
        let events = batch.into_events();
        let told = texts(&events);
        assert_eq!(told.len(), 1);
        assert!(told[0].1.len() <= LONGEST_TEXT + 128);
        assert!(told[0].1.ends_with("line é 199999\n") && told[0].1.contains("only the end of it"));
    }

    #[test]
    fn what_a_cell_cleared_is_not_told() {
        let mut batch = Batch::default();
        batch.add(printed(0, "stdout", "old"));
        batch.add(printed(1, "stdout", "other"));
        batch.add(Event::Output { job: 1, index: 0, output: OutputView::Cleared });
        batch.add(printed(0, "stdout", "new"));
        assert_eq!(texts(&batch.into_events()), [(1, "other"), (0, "new")]);
    }
}
