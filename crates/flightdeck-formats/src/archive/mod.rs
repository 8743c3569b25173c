//! Zip archives from untrusted disks: listed, read and unpacked by rules of our own.
//!
//! Everything an archive says is said at least twice; here both must agree, and every limit is checked before the first
//! byte is written. Other kinds of archives are not read.

mod bytes;
mod directory;
mod ends;
mod error;
mod extract;
mod names;
mod remains;

pub use directory::Entry;
pub use error::ArchiveError;
pub use extract::extract;
pub(crate) use names::{Seen, parts as name_parts};
pub(crate) use remains::remains;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::limits::Limits;
use crate::text::shown;
use bytes::Record;

/// An archive whose entries were checked against each other and against the limits.
#[derive(Debug)]
pub struct Archive {
    file: File,
    size: u64,
    entries: Vec<Entry>,
}

/// Lists what is in an archive, in the order of its directory.
pub fn list(path: &Path, limits: &Limits) -> Result<Vec<Entry>, ArchiveError> {
    Archive::open(path, limits).map(|archive| archive.entries)
}

impl Archive {
    /// Reads and checks the directory; nothing is unpacked.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, ArchiveError> {
        let mut file = File::open(path).map_err(ArchiveError::Unreadable)?;
        let size = file.metadata().map_err(ArchiveError::Unreadable)?.len();
        let directory = ends::directory(&mut file, size)?;
        if directory.entries > limits.entries as u64 {
            return Err(ArchiveError::TooMany { entries: directory.entries, limit: limits.entries });
        }
        // Names, extra fields and comments are at most 64 KiB each; what is honest stays far below.
        if directory.bytes > limits.text_bytes {
            return Err(ArchiveError::TooLarge { bytes: directory.bytes, limit: limits.text_bytes });
        }
        let listed = ends::read_at(&mut file, directory.start, directory.bytes)?;
        let mut archive = Self { file, size, entries: Vec::new() };
        archive.take_entries(Record(&listed), directory.entries)?;
        archive.check_sizes(limits)?;
        archive.check_places(directory.start)?;
        Ok(archive)
    }

    /// The entries, in the order of the directory.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Reads at most `limit` bytes from the beginning of an entry; its checksum counts only when all of it was read.
    pub fn head(&mut self, entry: &Entry, limit: u64) -> Result<Vec<u8>, ArchiveError> {
        let (wanted, mut bytes) = (limit.min(entry.bytes), Vec::new());
        let read = self.reader(entry)?.take(wanted + 1).read_to_end(&mut bytes);
        read.map_err(|_| ArchiveError::Checksum { name: shown(&entry.name) })?;
        let found = bytes.len() as u64;
        if found < wanted || found > entry.bytes {
            return Err(size_fault(entry, found));
        }
        bytes.truncate(wanted as usize);
        let mut crc = Crc::new();
        crc.update(&bytes);
        if bytes.len() as u64 == entry.bytes && crc.sum() != entry.checksum {
            return Err(ArchiveError::Checksum { name: shown(&entry.name) });
        }
        Ok(bytes)
    }

    /// The unpacked bytes of an entry, unchecked.
    pub(crate) fn reader(&mut self, entry: &Entry) -> Result<Box<dyn Read + '_>, ArchiveError> {
        self.file.seek(SeekFrom::Start(entry.data)).map_err(ArchiveError::Unreadable)?;
        let packed = io::BufReader::new((&mut self.file).take(entry.packed_bytes));
        Ok(if entry.method == 0 { Box::new(packed) } else { Box::new(DeflateDecoder::new(packed)) })
    }

    fn take_entries(&mut self, mut record: Record<'_>, count: u64) -> Result<(), ArchiveError> {
        let mut seen = names::Seen::default();
        for _ in 0..count {
            let mut entry = directory::next(&mut record)?;
            seen.add(&entry.name, entry.is_folder)?;
            directory::locate(&mut entry, &mut self.file)?;
            self.entries.push(entry);
        }
        record
            .0
            .is_empty()
            .then_some(())
            .ok_or(ArchiveError::Damaged { problem: "it has more entries than it says" })
    }

    fn check_sizes(&self, limits: &Limits) -> Result<(), ArchiveError> {
        let bytes = self.entries.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.bytes));
        if bytes > limits.total_bytes {
            return Err(ArchiveError::TooLarge { bytes, limit: limits.total_bytes });
        }
        if bytes > limits.ratio_free_bytes && bytes / self.size.max(1) >= limits.ratio {
            return Err(ArchiveError::Bomb { packed: self.size, bytes, ratio: limits.ratio });
        }
        Ok(())
    }

    fn check_places(&self, directory: u64) -> Result<(), ArchiveError> {
        let mut order: Vec<&Entry> = self.entries.iter().collect();
        order.sort_by_key(|entry| entry.header);
        let end = |entry: &Entry| entry.data.saturating_add(entry.packed_bytes);
        let overlap = |first: &Entry, second: &str| {
            Err(ArchiveError::Overlap { first: shown(&first.name), second: shown(second) })
        };
        for pair in order.windows(2) {
            if end(pair[0]) > pair[1].header {
                return overlap(pair[0], &pair[1].name);
            }
        }
        match order.last() {
            Some(last) if end(last) > directory => overlap(last, "the directory"),
            _ => Ok(()),
        }
    }
}

fn size_fault(entry: &Entry, found: u64) -> ArchiveError {
    ArchiveError::Size { name: shown(&entry.name), expected: entry.bytes, found }
}
