//! Memory of a kernel: looking at the resident size where the address space cannot be bounded, and guessing
//! afterwards whether memory was what killed it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::task::JoinHandle;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks at a process and its children until dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    exceeded: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Calls `kill` once when the resident size is above the limit.
    pub(crate) fn start(root: u32, limit_bytes: u64, kill: impl Fn() + Send + 'static) -> Self {
        let exceeded = Arc::new(AtomicBool::new(false));
        let flag = exceeded.clone();
        let task = tokio::spawn(async move {
            while resident_bytes(root).await <= limit_bytes {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            flag.store(true, Ordering::Release);
            kill();
        });
        Self { exceeded, task }
    }

    pub(crate) fn was_exceeded(&self) -> bool {
        self.exceeded.load(Ordering::Acquire)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The sum over a process and everything below it. Pages that they share are counted more than once.
async fn resident_bytes(root: u32) -> u64 {
    let look = tokio::task::spawn_blocking(move || {
        let mut system = System::new();
        let kind = ProcessRefreshKind::nothing().with_memory().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        sum(&system, Pid::from_u32(root))
    });
    look.await.unwrap_or_default()
}

fn sum(system: &System, root: Pid) -> u64 {
    let below = |process: &sysinfo::Process| {
        let mut at = Some(process.pid());
        // Deep enough for any tree; bounded, because ids are reused while we look.
        for _ in 0..64 {
            match at {
                Some(pid) if pid == root => return true,
                Some(pid) => at = system.process(pid).and_then(sysinfo::Process::parent),
                None => return false,
            }
        }
        false
    };
    system.processes().values().filter(|process| below(process)).map(sysinfo::Process::memory).sum()
}

/// How often the system has killed a process for lack of memory; only Linux says so.
pub(crate) fn system_kills() -> Option<u64> {
    let counters = std::fs::read_to_string("/proc/vmstat").ok()?;
    counters.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

/// The most that a process had in its address space; only Linux says so.
pub(crate) fn address_space_bytes(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmPeak:"))?;
    Some(kilobytes.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Whether the last words of a process speak of memory.
pub(crate) fn is_named_in(tail: &str) -> bool {
    const WORDS: [&str; 6] = [
        "MemoryError",
        "bad_alloc",
        "Cannot allocate memory",
        "out of memory",
        "Out of memory",
        "failed to map segment",
    ];
    WORDS.iter().any(|word| tail.contains(word))
}
