//! `flightdeck watch` in the background, and what it makes of a saved notebook.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// How long a changed notebook may take to run as a shadow.
const PATIENCE: Duration = Duration::from_mins(3);

/// The running watch. Dropping it ends it.
pub(super) struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    pub(super) fn start(mut command: Command) -> Result<Self> {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot start the watch")?;
        let out = child.stdout.take();
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in out.map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
                // Read on when nobody listens any more: a full pipe would stop the watch.
                let _ = sender.send(line);
            }
        });
        Ok(Self { child, lines })
    }

    /// Waits for what becomes of the next change: the number of the version that was made.
    pub(super) fn next_version(&self) -> Result<u64> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => version(&line),
            Err(RecvTimeoutError::Timeout) => {
                bail!("nothing became of the saved notebook within {PATIENCE:?}")
            }
            Err(RecvTimeoutError::Disconnected) => bail!("the watch ended by itself"),
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn version(line: &str) -> Result<u64> {
    let imported: Value = serde_json::from_str(line)?;
    imported["version"].as_u64().with_context(|| format!("the saved notebook became no version: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_notebook_is_no_version() {
        assert_eq!(version(r#"{"model": "flights", "version": 2}"#).unwrap(), 2);
        let refused = version(r#"{"error": {"code": "not-equal"}}"#).unwrap_err().to_string();
        assert!(refused.contains("not-equal"), "{refused}");
    }

    #[test]
    #[cfg(unix)]
    fn a_watch_that_ends_is_said() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo '{\"version\": 7}'"]);
        let watching = Watching::start(shell).unwrap();
        assert_eq!(watching.next_version().unwrap(), 7);
        assert!(watching.next_version().unwrap_err().to_string().contains("ended"));
    }
}
