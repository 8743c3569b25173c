//! The bytes of a pickle stream, counted and bounded.

use std::io::{self, BufRead, BufReader, Read};

use super::Fault;

/// Longer lines than this are no names and no numbers.
const LINE: u64 = 64 << 10;

/// A stream that knows where it is and ends at its limit.
pub(super) struct Source<'a> {
    inner: BufReader<Box<dyn Read + 'a>>,
    pub(super) at: u64,
    limit: u64,
}

impl<'a> Source<'a> {
    pub(super) fn new(inner: impl Read + 'a, limit: u64) -> Self {
        Self { inner: BufReader::with_capacity(64 << 10, Box::new(inner)), at: 0, limit }
    }

    /// The next byte without taking it; none at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        let at = self.at;
        let buffer =
            self.inner.fill_buf().map_err(|_| Fault::new(at, "the stream cannot be unpacked further"))?;
        Ok(buffer.first().copied())
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.claim(N as u64)?;
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).map_err(|_| self.ended())?;
        self.at += N as u64;
        Ok(bytes)
    }

    /// So many bytes, of which at most `keep` are returned.
    pub(super) fn bytes(&mut self, length: u64, keep: u64) -> Result<Vec<u8>, Fault> {
        self.claim(length)?;
        let kept = length.min(keep);
        let mut bytes = Vec::new();
        let read = (&mut self.inner).take(kept).read_to_end(&mut bytes);
        if read.is_err() || (bytes.len() as u64) < kept {
            return Err(self.ended());
        }
        self.at += kept;
        self.skip(length - kept)?;
        Ok(bytes)
    }

    pub(super) fn skip(&mut self, length: u64) -> Result<(), Fault> {
        self.claim(length)?;
        let skipped = io::copy(&mut (&mut self.inner).take(length), &mut io::sink());
        if skipped.ok() != Some(length) {
            return Err(self.ended());
        }
        self.at += length;
        Ok(())
    }

    /// A line without its end.
    pub(super) fn line(&mut self) -> Result<Vec<u8>, Fault> {
        let mut line = Vec::new();
        let read = (&mut self.inner).take(LINE).read_until(b'\n', &mut line);
        if read.is_err() || line.pop() != Some(b'\n') {
            return Err(self.ended());
        }
        self.at += line.len() as u64 + 1;
        self.claim(0)?;
        Ok(line)
    }

    fn claim(&self, length: u64) -> Result<(), Fault> {
        match self.at.checked_add(length) {
            Some(end) if end <= self.limit => Ok(()),
            _ => Err(Fault::new(self.at, "the stream is longer than what is looked at")),
        }
    }

    fn ended(&self) -> Fault {
        Fault::new(self.at, "the stream ends in the middle")
    }
}
