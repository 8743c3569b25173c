//! Reading and writing files so that a full or vanished disk is a clear answer and a power cut leaves old or new.

use crate::error::PackageError;
use flightdeck_core::Digest;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

const CHUNK_BYTES: usize = 1 << 20;

/// What every write passes first. Outside of tests it lets everything pass; tests make the disk full at a chosen step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    #[cfg(test)]
    pub(crate) steps_left: Option<std::sync::Arc<std::sync::atomic::AtomicI64>>,
}

impl Gate {
    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "tests make it fail")]
    pub(crate) fn pass(&self) -> io::Result<()> {
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn pass(&self) -> io::Result<()> {
        use std::sync::atomic::Ordering;
        match &self.steps_left {
            Some(steps) if steps.fetch_sub(1, Ordering::SeqCst) <= 0 => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }
    }
}

/// The error for a failed write, a full disk told apart from all others.
pub(crate) fn write_error(path: &Path, source: io::Error) -> PackageError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            PackageError::StorageFull { path: path.into(), free_bytes: free_bytes(path) }
        }
        _ => PackageError::Write { path: path.into(), source },
    }
}

/// The error for a failed read.
pub(crate) fn read_error(path: &Path, source: io::Error) -> PackageError {
    PackageError::Read { path: path.into(), source }
}

/// What this user may still write to the disk that `path` is on, or would be.
#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let disk = path.ancestors().find_map(|dir| rustix::fs::statvfs(dir).ok())?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_path: &Path) -> Option<u64> {
    None
}

/// Makes a folder and its parents.
pub(crate) fn create_folder(gate: &Gate, path: &Path) -> Result<(), PackageError> {
    gate.pass().and_then(|()| fs::create_dir_all(path)).map_err(|source| write_error(path, source))
}

/// Makes what was written into a folder survive a power cut: the names in it, not the bytes of its files.
#[cfg(unix)]
pub(crate) fn sync_folder(gate: &Gate, path: &Path) -> Result<(), PackageError> {
    gate.pass()
        .and_then(|()| File::open(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|source| write_error(path, source))
}

/// Windows writes a folder's names through its own log and has no way to ask for it.
#[cfg(not(unix))]
pub(crate) fn sync_folder(gate: &Gate, path: &Path) -> Result<(), PackageError> {
    gate.pass().map_err(|source| write_error(path, source))
}

/// Moves a file or folder on one disk in one step.
pub(crate) fn rename(gate: &Gate, from: &Path, to: &Path) -> io::Result<()> {
    gate.pass().and_then(|()| fs::rename(from, to))
}

/// Opens a regular file for reading. A link is not followed and a pipe is not waited for.
pub(crate) fn open_regular(path: &Path) -> Result<File, PackageError> {
    let mut options = OpenOptions::new();
    options.read(true);
    without_links(&mut options);
    let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
    let file = match options.open(path) {
        Ok(file) => file,
        Err(_) if is_link(path) => return Err(PackageError::NotRegular { path: path.into() }),
        Err(source) => return Err(read_error(path, source)),
    };
    let meta = file.metadata().map_err(|source| read_error(path, source))?;
    if meta.is_file() { Ok(file) } else { Err(PackageError::NotRegular { path: path.into() }) }
}

#[cfg(unix)]
fn without_links(options: &mut OpenOptions) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
}

#[cfg(windows)]
fn without_links(options: &mut OpenOptions) {
    use std::os::windows::fs::OpenOptionsExt;
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
}

/// Digest and size of everything that is left to read in `source`.
pub(crate) fn hash(source: &mut File) -> io::Result<(Digest, u64)> {
    let mut sink = Hashing::new(io::sink());
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok(sink.end().0),
            count => sink.write(&buffer[..count])?,
        }
    }
}

/// Copies everything from `source` to `target`, telling the bytes copied so far after each piece.
pub(crate) fn copy(
    from: (&Path, &mut File),
    to: (&Path, File, &Gate),
    progress: &mut dyn FnMut(u64),
) -> Result<(Digest, u64), PackageError> {
    let (source_path, source) = from;
    let (target_path, target, gate) = to;
    let mut sink = Hashing::new(target);
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let count = source.read(&mut buffer).map_err(|error| read_error(source_path, error))?;
        if count == 0 {
            break;
        }
        gate.pass()
            .and_then(|()| sink.write(&buffer[..count]))
            .map_err(|error| write_error(target_path, error))?;
        progress(sink.bytes);
    }
    let (found, target) = sink.end();
    gate.pass().and_then(|()| target.sync_all()).map_err(|error| write_error(target_path, error))?;
    Ok(found)
}

/// Counts and hashes what passes through.
pub(crate) struct Hashing<W> {
    target: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(target: W) -> Self {
        Self { target, hash: Sha256::new(), bytes: 0 }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.target.write_all(bytes)?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn end(self) -> ((Digest, u64), W) {
        ((Digest::from_bytes(self.hash.finalize().into()), self.bytes), self.target)
    }
}
