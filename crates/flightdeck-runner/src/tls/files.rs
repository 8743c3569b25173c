//! Files that hold a key: written for their owner alone, and not read when others could.

use super::TlsError;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

/// What files looked like, to tell whether they changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen([Option<(SystemTime, u64)>; 2]);

impl Seen {
    pub(super) fn of(paths: [&Path; 2]) -> Self {
        Self(paths.map(|path| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        }))
    }
}

pub(super) fn read(path: &Path) -> Result<String, TlsError> {
    std::fs::read_to_string(path).map_err(failed(path))
}

/// Never seen half-written.
pub(super) fn write(path: &Path, text: &str) -> Result<(), TlsError> {
    store(path, text, 0o644).map_err(failed(path))
}

pub(super) fn write_secret(path: &Path, text: &str) -> Result<(), TlsError> {
    store(path, text, 0o600).map_err(failed(path))
}

pub(super) fn remove(path: &Path) -> Result<(), TlsError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path)(error)),
        _ => Ok(()),
    }
}

fn store(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let partial = path.with_extension("new");
    // What another start left there may have another mode, or be a link.
    if let Err(error) = std::fs::remove_file(&partial)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file: File = options.open(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&partial, path)
}

#[cfg(unix)]
fn is_closed(mode: u32, who: u32) -> bool {
    mode & who == 0
}

/// A key that every user of this computer can read is no secret.
#[cfg(unix)]
pub(super) fn check_closed(path: &Path) -> Result<(), TlsError> {
    use std::os::unix::fs::PermissionsExt;
    let found = std::fs::metadata(path).map_err(failed(path))?;
    if is_closed(found.permissions().mode(), 0o007) { Ok(()) } else { Err(TlsError::Open(path.into())) }
}

/// A key of our own belongs to us, and nobody else may read it.
#[cfg(unix)]
pub(super) fn check_owner(path: &Path) -> Result<(), TlsError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let found = std::fs::metadata(path).map_err(failed(path))?;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(TlsError::Foreign(path.into()));
    }
    if is_closed(found.permissions().mode(), 0o077) { Ok(()) } else { Err(TlsError::Open(path.into())) }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(super) fn check_closed(_: &Path) -> Result<(), TlsError> {
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(super) fn check_owner(_: &Path) -> Result<(), TlsError> {
    Ok(())
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> TlsError + '_ {
    move |source| TlsError::File { path: path.into(), source }
}
