//! Numbers out of little-endian records that may be shorter than they say.

/// What is left of a record.
#[derive(Clone, Copy)]
pub(super) struct Record<'a>(pub(super) &'a [u8]);

impl<'a> Record<'a> {
    pub(super) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.bytes(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.bytes(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.bytes(8)?.try_into().ok().map(u64::from_le_bytes)
    }
}

/// The extra field with this number, out of those of an entry.
pub(super) fn extra(extras: &[u8], wanted: u16) -> Option<Record<'_>> {
    let mut record = Record(extras);
    loop {
        let (number, length) = (record.u16()?, record.u16()?);
        let field = record.bytes(usize::from(length))?;
        if number == wanted {
            return Some(Record(field));
        }
    }
}
