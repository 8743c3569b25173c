//! How much of the disk telemetry may have.

use std::path::Path;

/// What nobody has taken may have this much, or a tenth of the disk when that is less.
const MOST_BYTES: u64 = 1 << 30;
/// Less than this would drop windows before anybody could take them.
const LEAST_BYTES: u64 = 1 << 16;

/// What telemetry may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) bytes: u64,
}

impl Budget {
    /// What was configured, or what suits the disk of this folder.
    pub(crate) fn new(configured: Option<u64>, data: &Path) -> Self {
        let bytes = configured
            .unwrap_or_else(|| disk_bytes(data).map_or(MOST_BYTES, |disk| (disk / 10).min(MOST_BYTES)));
        Self { bytes: bytes.max(LEAST_BYTES) }
    }
}

#[cfg(unix)]
fn disk_bytes(data: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(data).ok()?;
    Some(disk.f_blocks.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn disk_bytes(_data: &Path) -> Option<u64> {
    None
}
