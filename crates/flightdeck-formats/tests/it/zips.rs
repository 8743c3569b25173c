//! Zip archives, made by hand where honest writers refuse to.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// One entry, and the lies that are told about it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) mode: u32,
    pub(crate) checksum: Option<u32>,
    pub(crate) bytes: Option<u32>,
    pub(crate) extra: Vec<u8>,
    pub(crate) same_data_as: Option<usize>,
}

impl Entry {
    pub(crate) fn new(name: &str, data: &[u8]) -> Self {
        Self {
            name: name.into(),
            local_name: None,
            data: data.to_vec(),
            method: 0,
            flags: 0,
            mode: 0o100_644,
            checksum: None,
            bytes: None,
            extra: Vec::new(),
            same_data_as: None,
        }
    }

    pub(crate) fn deflated(name: &str, data: &[u8]) -> Self {
        Self { method: 8, ..Self::new(name, data) }
    }

    fn packed(&self) -> Vec<u8> {
        if self.method != 8 {
            return self.data.clone();
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&self.data).unwrap();
        encoder.finish().unwrap()
    }

    /// Version, flags, method, time, checksum, sizes and the lengths of what follows.
    fn common(&self, name: &[u8], packed: usize, extra: usize) -> Vec<u8> {
        let mut crc = flate2::Crc::new();
        crc.update(&self.data);
        let mut out = Vec::new();
        for number in [20, self.flags, self.method, 0, 0x21] {
            out.extend(number.to_le_bytes());
        }
        let sizes =
            [self.checksum.unwrap_or(crc.sum()), packed as u32, self.bytes.unwrap_or(self.data.len() as u32)];
        out.extend(sizes.iter().flat_map(|number| number.to_le_bytes()));
        out.extend([name.len() as u16, extra as u16].iter().flat_map(|number| number.to_le_bytes()));
        out
    }
}

/// The archive's bytes.
pub(crate) fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut out, mut directory, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        let packed = entry.packed();
        let place = entry.same_data_as.map_or(out.len(), |other| places[other]);
        places.push(place);
        let local = entry.local_name.as_ref().unwrap_or(&entry.name);
        if entry.same_data_as.is_none() {
            out.extend(b"PK\x03\x04");
            out.extend(entry.common(local, packed.len(), 0));
            out.extend(local);
            out.extend(&packed);
        }
        directory.extend(b"PK\x01\x02");
        directory.extend(0x031e_u16.to_le_bytes());
        directory.extend(entry.common(&entry.name, packed.len(), entry.extra.len()));
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend((place as u32).to_le_bytes());
        directory.extend(&entry.name);
        directory.extend(&entry.extra);
    }
    close(out, &directory, entries.len() as u16)
}

/// Appends the directory and the closing record.
pub(crate) fn close(mut out: Vec<u8>, directory: &[u8], entries: u16) -> Vec<u8> {
    let start = out.len() as u32;
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([entries, entries].iter().flat_map(|number| number.to_le_bytes()));
    out.extend([directory.len() as u32, start].iter().flat_map(|number| number.to_le_bytes()));
    out.extend([0, 0]);
    out
}
