//! What can still be seen in an archive that contradicts itself: the beginnings of its files, found by their headers.
//!
//! Only for naming what was refused. Nothing here is believed and nothing is unpacked to a disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::DeflateDecoder;

use super::bytes::Record;

/// So much of a broken archive is looked through, and so much of each file in it.
const LOOKED_AT: u64 = 64 << 20;
const HEAD: u64 = 4 << 20;
const MOST: usize = 1_000;

/// The beginning of a file in a broken archive.
pub(crate) struct Remain {
    pub(crate) name: String,
    pub(crate) head: Vec<u8>,
}

/// Every beginning of a file that lies in the archive, whatever its directory says.
pub(crate) fn remains(path: &Path) -> io::Result<Vec<Remain>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LOOKED_AT).read_to_end(&mut bytes)?;
    let headers = bytes.windows(4).enumerate().filter(|(_, word)| *word == b"PK\x03\x04");
    let places: Vec<usize> = headers.map(|(at, _)| at).take(MOST).collect();
    Ok(places.iter().filter_map(|at| remain(&bytes[*at..])).collect())
}

fn remain(bytes: &[u8]) -> Option<Remain> {
    let mut record = Record(bytes.get(8..)?);
    let method = record.u16()?;
    record.bytes(16)?;
    let (name, extras) = (usize::from(record.u16()?), usize::from(record.u16()?));
    let name = String::from_utf8_lossy(record.bytes(name)?).into_owned();
    record.bytes(extras)?;
    let mut head = Vec::new();
    // Whatever can be unpacked before an error is what is looked at. Method and flags may lie, so both are tried.
    if method != 0 {
        let _ = DeflateDecoder::new(record.0).take(HEAD).read_to_end(&mut head);
    }
    if head.is_empty() {
        head = record.0[..record.0.len().min(HEAD as usize)].to_vec();
    }
    Some(Remain { name, head })
}
