//! The process itself: started inside walls where the system has them, in a group of its own, listened to, and killed
//! with everything it started when it is done, too late or no longer wanted.

use super::events::{self, Event};
use super::{ConvertError, Converter, Watch, files};
use flightdeck_core::{Cancel, Progress, Unit};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long the streams of a process that ended are read.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What is to be done.
pub(super) struct Job {
    pub(super) work: &'static str,
    pub(super) arguments: Vec<String>,
    /// Folders that it may write, besides its own.
    pub(super) writable: Vec<PathBuf>,
    pub(super) walls: Walls,
}

/// Whether there must be walls around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walls {
    Always,
    WherePossible,
}

/// How an attempt ended.
struct Ended {
    status: ExitStatus,
    heard: Heard,
    tail: String,
}

/// What it said about itself.
#[derive(Default)]
struct Heard {
    started: bool,
    no_walls: Option<String>,
    overlay: Option<String>,
}

impl Heard {
    fn note(&mut self, event: Event, progress: &mut (dyn FnMut(Progress) + Send)) {
        match event.name.as_str() {
            "started" => self.started = true,
            "no-walls" => self.no_walls = Some(event.reason),
            "overlay" => self.overlay = Some(event.reason),
            "progress" => progress(Progress::new(&event.stage, event.done, event.total, Unit::Steps)),
            _ => {}
        }
    }
}

/// Runs a job, with walls first. Gives the reason when there were none.
pub(super) async fn run(
    converter: &Converter,
    job: Job,
    watch: Watch<'_>,
) -> Result<Option<String>, ConvertError> {
    let Watch { progress, cancel } = watch;
    let space = Space::new(converter)?;
    let walled = attempt(converter, (&job, &space, true), &mut *progress, cancel).await;
    let (ended, open) = match walled {
        Ok(ended) if ended.heard.started => (ended, None),
        failed => {
            let reason = reason(failed)?;
            if job.walls == Walls::Always {
                return Err(ConvertError::NotSandboxed { reason });
            }
            (attempt(converter, (&job, &space, false), &mut *progress, cancel).await?, Some(reason))
        }
    };
    if let Some(reason) = ended.heard.overlay {
        return Err(ConvertError::OverlayBroken { reason });
    }
    if ended.status.success() {
        return Ok(open);
    }
    Err(ConvertError::Died { status: ended.status.to_string(), tail: events::last_lines(&ended.tail) })
}

/// Why there are no walls; anything else that ended the attempt stays what it is.
fn reason(failed: Result<Ended, ConvertError>) -> Result<String, ConvertError> {
    match failed {
        Ok(ended) => Ok(ended.heard.no_walls.unwrap_or_else(|| events::last_lines(&ended.tail))),
        Err(ConvertError::Start { source, .. }) => Ok(source.to_string()),
        Err(other) => Err(other),
    }
}

/// A private folder for one run: home, temporary files and the package; gone with it.
struct Space {
    folder: tempfile::TempDir,
    package: PathBuf,
}

impl Space {
    fn new(converter: &Converter) -> Result<Self, ConvertError> {
        let failed = |source| ConvertError::Folder { path: converter.scratch.clone(), source };
        std::fs::create_dir_all(&converter.scratch).map_err(failed)?;
        let folder =
            tempfile::Builder::new().prefix("convert-").tempdir_in(&converter.scratch).map_err(failed)?;
        let package = files::write(folder.path()).map_err(failed)?;
        std::fs::create_dir_all(folder.path().join("home")).map_err(failed)?;
        Ok(Self { folder, package })
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }
}

async fn attempt(
    converter: &Converter,
    (job, space, walls): (&Job, &Space, bool),
    progress: &mut (dyn FnMut(Progress) + Send),
    cancel: &Cancel,
) -> Result<Ended, ConvertError> {
    let command = command(converter, job, space, walls);
    let interpreter = &converter.interpreter;
    let mut group = Group::start(command)
        .map_err(|source| ConvertError::Start { interpreter: interpreter.clone(), source })?;
    tokio::select! {
        ended = group.ended(progress) => ended,
        () = tokio::time::sleep(converter.limits.time) => {
            Err(ConvertError::Timeout { seconds: converter.limits.time.as_secs() })
        }
        () = cancelled(cancel) => Err(ConvertError::Cancelled),
    }
}

fn command(converter: &Converter, job: &Job, space: &Space, walls: bool) -> Command {
    let mut command = if walls && cfg!(target_os = "linux") {
        let mut command = Command::new("unshare");
        command.args([
            "--user",
            "--map-root-user",
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "--",
        ]);
        command.arg(&converter.interpreter);
        command
    } else {
        Command::new(&converter.interpreter)
    };
    command.args(["-B", "-s", "-c", files::BOOT]).arg(&converter.overlay).arg(&space.package);
    command.arg(if walls { "walls" } else { "open" }).arg(converter.limits.memory_bytes.to_string());
    command.arg(space.home()).args(&job.writable).arg("--").arg(job.work).args(&job.arguments);
    environment(&mut command, &space.home());
    command.current_dir(space.home()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

/// Only what Python and its libraries need, and the same on every machine.
fn environment(command: &mut Command, home: &Path) {
    command.env_clear();
    for name in ["PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // Where sockets and secrets of the person lie; inside the walls it is covered.
    if let Some(real) = std::env::var_os("HOME") {
        command.env("FLIGHTDECK_COVER", real);
    }
    for name in ["HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "MPLCONFIGDIR", "XDG_CACHE_HOME"] {
        command.env(name, home);
    }
    command.envs([
        ("LC_ALL", "C.UTF-8"),
        ("PYTHONHASHSEED", "0"),
        ("PYTHONIOENCODING", "utf-8"),
        ("OMP_NUM_THREADS", "2"),
        ("OPENBLAS_NUM_THREADS", "2"),
        ("FLIGHTDECK", "1"),
    ]);
}

/// A process and everything it started; killed when dropped.
struct Group {
    child: Child,
    id: Option<u32>,
    tail: JoinHandle<String>,
    listener: JoinHandle<()>,
    events: mpsc::Receiver<Event>,
}

impl Group {
    fn start(mut command: Command) -> std::io::Result<Self> {
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        give_way(child.id());
        let missing = || std::io::Error::other("the process has no output");
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let (sender, events) = mpsc::channel(64);
        let listener = tokio::spawn(events::listen(stdout, sender));
        let tail = tokio::spawn(events::tail(stderr));
        Ok(Self { id: child.id(), child, tail, listener, events })
    }

    async fn ended(&mut self, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Ended, ConvertError> {
        let mut heard = Heard::default();
        let status = loop {
            tokio::select! {
                Some(event) = self.events.recv() => heard.note(event, progress),
                status = self.child.wait() => break status,
            }
        };
        let status = status.map_err(ConvertError::Wait)?;
        self.kill();
        self.id = None;
        // Only what escaped from the group can still hold the streams open.
        let rest = async {
            while let Some(event) = self.events.recv().await {
                heard.note(event, progress);
            }
            (&mut self.tail).await.unwrap_or_default()
        };
        let tail = tokio::time::timeout(LAST_WORDS, rest).await.unwrap_or_default();
        Ok(Ended { status, heard, tail })
    }

    /// The whole group, the process itself included.
    fn kill(&self) {
        #[cfg(unix)]
        if let Some(group) = self.id.and_then(|id| rustix::process::Pid::from_raw(id as i32)) {
            // It fails only when nobody is left.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        self.tail.abort();
        self.listener.abort();
    }
}

/// Ends when the flag is set. A flag has no waker: it is looked at often enough for a person.
async fn cancelled(cancel: &Cancel) {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    while !cancel.is_cancelled() {
        tick.tick().await;
    }
}

/// A process that computes for minutes leaves the processor to whoever answers a person. It may say no; then it is as busy as others.
#[cfg(unix)]
fn give_way(id: Option<u32>) {
    /// In steps of the system's own scale: it gets a tenth of what the window gets when both want everything.
    const LATER: i32 = 10;
    let process = id.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(process) = process {
        let _ = rustix::process::setpriority_process(Some(process), LATER);
    }
}

#[cfg(not(unix))]
fn give_way(_: Option<u32>) {}
