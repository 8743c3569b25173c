//! Started programs that are ended again, with all that they started, whatever happens in between.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::proc;
use crate::process::succeeds;

/// How long a program may take to end when asked to.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which of a program's outputs is listened to.
#[derive(Clone, Copy)]
pub(super) enum Listen {
    Out,
    Err,
}

/// A running program. Dropping it ends it and its children.
pub(super) struct Running {
    name: String,
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts a program and listens to one of its outputs; the other one is dropped.
    pub(super) fn start(command: &mut Command, listen: Listen) -> Result<Self> {
        Self::told(command, listen, None)
    }

    /// Starts a program that reads one line first.
    pub(super) fn told(command: &mut Command, listen: Listen, line: Option<&str>) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let (out, err) = match listen {
            Listen::Out => (Stdio::piped(), Stdio::null()),
            Listen::Err => (Stdio::null(), Stdio::piped()),
        };
        let input = if line.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(input).stdout(out).stderr(err);
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        if let (Some(line), Some(mut input)) = (line, child.stdin.take()) {
            writeln!(input, "{line}").with_context(|| format!("{name} does not listen"))?;
        }
        let out = child.stdout.take().map(|out| Box::new(out) as Box<dyn Read + Send>);
        let err = child.stderr.take().map(|err| Box::new(err) as Box<dyn Read + Send>);
        let (sender, lines) = channel();
        if let Some(output) = out.or(err) {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    // Read on when nobody listens any more: a full pipe would stop the program.
                    let _ = sender.send(line);
                }
            });
        }
        Ok(Self { name, child, lines })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The first line that `pick` takes, within a time.
    pub(super) fn line<T>(&self, within: Duration, pick: impl Fn(&str) -> Option<T>) -> Result<T> {
        let (end, mut heard) = (Instant::now() + within, Vec::new());
        loop {
            let said = || if heard.is_empty() { "nothing".to_owned() } else { heard.join("\n") };
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => match pick(&line) {
                    Some(picked) => return Ok(picked),
                    None => heard.push(line),
                },
                Err(RecvTimeoutError::Timeout) => {
                    bail!("{} was not ready within {within:?} and said {}", self.name, said())
                }
                Err(RecvTimeoutError::Disconnected) => bail!("{} ended and said {}", self.name, said()),
            }
        }
    }

    /// Lets it be for a time; an error when it ends meanwhile.
    pub(super) fn rest(&self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => bail!("{} ended while it was looked at", self.name),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let tree = proc::tree(self.child.id());
        // The newest first: whoever only waits for it then ends by itself.
        signal("-TERM", tree.iter().rev());
        let end = Instant::now() + PATIENCE;
        let alive = |pid: &&u32| proc::Stat::of(**pid).is_some_and(|stat| !stat.is_ended());
        while matches!(self.child.try_wait(), Ok(None)) || tree.iter().any(|pid| alive(&pid)) {
            if Instant::now() > end {
                signal("-KILL", tree.iter().filter(alive));
                break;
            }
            // Processes of others announce their end to nobody but their parents.
            thread::park_timeout(Duration::from_millis(10));
        }
        let _ = self.child.wait();
    }
}

fn signal<'a>(signal: &str, pids: impl Iterator<Item = &'a u32>) {
    let pids: Vec<String> = pids.map(ToString::to_string).collect();
    if !pids.is_empty() {
        let _ = succeeds(Command::new("kill").arg(signal).args(pids));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_dropped_program_takes_its_children_with_it() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "tail -f /dev/null & echo $!; wait"]);
        let running = Running::start(&mut shell, Listen::Out).unwrap();
        let tail: u32 = running.line(PATIENCE, |line| line.parse().ok()).unwrap();
        assert!(proc::tree(running.pid()).contains(&tail));
        drop(running);
        assert!(proc::Stat::of(tail).is_none_or(|stat| stat.is_ended()));
    }

    #[test]
    #[cfg(unix)]
    fn a_program_that_ends_is_an_error_with_its_words() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo no display >&2; exit 3"]);
        let running = Running::start(&mut shell, Listen::Err).unwrap();
        let error = running.line(PATIENCE, |_| None::<()>).unwrap_err().to_string();
        assert_eq!(error, "sh ended and said no display");
    }
}
