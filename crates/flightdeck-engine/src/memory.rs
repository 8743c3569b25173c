//! How much memory this process has and had.

/// Memory of this process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Now.
    pub now: u64,
    /// At most since it started; the same as now where the system does not keep it.
    pub peak: u64,
}

/// Reads it from the system.
#[cfg(target_os = "linux")]
pub fn memory() -> Memory {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024)
    };
    let now = field("VmRSS:").unwrap_or(0);
    Memory { now, peak: field("VmHWM:").unwrap_or(now) }
}

/// Reads it from the system.
#[cfg(not(target_os = "linux"))]
pub fn memory() -> Memory {
    use sysinfo::{ProcessesToUpdate, System};
    let mut system = System::new();
    let now = sysinfo::get_current_pid().ok().and_then(|pid| {
        system.refresh_processes(ProcessesToUpdate::Some(&[pid]), false);
        system.process(pid).map(sysinfo::Process::memory)
    });
    let now = now.unwrap_or(0);
    Memory { now, peak: now }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_some_memory_and_never_more_than_its_peak() {
        let found = memory();
        assert!(found.now > 100_000 && found.peak >= found.now, "{found:?}");
    }
}
