//! Progress on the way: a line that is written over on a terminal, JSON lines for a script, nothing otherwise.

use crate::output;
use flightdeck_app::Job;
use flightdeck_core::{Cancel, Progress};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;

/// A line of progress in a stream of JSON lines.
#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    #[serde(flatten)]
    progress: &'a Progress,
}

/// Whether progress goes to standard output as JSON lines: only the commands say so whose contract has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    JsonLines,
    Terminal,
}

/// A job that Ctrl-C stops.
pub(crate) fn job(stream: Stream) -> Job {
    let cancel = Cancel::default();
    let stop = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let terminal = std::io::stderr().is_terminal();
    let last = Mutex::new(None::<Progress>);
    Job::new(cancel, move |progress| {
        let mut last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.as_ref() == Some(&progress) {
            return;
        }
        match stream {
            Stream::JsonLines => output::line(&Line { event: "stage", progress: &progress }),
            Stream::Terminal if terminal => {
                let total = progress.total.map(|total| format!(" of {total}")).unwrap_or_default();
                eprint!("\r\x1b[K{} {}{total}", progress.stage, progress.done);
                let _ = std::io::stderr().flush();
            }
            Stream::Terminal => {}
        }
        *last = Some(progress);
    })
}

/// Takes the progress line away.
pub(crate) fn clear() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}
