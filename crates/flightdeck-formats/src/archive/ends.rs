//! The end of an archive: where its directory lies and how many entries it has, said once or twice and always alike.

use std::io::{Read, Seek, SeekFrom};

use super::ArchiveError;
use super::bytes::Record;

const END: &[u8] = b"PK\x05\x06";
const END_BYTES: u64 = 22;
const END64: &[u8] = b"PK\x06\x06";
const END64_BYTES: u64 = 56;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_BYTES: u64 = 20;
const COMMENT_BYTES: u64 = 65_535;

/// Where the directory lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) entries: u64,
    pub(super) start: u64,
    pub(super) bytes: u64,
}

/// Finds the directory. It ends where the closing records begin, so nothing can hide between or before.
pub(super) fn directory(file: &mut (impl Read + Seek), size: u64) -> Result<Directory, ArchiveError> {
    let (end, at) = end_record(file, size)?;
    let damaged = ArchiveError::Damaged { problem: "its closing record makes no sense" };
    let Some((said, disks)) = read_end(&end) else { return Err(damaged) };
    if disks != 0 {
        return Err(ArchiveError::Damaged { problem: "it is one part of several" });
    }
    let (found, ends) = match end64(file, at)? {
        Some((found, ends)) => (agree(said, found)?, ends),
        None => (said, at),
    };
    if found.start.checked_add(found.bytes) != Some(ends) {
        return Err(ArchiveError::Damaged { problem: "its directory does not lie where it says" });
    }
    Ok(found)
}

fn end_record(file: &mut (impl Read + Seek), size: u64) -> Result<(Vec<u8>, u64), ArchiveError> {
    let from = size.saturating_sub(END_BYTES + COMMENT_BYTES);
    let tail = read_at(file, from, size - from)?;
    let ends = |at: &usize| {
        let record = &tail[*at..];
        let comment = record.get(20..22).map(|length| u16::from_le_bytes([length[0], length[1]]));
        record.starts_with(END) && comment.is_some_and(|length| 22 + usize::from(length) == record.len())
    };
    let mut found = (0..tail.len().saturating_sub(21)).filter(ends);
    let Some(at) = found.next() else {
        return Err(ArchiveError::Damaged { problem: "its directory is missing" });
    };
    // Two readers would take two of them.
    if found.next().is_some() {
        return Err(ArchiveError::Damaged { problem: "it ends twice" });
    }
    Ok((tail[at..].to_vec(), from + at as u64))
}

fn read_end(end: &[u8]) -> Option<(Directory, u32)> {
    let mut record = Record(end.get(4..)?);
    let disks = u32::from(record.u16()?) + u32::from(record.u16()?);
    let (here, entries) = (record.u16()?, record.u16()?);
    let (bytes, start) = (record.u32()?, record.u32()?);
    (here == entries).then_some((
        Directory { entries: entries.into(), start: start.into(), bytes: bytes.into() },
        if disks == 2 * 0xffff { 0 } else { disks },
    ))
}

/// The large record, if there is one, and where it begins.
fn end64(file: &mut (impl Read + Seek), end: u64) -> Result<Option<(Directory, u64)>, ArchiveError> {
    let Some(at) = end.checked_sub(LOCATOR_BYTES) else { return Ok(None) };
    let locator = read_at(file, at, LOCATOR_BYTES)?;
    if !locator.starts_with(LOCATOR) {
        return Ok(None);
    }
    let damaged = || ArchiveError::Damaged { problem: "its large closing record makes no sense" };
    let mut record = Record(&locator[4..]);
    let (disk, start, disks) = (record.u32(), record.u64(), record.u32());
    let start = start.filter(|start| start.checked_add(END64_BYTES) == Some(at)).ok_or_else(damaged)?;
    if disk != Some(0) || disks > Some(1) {
        return Err(damaged());
    }
    let large = read_at(file, start, END64_BYTES)?;
    read_end64(&large).map(|found| Some((found, start))).ok_or_else(damaged)
}

fn read_end64(large: &[u8]) -> Option<Directory> {
    let mut record = Record(large.strip_prefix(END64)?);
    let length = record.u64()?;
    let (_made, _needed, disk, first) = (record.u16()?, record.u16()?, record.u32()?, record.u32()?);
    let (here, entries, bytes, start) = (record.u64()?, record.u64()?, record.u64()?, record.u64()?);
    let plain = length == END64_BYTES - 12 && disk == 0 && first == 0 && here == entries;
    plain.then_some(Directory { entries, start, bytes })
}

/// The small record either leaves a number to the large one or says the same.
fn agree(small: Directory, large: Directory) -> Result<Directory, ArchiveError> {
    let same = |small: u64, large: u64, left: u64| small == left || small == large;
    let whole = same(small.entries, large.entries, 0xffff)
        && same(small.start, large.start, 0xffff_ffff)
        && same(small.bytes, large.bytes, 0xffff_ffff);
    whole.then_some(large).ok_or(ArchiveError::Damaged { problem: "its two closing records disagree" })
}

/// Exactly so many bytes from there.
pub(super) fn read_at(file: &mut (impl Read + Seek), at: u64, length: u64) -> Result<Vec<u8>, ArchiveError> {
    file.seek(SeekFrom::Start(at)).map_err(ArchiveError::Unreadable)?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(ArchiveError::Unreadable)?;
    if (bytes.len() as u64) < length {
        return Err(ArchiveError::Damaged { problem: "it ends too early" });
    }
    Ok(bytes)
}
