//! Files that arrive in pieces, named by the digest that they must have in the end.
//!
//! `<hex>.part` grows by appending; when its last byte is there and its digest is right it becomes `<hex>`. What was
//! received survives a restart, so that an interrupted upload goes on where it stopped. Writers take turns by file
//! locks, between threads and processes alike.

use crate::disk::{self, Gate, create_folder, open_regular, read_error, rename, sync_folder, write_error};
use crate::error::PackageError;
use flightdeck_core::{Digest, Timestamp};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

/// Largest file that is taken.
pub const MAX_PART_BYTES: u64 = 16 << 30;

/// A folder of files that arrive in pieces. Cheap to clone; several processes may use one folder.
#[derive(Clone, Debug)]
pub struct Parts {
    folder: PathBuf,
    pub(crate) gate: Gate,
}

impl Parts {
    /// Opens the folder, and makes it when it is not there.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, PackageError> {
        let parts = Self { folder: folder.into(), gate: Gate::default() };
        create_folder(&parts.gate, &parts.folder)?;
        Ok(parts)
    }

    /// How many bytes of this file are here.
    pub fn received(&self, digest: &Digest) -> u64 {
        let size = |path: PathBuf| fs::metadata(path).ok().map(|meta| meta.len());
        size(self.whole(digest)).or_else(|| size(self.part(digest))).unwrap_or(0)
    }

    /// Appends a piece that starts at byte `offset` of a file of `total` bytes, and tells how many bytes are here now.
    ///
    /// With the last piece the digest is checked; when it is wrong everything received is removed, because nobody
    /// can tell which piece was bad. A piece of a file that is already complete changes nothing.
    pub fn append(
        &self,
        digest: &Digest,
        offset: u64,
        bytes: &[u8],
        total: u64,
    ) -> Result<u64, PackageError> {
        if total > MAX_PART_BYTES {
            return Err(PackageError::PartTooLarge { total, limit: MAX_PART_BYTES });
        }
        let _turn = self.lock(digest)?;
        let received = self.received(digest);
        if self.whole(digest).exists() {
            return if received == total {
                Ok(total)
            } else {
                Err(PackageError::WrongTotal { total, received })
            };
        }
        if offset != received {
            return Err(PackageError::WrongOffset { offset, received });
        }
        let after = offset.saturating_add(bytes.len() as u64);
        if after > total {
            return Err(PackageError::WrongTotal { total, received: after });
        }
        self.write(digest, offset, bytes)?;
        if after == total {
            self.complete(digest)?;
        }
        Ok(after)
    }

    /// Where the complete file lies. It stays until [`Parts::discard`].
    pub fn take(&self, digest: &Digest) -> Result<PathBuf, PackageError> {
        let path = self.whole(digest);
        if path.is_file() { Ok(path) } else { Err(PackageError::PartIncomplete { digest: *digest }) }
    }

    /// Removes what was received of a file, complete or not.
    pub fn discard(&self, digest: &Digest) -> Result<(), PackageError> {
        let _turn = self.lock(digest)?;
        self.remove(digest)
    }

    /// Removes everything that nobody has added to since `before`, and tells how many files that were.
    pub fn sweep(&self, before: Timestamp) -> Result<usize, PackageError> {
        let entries = fs::read_dir(&self.folder).map_err(|source| read_error(&self.folder, source))?;
        let mut swept = 0;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let digest = name.to_str().and_then(|name| name.trim_end_matches(".part").parse::<Digest>().ok());
            let Some(digest) = digest else { continue };
            let _turn = self.lock(&digest)?;
            if changed_ms(&entry).is_some_and(|ms| ms < before.as_ms()) {
                self.remove(&digest)?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    fn whole(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }

    fn part(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{}.part", digest.hex()))
    }

    /// One of sixteen locks: a lock file for every digest could never be removed safely.
    fn lock(&self, digest: &Digest) -> Result<File, PackageError> {
        let path = self.folder.join(format!("lock-{:x}", digest.as_bytes()[0] >> 4));
        let options = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = options.map_err(|source| write_error(&path, source))?;
        file.lock().map_err(|source| write_error(&path, source))?;
        Ok(file)
    }

    /// A piece that could not be written whole is cut off again, so that it can be sent once more.
    fn write(&self, digest: &Digest, offset: u64, bytes: &[u8]) -> Result<(), PackageError> {
        let path = self.part(digest);
        let file = self.gate.pass().and_then(|()| OpenOptions::new().append(true).create(true).open(&path));
        let mut file = file.map_err(|source| write_error(&path, source))?;
        let written = self.gate.pass().and_then(|()| file.write_all(bytes));
        written.map_err(|source| {
            let _ = file.set_len(offset);
            write_error(&path, source)
        })
    }

    fn complete(&self, digest: &Digest) -> Result<(), PackageError> {
        let path = self.part(digest);
        let mut file = open_regular(&path)?;
        let (found, _) = disk::hash(&mut file).map_err(|source| read_error(&path, source))?;
        if found != *digest {
            self.remove(digest)?;
            return Err(PackageError::WrongPart { expected: *digest, found });
        }
        self.gate
            .pass()
            .and_then(|()| OpenOptions::new().append(true).open(&path))
            .and_then(|file| file.sync_all())
            .and_then(|()| rename(&self.gate, &path, &self.whole(digest)))
            .map_err(|source| write_error(&path, source))?;
        sync_folder(&self.gate, &self.folder)
    }

    fn remove(&self, digest: &Digest) -> Result<(), PackageError> {
        for path in [self.part(digest), self.whole(digest)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(write_error(&path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn changed_ms(entry: &fs::DirEntry) -> Option<i64> {
    let changed = entry.metadata().ok()?.modified().ok()?;
    Some(changed.duration_since(UNIX_EPOCH).ok()?.as_millis() as i64)
}
