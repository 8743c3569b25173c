//! How long it took from the start of the process to the first screen, for whoever measures it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// When this process began.
pub(crate) struct Start {
    began: Instant,
    /// What had passed before `main`: the loader brings in the web view's libraries.
    before: Duration,
    told: AtomicBool,
}

impl Start {
    pub(crate) fn now() -> Self {
        Self {
            began: Instant::now(),
            before: before_main().unwrap_or_default(),
            told: AtomicBool::new(false),
        }
    }

    /// The first screen stands. Told once.
    pub(crate) fn painted(&self) {
        if !self.told.swap(true, Ordering::Relaxed) {
            let passed = self.before + self.began.elapsed();
            tracing::debug!("first-paint-ms={}", passed.as_millis());
        }
    }
}

/// Age of this process now, from the kernel, in steps of 10 ms.
#[cfg(target_os = "linux")]
fn before_main() -> Option<Duration> {
    const TICKS_PER_S: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let uptime: f64 = uptime.split(' ').next()?.parse().ok()?;
    // The 22nd field; the second one is the program's name in parentheses and may hold spaces.
    let began: f64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    Duration::try_from_secs_f64(uptime - began / TICKS_PER_S).ok()
}

#[cfg(not(target_os = "linux"))]
fn before_main() -> Option<Duration> {
    None
}
