//! Unpacking: regular files only, into an empty folder, and nothing left behind when it fails.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Crc;
use flightdeck_core::Cancel;

use super::{Archive, ArchiveError, Entry, size_fault};
use crate::text::shown;

const CHUNK: usize = 64 << 10;

/// Unpacks the wanted entries of an archive into a folder that is empty or not there yet, and returns the files. On
/// an error everything written is removed again; a folder that was there before stays, empty.
pub fn extract(
    archive: &mut Archive,
    into: &Path,
    wanted: &dyn Fn(&Entry) -> bool,
    cancel: &Cancel,
) -> Result<Vec<PathBuf>, ArchiveError> {
    let was_there = prepare(into)?;
    let result = extract_all(archive, into, wanted, cancel);
    if result.is_err() {
        clear(into, was_there);
    }
    result
}

fn prepare(into: &Path) -> Result<bool, ArchiveError> {
    let unwritable = |source| unwritable(into, source);
    match fs::symlink_metadata(into) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir(into).map_err(unwritable).map(|()| false)
        }
        Err(error) => Err(unwritable(error)),
        Ok(found) if found.is_dir() => {
            let is_empty = fs::read_dir(into).map_err(unwritable)?.next().is_none();
            is_empty.then_some(true).ok_or_else(|| ArchiveError::NotEmpty { path: into.to_owned() })
        }
        Ok(_) => Err(ArchiveError::NotEmpty { path: into.to_owned() }),
    }
}

fn clear(into: &Path, keep: bool) {
    // The first error is the one to report; what cannot be removed now lies in a folder of the caller's.
    let _ = fs::remove_dir_all(into);
    if keep {
        let _ = fs::create_dir(into);
    }
}

fn extract_all(
    archive: &mut Archive,
    into: &Path,
    wanted: &dyn Fn(&Entry) -> bool,
    cancel: &Cancel,
) -> Result<Vec<PathBuf>, ArchiveError> {
    let entries: Vec<Entry> = archive.entries().iter().filter(|entry| wanted(entry)).cloned().collect();
    let mut files = Vec::new();
    for entry in &entries {
        let path =
            super::names::parts(&entry.name)?.iter().fold(into.to_owned(), |path, part| path.join(part));
        let folder = if entry.is_folder { Some(path.as_path()) } else { path.parent() };
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
        }
        if !entry.is_folder {
            write(archive, entry, &path, cancel)?;
            files.push(path);
        }
    }
    Ok(files)
}

/// Writes one file, and stops as soon as it has more bytes than it said.
fn write(archive: &mut Archive, entry: &Entry, path: &Path, cancel: &Cancel) -> Result<(), ArchiveError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ArchiveError::DiskFull { name: shown(&entry.name), bytes: entry.bytes }
        }
        _ => unwritable(path, source),
    };
    let mut file = create(path).map_err(failed)?;
    let mut reader = archive.reader(entry)?;
    let (mut crc, mut found, mut chunk) = (Crc::new(), 0, vec![0; CHUNK]);
    loop {
        if cancel.is_cancelled() {
            return Err(ArchiveError::Cancelled);
        }
        let read =
            reader.read(&mut chunk).map_err(|_| ArchiveError::Checksum { name: shown(&entry.name) })?;
        found += read as u64;
        if found > entry.bytes || read == 0 && found < entry.bytes {
            return Err(size_fault(entry, found));
        }
        if read == 0 {
            break;
        }
        crc.update(&chunk[..read]);
        file.write_all(&chunk[..read]).map_err(failed)?;
    }
    if crc.sum() != entry.checksum {
        return Err(ArchiveError::Checksum { name: shown(&entry.name) });
    }
    Ok(())
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

fn unwritable(path: &Path, source: io::Error) -> ArchiveError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ArchiveError::DiskFull { name: shown(&path.to_string_lossy()), bytes: 0 }
        }
        _ => ArchiveError::Unwritable { path: path.to_owned(), source },
    }
}
