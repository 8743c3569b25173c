//! The entries of an archive, each compared with what the file itself says where the entry lies.

use std::io::{Read, Seek};

use super::ArchiveError;
use super::bytes::{Record, extra};
use super::ends::read_at;
use crate::text::shown;

const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_BYTES: u64 = 30;
const LARGE: u16 = 1;
const UNICODE_NAME: u16 = 0x7075;

/// Bits of an entry's flags.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const SIZES_FOLLOW: u16 = 1 << 3;

/// One entry, as the directory and the file agree on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, with `/` between folders.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// How many bytes it has when unpacked.
    pub bytes: u64,
    /// How many bytes it takes in the archive.
    pub packed_bytes: u64,
    pub(super) method: u16,
    pub(super) checksum: u32,
    pub(super) header: u64,
    pub(super) data: u64,
    flags: u16,
}

/// Takes the next entry out of the directory.
pub(super) fn next(record: &mut Record<'_>) -> Result<Entry, ArchiveError> {
    let damaged = ArchiveError::Damaged { problem: "its directory is cut short or overwritten" };
    let Some((entry, raw)) = read(record) else { return Err(damaged) };
    let name = || shown(&entry.name);
    if entry.flags & ENCRYPTED != 0 {
        return Err(ArchiveError::Encrypted { name: name() });
    }
    if !matches!(raw.mode & 0o170_000, 0 | 0o100_000 | 0o040_000)
        || (raw.mode & 0o170_000 == 0o040_000) && !entry.is_folder
    {
        return Err(ArchiveError::NotRegular { name: name() });
    }
    if !matches!(entry.method, 0 | 8) {
        return Err(ArchiveError::Method { name: name(), method: entry.method });
    }
    let contradiction = |problem| Err(ArchiveError::Contradiction { name: name(), problem });
    if !raw.sizes_agree || raw.disk != 0 {
        return contradiction("its large sizes are missing or not needed");
    }
    if raw.other_name {
        return contradiction("it has two names");
    }
    if entry.is_folder && entry.bytes != 0 || entry.method == 0 && entry.bytes != entry.packed_bytes {
        return contradiction("its two sizes cannot both be true");
    }
    Ok(entry)
}

/// What only matters while an entry is checked.
struct Raw {
    mode: u32,
    disk: u16,
    sizes_agree: bool,
    other_name: bool,
}

fn read(record: &mut Record<'_>) -> Option<(Entry, Raw)> {
    if record.bytes(4)? != CENTRAL {
        return None;
    }
    let (_made, _needed, flags, method) = (record.u16()?, record.u16()?, record.u16()?, record.u16()?);
    let (_time, checksum, packed, bytes) = (record.u32()?, record.u32()?, record.u32()?, record.u32()?);
    let (name, extras, comment) = (record.u16()?, record.u16()?, record.u16()?);
    let (disk, _internal, attributes, header) = (record.u16()?, record.u16()?, record.u32()?, record.u32()?);
    let name = std::str::from_utf8(record.bytes(usize::from(name))?).ok()?;
    let extras = record.bytes(usize::from(extras))?;
    record.bytes(usize::from(comment))?;
    let large = large(extras, [bytes, packed, header]);
    let [bytes, packed_bytes, header] = large.unwrap_or([bytes.into(), packed.into(), header.into()]);
    let entry = Entry {
        name: name.to_owned(),
        is_folder: name.ends_with('/'),
        bytes,
        packed_bytes,
        method,
        checksum,
        header,
        data: 0,
        flags,
    };
    let other_name =
        extra(extras, UNICODE_NAME).is_some_and(|field| field.0.get(5..) != Some(name.as_bytes()));
    let raw = Raw { mode: attributes >> 16, disk, sizes_agree: large.is_some(), other_name };
    Some((entry, raw))
}

/// The three numbers, the ones that did not fit taken from the extra field, which has exactly these.
fn large(extras: &[u8], small: [u32; 3]) -> Option<[u64; 3]> {
    let Some(mut field) = extra(extras, LARGE) else {
        return (!small.contains(&u32::MAX)).then(|| small.map(u64::from));
    };
    let mut whole = small.map(u64::from);
    for number in whole.iter_mut().filter(|number| **number == u64::from(u32::MAX)) {
        *number = field.u64()?;
    }
    // Some writers give the numbers although they fit; then they must be the same, in order.
    if small.contains(&u32::MAX) {
        return field.0.is_empty().then_some(whole);
    }
    let mut repeated = std::iter::from_fn(|| field.u64()).zip(whole);
    repeated.all(|(again, number)| again == number).then_some(whole)
}

/// Compares the entry with the header in front of its data, and says where the data begins.
pub(super) fn locate(entry: &mut Entry, file: &mut (impl Read + Seek)) -> Result<(), ArchiveError> {
    let contradiction = |problem| Err(ArchiveError::Contradiction { name: shown(&entry.name), problem });
    let fixed = read_at(file, entry.header, LOCAL_BYTES)?;
    let Some(local) = Local::read(&fixed) else { return contradiction("nothing lies where it should") };
    let rest = read_at(file, entry.header + LOCAL_BYTES, local.name + local.extras)?;
    let (name, extras) = rest.split_at(local.name as usize);
    if name != entry.name.as_bytes() {
        return contradiction("the file itself says another name");
    }
    if local.method != entry.method || (local.flags ^ entry.flags) & (ENCRYPTED | SIZES_FOLLOW) != 0 {
        return contradiction("the file itself says another method");
    }
    let unsaid = local.flags & SIZES_FOLLOW != 0 && local.checksum == 0;
    let said = large(extras, [local.bytes, local.packed, 0]);
    let same = said.is_some_and(|[bytes, packed, _]| {
        let told = bytes == entry.bytes && packed == entry.packed_bytes;
        local.checksum == entry.checksum && told || unsaid && (told || bytes == 0 && packed == 0)
    });
    if !same {
        return contradiction("the file itself says another size or checksum");
    }
    entry.data = entry.header + LOCAL_BYTES + local.name + local.extras;
    Ok(())
}

struct Local {
    flags: u16,
    method: u16,
    checksum: u32,
    packed: u32,
    bytes: u32,
    name: u64,
    extras: u64,
}

impl Local {
    fn read(fixed: &[u8]) -> Option<Self> {
        let mut record = Record(fixed.strip_prefix(LOCAL)?);
        let (_needed, flags, method, _time) = (record.u16()?, record.u16()?, record.u16()?, record.u32()?);
        let (checksum, packed, bytes) = (record.u32()?, record.u32()?, record.u32()?);
        let (name, extras) = (record.u16()?.into(), record.u16()?.into());
        Some(Self { flags, method, checksum, packed, bytes, name, extras })
    }
}
