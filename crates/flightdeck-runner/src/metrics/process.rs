//! What the system says of this process, under the names that every Prometheus client uses. Linux only: elsewhere these
//! figures are left out.

use super::text::{Kind, Page};

/// Clock ticks of `/proc` in a second; fixed for programs, whatever the kernel uses inside.
const TICKS: f64 = 100.0;

pub(super) fn write(page: &mut Page, started_seconds: f64) {
    page.family("process_start_time_seconds", Kind::Gauge, "When the process began, in seconds since 1970.");
    page.gauge("process_start_time_seconds", &[], started_seconds);
    if let Some(seconds) = cpu_seconds() {
        page.family("process_cpu_seconds", Kind::Counter, "Processor time, of the user and the system.");
        page.amount("process_cpu_seconds", &[], seconds);
    }
    let gauges = [
        (
            "process_resident_memory_bytes",
            status("VmRSS:").map(|kib| kib * 1024.0),
            "Memory that is resident.",
        ),
        ("process_virtual_memory_bytes", status("VmSize:").map(|kib| kib * 1024.0), "Memory that is mapped."),
        ("process_threads", status("Threads:"), "Threads."),
        ("process_open_fds", open_files(), "Open files and connections."),
        ("process_max_fds", most_files(), "Files and connections that may be open at once."),
    ];
    for (name, value, help) in gauges {
        if let Some(value) = value {
            page.family(name, Kind::Gauge, help);
            page.gauge(name, &[], value);
        }
    }
}

/// Files and connections that this process may have open at once.
pub(crate) fn most_files() -> Option<f64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name, which may have spaces; after its last bracket stands the third.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / TICKS)
}

fn status(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}

fn open_files() -> Option<f64> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count() as f64)
}
