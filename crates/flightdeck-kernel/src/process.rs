//! The kernel's process: its own group, the end of what it writes, signals, and its death. What is said to it over
//! its channels is elsewhere.

use crate::config::Config;
use crate::error::KernelError;
use crate::leftovers;
use crate::memory::{self, Watch};
use crate::output::plain;
use std::collections::VecDeque;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How much of the end of stdout and stderr is kept.
const TAIL_BYTES: usize = 8 << 10;
/// A child of the kernel may hold its stderr open; the last words are not waited for longer than this.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// A child process, killed with its whole group, and with what left that, when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    id: u32,
    mark: String,
    ended: Option<ExitStatus>,
    tail: Arc<Mutex<VecDeque<u8>>>,
    readers: JoinSet<()>,
    watch: Option<Watch>,
    system_kills: Option<u64>,
    address_space: Option<AddressSpace>,
}

/// A limit on the address space, and how much of it was seen in use.
#[derive(Debug)]
struct AddressSpace {
    limit_bytes: u64,
    seen_bytes: u64,
}

impl Process {
    /// Starts it in a group of its own.
    pub(crate) fn spawn(mut command: Command, config: &Config) -> std::io::Result<Self> {
        let mark = leftovers::mark()?;
        command.env(leftovers::MARK, &mark);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.kill_on_drop(true).spawn()?;
        give_way(child.id());
        let id = child.id().unwrap_or_default();
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let mut readers = JoinSet::new();
        if let Some(stream) = child.stdout.take() {
            readers.spawn(keep_tail(stream, tail.clone()));
        }
        if let Some(stream) = child.stderr.take() {
            readers.spawn(keep_tail(stream, tail.clone()));
        }
        let address_space =
            config.address_space_bytes().map(|limit_bytes| AddressSpace { limit_bytes, seen_bytes: 0 });
        let watch = config.resident_bytes().map(|limit| Watch::start(id, limit, move || signal::kill(id)));
        Ok(Self {
            child,
            id,
            mark,
            ended: None,
            tail,
            readers,
            watch,
            system_kills: memory::system_kills(),
            address_space,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn is_running(&self) -> bool {
        self.ended.is_none()
    }

    /// Waits for its end; nothing that it started is left then. May be dropped and called again.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        if let Some(status) = self.ended {
            return status;
        }
        // Waiting fails only for a process that is not our child any more, which then has ended.
        let status = self.child.wait().await.unwrap_or_default();
        signal::kill(self.id);
        leftovers::kill(self.id, &self.mark);
        self.ended = Some(status);
        status
    }

    /// What Jupyter does for "interrupt": a signal to the whole group. Windows has none.
    pub(crate) fn interrupt(&self) {
        if self.is_running() {
            signal::interrupt(self.id);
        }
    }

    /// Looks how much of its address space is in use: afterwards it cannot be asked any more.
    pub(crate) fn look(&mut self) {
        if let Some(space) = &mut self.address_space {
            space.seen_bytes = memory::address_space_bytes(self.id).unwrap_or(space.seen_bytes);
        }
    }

    /// Kills what it started and not itself: once it is gone, those that left its group are hard to find.
    pub(crate) fn end_descendants(&self) {
        leftovers::kill(self.id, &self.mark);
    }

    /// Kills the group and waits for the end.
    pub(crate) async fn kill(&mut self) {
        if self.is_running() {
            // While it lives its descendants are known by it, also those without its mark.
            self.end_descendants();
            signal::kill(self.id);
            // Without groups, the process itself; with them it is dead already.
            let _ = self.child.start_kill();
            self.ended().await;
        }
    }

    /// How it ended, for a process that has or is about to.
    pub(crate) async fn death(&mut self) -> KernelError {
        let status = self.ended().await;
        let tail = self.last_words().await;
        let watched = self.watch.as_ref().is_some_and(Watch::was_exceeded);
        // C++ that gets no memory aborts, C that does not look crashes; both happen near the limit.
        let is_near = |space: &AddressSpace| space.seen_bytes > space.limit_bytes / 4 * 3;
        let memory = match signal_of(status) {
            Some(KILL) => watched || memory::system_kills() > self.system_kills,
            Some(ABORT | CRASH) => self.address_space.as_ref().is_some_and(is_near),
            _ => false,
        };
        let memory = memory || memory::is_named_in(&tail);
        KernelError::Died { status: sentence(status), tail, memory }
    }

    /// The end of what it wrote.
    pub(crate) async fn last_words(&mut self) -> String {
        if self.ended.is_some() {
            let all_read = async { while self.readers.join_next().await.is_some() {} };
            let _ = timeout(LAST_WORDS, all_read).await;
        }
        let bytes: Vec<u8> =
            self.tail.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        plain(&String::from_utf8_lossy(&bytes)).trim().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() {
            leftovers::kill(self.id, &self.mark);
            signal::kill(self.id);
            leftovers::kill(self.id, &self.mark);
        }
    }
}

async fn keep_tail(mut stream: impl AsyncRead + Unpin, tail: Arc<Mutex<VecDeque<u8>>>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        let mut kept = tail.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(&buffer[..read]);
        let surplus = kept.len().saturating_sub(TAIL_BYTES);
        kept.drain(..surplus);
    }
}

const KILL: i32 = 9;
const ABORT: i32 = 6;
const CRASH: i32 = 11;

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

/// "exit status: 3", "signal: 9 (SIGKILL)".
fn sentence(status: ExitStatus) -> String {
    status.to_string()
}

#[cfg(unix)]
mod signal {
    use rustix::process::{Pid, Signal, kill_process_group};

    pub(super) fn kill(group: u32) {
        send(group, Signal::KILL);
    }

    pub(super) fn interrupt(group: u32) {
        send(group, Signal::INT);
    }

    fn send(group: u32, signal: Signal) {
        if let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) {
            // A group that is empty already is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

#[cfg(not(unix))]
mod signal {
    pub(super) fn kill(_: u32) {}
    pub(super) fn interrupt(_: u32) {}
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
