//! One child process with a time limit, an output limit and a way to stop it; stopped, its whole process group ends.

use flightdeck_core::Cancel;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How often a stop is looked for.
const LOOK: Duration = Duration::from_millis(50);
/// How long the pipes of an ended process are read on: a grandchild may hold them open.
const AFTER_END: Duration = Duration::from_secs(2);
/// How much of the standard error is kept.
const TAIL_BYTES: usize = 16 << 10;
/// A line that is longer is cut.
const LINE_BYTES: u64 = 8 << 10;

pub(crate) enum ChildError {
    Start(io::Error),
    TimedOut(Duration),
    TooMuch(usize),
    Cancelled,
}

/// What a child may use.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) time: Duration,
    pub(crate) output_bytes: usize,
    /// Its output is read as lines, as its errors are, and not kept whole.
    pub(crate) output_lines: bool,
}

/// What a child left.
pub(crate) struct Answer {
    pub(crate) status: ExitStatus,
    pub(crate) output: Vec<u8>,
    /// The end of its standard error.
    pub(crate) tail: String,
}

enum Event {
    Output(Vec<u8>),
    Line(String),
    Closed,
}

/// An interpreter's command that leaves no trace: no bytecode, no settings of the shell that started us.
pub(crate) fn python(interpreter: &Path) -> Command {
    let mut command = Command::new(interpreter);
    // As a variable and not as `-X utf8`: Python 2 must get as far as saying that it is too old.
    command.arg("-B").env("PYTHONUTF8", "1").env("PYTHONDONTWRITEBYTECODE", "1");
    for name in ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT"] {
        command.env_remove(name);
    }
    command
}

/// Runs a command, feeds it `input`, and gives every line of its standard error to `line`.
pub(crate) fn run(
    mut command: Command,
    input: Vec<u8>,
    bounds: Bounds,
    (cancel, line): (&Cancel, &mut dyn FnMut(&str)),
) -> Result<Answer, ChildError> {
    if cancel.is_cancelled() {
        return Err(ChildError::Cancelled);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = Group(command.spawn().map_err(ChildError::Start)?);
    let events = connect(&mut child.0, input, bounds.output_lines);
    let deadline = Instant::now() + bounds.time;
    let kept = listen(&mut child.0, &events, (bounds, deadline), (cancel, line))?;
    let status = await_end(&mut child.0, deadline, cancel, bounds.time)?;
    Ok(Answer { status, output: kept.output, tail: kept.tail })
}

/// Takes what comes until both pipes are closed.
fn listen(
    child: &mut Child,
    events: &Receiver<Event>,
    (bounds, deadline): (Bounds, Instant),
    (cancel, line): (&Cancel, &mut dyn FnMut(&str)),
) -> Result<Kept, ChildError> {
    let mut kept = Kept { output: Vec::new(), tail: String::new(), limit: bounds.output_bytes };
    let mut ended: Option<(ExitStatus, Instant)> = None;
    let mut open = 2;
    while open > 0 {
        match events.recv_timeout(LOOK) {
            Ok(Event::Closed) => open -= 1,
            Ok(event) => kept.take(event, line)?,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if ended.is_none() => {
                ended = child.try_wait().ok().flatten().map(|status| (status, Instant::now()));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if cancel.is_cancelled() {
            return Err(ChildError::Cancelled);
        }
        if ended.is_some_and(|(_, at)| at.elapsed() > AFTER_END) {
            break;
        }
        if Instant::now() > deadline {
            return Err(ChildError::TimedOut(bounds.time));
        }
    }
    Ok(kept)
}

/// A process may close its pipes and go on.
fn await_end(
    child: &mut Child,
    deadline: Instant,
    cancel: &Cancel,
    limit: Duration,
) -> Result<ExitStatus, ChildError> {
    let (_never, silence) = channel::<()>();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if cancel.is_cancelled() => return Err(ChildError::Cancelled),
            Ok(None) if Instant::now() > deadline => return Err(ChildError::TimedOut(limit)),
            Ok(None) => drop(silence.recv_timeout(Duration::from_millis(5))),
            Err(error) => return Err(ChildError::Start(error)),
        }
    }
}

struct Kept {
    output: Vec<u8>,
    tail: String,
    limit: usize,
}

impl Kept {
    fn take(&mut self, event: Event, line: &mut dyn FnMut(&str)) -> Result<(), ChildError> {
        match event {
            Event::Output(bytes) if self.output.len() + bytes.len() > self.limit => {
                return Err(ChildError::TooMuch(self.limit));
            }
            Event::Output(bytes) => self.output.extend_from_slice(&bytes),
            Event::Line(text) => {
                line(&text);
                self.tail.push_str(&text);
                self.tail.push('\n');
                if self.tail.len() > TAIL_BYTES {
                    let cut = self.tail.ceil_char_boundary(self.tail.len() - TAIL_BYTES);
                    self.tail.drain(..cut);
                }
            }
            Event::Closed => {}
        }
        Ok(())
    }
}

/// Threads for the three pipes; each ends when its pipe does.
fn connect(child: &mut Child, input: Vec<u8>, lines: bool) -> Receiver<Event> {
    let (send, receive) = channel();
    if let Some(mut pipe) = child.stdin.take() {
        // A child that ends early breaks the pipe; how it ended is told by its status.
        thread::spawn(move || drop(pipe.write_all(&input)));
    }
    if let Some(pipe) = child.stdout.take() {
        let send = send.clone();
        thread::spawn(move || if lines { read_lines(pipe, &send) } else { read_output(pipe, &send) });
    }
    if let Some(pipe) = child.stderr.take() {
        thread::spawn(move || read_lines(pipe, &send));
    }
    receive
}

fn read_output(mut pipe: impl Read, send: &Sender<Event>) {
    let mut part = vec![0; 64 << 10];
    while let Ok(count @ 1..) = pipe.read(&mut part) {
        if send.send(Event::Output(part[..count].to_vec())).is_err() {
            return;
        }
    }
    let _ = send.send(Event::Closed);
}

fn read_lines(pipe: impl Read, send: &Sender<Event>) {
    let (mut pipe, mut line) = (BufReader::new(pipe), Vec::new());
    while let Ok(1..) = pipe.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        if !text.is_empty() && send.send(Event::Line(text)).is_err() {
            return;
        }
    }
    let _ = send.send(Event::Closed);
}

/// Ends its process and everything that process started.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        if let Ok(Some(_)) = self.0.try_wait() {
            return;
        }
        #[cfg(unix)]
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, bounds: Bounds, cancel: &Cancel) -> Result<(Answer, Vec<String>), ChildError> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let mut lines = Vec::new();
        run(command, b"in".to_vec(), bounds, (cancel, &mut |line| lines.push(line.to_owned())))
            .map(|a| (a, lines))
    }

    const BOUNDS: Bounds = Bounds { time: Duration::from_secs(20), output_bytes: 1000, output_lines: false };

    #[test]
    fn output_lines_and_status_are_given() {
        let (answer, lines) =
            shell("cat; echo a >&2; echo b >&2; exit 3", BOUNDS, &Cancel::default()).ok().unwrap();
        assert_eq!((answer.output.as_slice(), answer.status.code()), (&b"in"[..], Some(3)));
        assert_eq!((lines, answer.tail.as_str()), (vec!["a".to_owned(), "b".to_owned()], "a\nb\n"));
    }

    #[test]
    fn a_child_that_writes_for_ever_or_never_ends_is_stopped() {
        assert!(matches!(shell("yes", BOUNDS, &Cancel::default()), Err(ChildError::TooMuch(1000))));
        let short = Bounds { time: Duration::from_millis(200), ..BOUNDS };
        let start = Instant::now();
        assert!(matches!(
            shell("sleep 60 & sleep 60", short, &Cancel::default()),
            Err(ChildError::TimedOut(_))
        ));
        assert!(matches!(
            shell("exec >&- 2>&-; sleep 60", short, &Cancel::default()),
            Err(ChildError::TimedOut(_))
        ));
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_grandchild_that_holds_the_pipes_does_not_hold_us() {
        let (answer, _) = shell("sleep 60 & exit 0", BOUNDS, &Cancel::default()).ok().unwrap();
        assert!(answer.status.success());
    }

    #[test]
    fn a_stop_is_heard() {
        let cancel = Cancel::default();
        let stop = cancel.clone();
        let mut command = Command::new("sh");
        command.args(["-c", "echo started >&2; sleep 60"]);
        let result = run(command, Vec::new(), BOUNDS, (&cancel, &mut |_| stop.cancel()));
        assert!(matches!(result, Err(ChildError::Cancelled)));
    }
}
