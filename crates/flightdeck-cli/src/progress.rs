//! Progress on the way: a line that is written over on a terminal, JSON lines for a script, nothing otherwise.

use crate::output;
use flightdeck_app::views::{CellState, OutputView};
use flightdeck_app::{CellMove, Job};
use flightdeck_core::{Cancel, Progress};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
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

/// The exit code of a process that was interrupted, as shells count it.
const INTERRUPTED: i32 = 130;

/// A job that Ctrl-C stops. Pressed again, it ends the process at once.
pub(crate) fn job(stream: Stream) -> Job {
    let cancel = Cancel::default();
    let stop = cancel.clone();
    tokio::spawn(async move {
        if interrupted_twice(tokio::signal::ctrl_c, &stop).await {
            clear();
            std::process::exit(INTERRUPTED);
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
                let stage = output::clean(&progress.stage);
                write_over(&format!("{stage} {}{total}", progress.done));
            }
            Stream::Terminal => {}
        }
        *last = Some(progress);
    })
    .with_cells(move |moved| {
        if stream == Stream::JsonLines {
            output::line(&line(moved));
        }
    })
}

/// How a cell of a notebook goes, as the stream says it.
fn line(moved: CellMove) -> CellLine {
    match moved {
        CellMove::State { index, state, seconds, error } => CellLine::Cell { index, state, seconds, error },
        CellMove::Output { index, output } => CellLine::Output { index, output },
    }
}

/// A cell in a stream of JSON lines.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum CellLine {
    Cell { index: u32, state: CellState, seconds: Option<f64>, error: Option<String> },
    Output { index: u32, output: OutputView },
}

/// Takes the progress line away.
pub(crate) fn clear() {
    if std::io::stderr().is_terminal() {
        write_over("");
    }
}

fn write_over(text: &str) {
    let mut terminal = std::io::stderr().lock();
    let _ = write!(terminal, "\r\x1b[K{text}");
    let _ = terminal.flush();
}

/// The first interrupt asks the work to stop, since it may have something to put back; returns at the second. `false` when
/// nobody can interrupt.
async fn interrupted_twice(mut interrupt: impl AsyncFnMut() -> io::Result<()>, stop: &Cancel) -> bool {
    if interrupt().await.is_err() {
        return false;
    }
    stop.cancel();
    interrupt().await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_interrupt_cancels_and_the_second_ends() {
        let cancel = Cancel::default();
        let mut cancelled_before = Vec::new();
        let interrupt = async || {
            cancelled_before.push(cancel.is_cancelled());
            Ok(())
        };
        assert!(interrupted_twice(interrupt, &cancel).await);
        assert_eq!(cancelled_before, [false, true]);
        let untouched = Cancel::default();
        assert!(!interrupted_twice(async || Err(io::Error::other("no signals")), &untouched).await);
        assert!(!untouched.is_cancelled());
    }
}
