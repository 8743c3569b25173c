//! Windows as bytes: a version, then variable-length integers. About a hundred bytes a column.
//!
//! Bytes come from other machines. Decoding never panics, refuses what it does not know to the last byte, and allocates no
//! more than eight bytes for each byte that is there.

use crate::counts::{ColumnCounts, WindowCounts};
use crate::latency::{LATENCY_BUCKETS, Latency};
use crate::moments::Moments;
use flightdeck_core::Digest;
use thiserror::Error;

/// The version that is written.
const VERSION: u8 = 1;
/// Longer blobs are no window of ours.
const LONGEST_BYTES: usize = 64 << 20;
/// Sums stay far below this, so that adding them never overflows.
const LARGEST_SUM: u128 = 1 << 120;

/// Bytes that are not a window.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// Written by another version of the program.
    #[error("window format {0} is not supported; this program reads format {VERSION}")]
    Version(u8),
    /// Cut short, too long, or not written by this program.
    #[error("the window's bytes are damaged at offset {at}")]
    Damaged {
        /// Where reading stopped.
        at: usize,
    },
}

impl WindowCounts {
    /// The counts as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.columns.len() * 128);
        bytes.push(VERSION);
        bytes.extend_from_slice(self.edge_set.as_bytes());
        for count in [self.requests, self.errors, self.rows] {
            put(&mut bytes, u128::from(count));
        }
        put(&mut bytes, self.latency.filled().count() as u128);
        for (bucket, count) in self.latency.filled() {
            put(&mut bytes, bucket as u128);
            put(&mut bytes, u128::from(count));
        }
        put(&mut bytes, self.columns.len() as u128);
        self.columns.iter().for_each(|column| put_column(&mut bytes, column));
        bytes
    }

    /// The counts that `encode` wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader { bytes, at: 0 };
        let window = reader.window();
        match window {
            Some(window) if reader.at == bytes.len() => Ok(window),
            _ => match bytes.first() {
                Some(&version) if version != VERSION => Err(DecodeError::Version(version)),
                _ => Err(DecodeError::Damaged { at: reader.at }),
            },
        }
    }
}

fn put_column(bytes: &mut Vec<u8>, column: &ColumnCounts) {
    put(bytes, column.counts.len() as u128);
    column.counts.iter().for_each(|count| put(bytes, u128::from(*count)));
    for count in
        [column.nulls, column.nan, column.positive_infinite, column.negative_infinite, column.type_errors]
    {
        put(bytes, u128::from(count));
    }
    for extreme in [column.min, column.max] {
        bytes.push(u8::from(extreme.is_some()));
        if let Some(extreme) = extreme {
            bytes.extend_from_slice(&extreme.to_le_bytes());
        }
    }
    put(bytes, zigzag(column.moments.sum));
    put(bytes, zigzag(column.moments.squares));
}

/// Seven bits a byte, low ones first.
fn put(bytes: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn zigzag(number: i128) -> u128 {
    ((number << 1) ^ (number >> 127)).cast_unsigned()
}

fn unzigzag(number: u128) -> i128 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn window(&mut self) -> Option<WindowCounts> {
        (self.bytes.len() <= LONGEST_BYTES && self.byte()? == VERSION).then_some(())?;
        let edge_set = Digest::from_bytes(self.array()?);
        let (requests, errors, rows) = (self.count()?, self.count()?, self.count()?);
        let latency = self.latency()?;
        let columns = (0..self.length()?).map(|_| self.column()).collect::<Option<Vec<_>>>()?;
        Some(WindowCounts { edge_set, requests, errors, rows, latency, columns })
    }

    fn latency(&mut self) -> Option<Latency> {
        let mut latency = Latency::default();
        let mut next = 0;
        for _ in 0..self.length()? {
            let bucket =
                usize::try_from(self.count()?).ok().filter(|b| (next..LATENCY_BUCKETS).contains(b))?;
            let count = self.count().filter(|count| *count > 0)?;
            latency.add_to(bucket, count);
            next = bucket + 1;
        }
        Some(latency)
    }

    fn column(&mut self) -> Option<ColumnCounts> {
        let length = self.length()?;
        let mut counts = Vec::with_capacity(length);
        for _ in 0..length {
            counts.push(self.count()?);
        }
        Some(ColumnCounts {
            counts,
            nulls: self.count()?,
            nan: self.count()?,
            positive_infinite: self.count()?,
            negative_infinite: self.count()?,
            type_errors: self.count()?,
            min: self.extreme()?,
            max: self.extreme()?,
            moments: Moments { sum: self.sum()?, squares: self.sum()? },
        })
    }

    /// A number of things that each take at least one byte: never more than there are bytes left.
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.count()?).ok()?;
        (length <= self.bytes.len() - self.at).then_some(length)
    }

    /// Outside: whether it could be read; inside: whether there is one.
    #[expect(clippy::option_option, reason = "reading can fail, and there may be none")]
    fn extreme(&mut self) -> Option<Option<f64>> {
        match self.byte()? {
            0 => Some(None),
            1 => self.array().map(f64::from_le_bytes).filter(|extreme| extreme.is_finite()).map(Some),
            _ => None,
        }
    }

    fn sum(&mut self) -> Option<i128> {
        let sum = unzigzag(self.number()?);
        (sum.unsigned_abs() < LARGEST_SUM).then_some(sum)
    }

    fn count(&mut self) -> Option<u64> {
        u64::try_from(self.number()?).ok()
    }

    fn number(&mut self) -> Option<u128> {
        let mut number = 0;
        for place in 0..19 {
            let byte = self.byte()?;
            let part = u128::from(byte & 0x7f) << (7 * place);
            if part >> (7 * place) != u128::from(byte & 0x7f) {
                return None;
            }
            number |= part;
            if byte < 0x80 {
                // One number, one form: equal windows have equal bytes.
                return (place == 0 || byte > 0).then_some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let found = self.bytes.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(*found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn signed_numbers_are_read_back(number in any::<i128>()) {
            let mut bytes = Vec::new();
            put(&mut bytes, zigzag(number));
            let read = Reader { bytes: &bytes, at: 0 }.number().map(unzigzag);
            prop_assert_eq!(read, Some(number));
        }

        #[test]
        fn hostile_bytes_are_refused_without_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = WindowCounts::decode(&bytes);
            if let Some(first) = bytes.first_mut() {
                *first = VERSION;
            }
            if let Ok(window) = WindowCounts::decode(&bytes) {
                prop_assert_eq!(window.encode(), bytes);
            }
        }
    }

    #[test]
    fn a_claim_of_many_columns_allocates_nothing() {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&[7; 32]);
        bytes.extend_from_slice(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        assert_eq!(WindowCounts::decode(&bytes), Err(DecodeError::Damaged { at: bytes.len() }));
        assert_eq!(WindowCounts::decode(&[9]), Err(DecodeError::Version(9)));
        assert_eq!(WindowCounts::decode(&[]), Err(DecodeError::Damaged { at: 0 }));
    }
}
