//! The bytes of a notebook on their way to the parser: counted, hashed, and made JSON where Python is looser than it.

use super::NotebookError;
use super::quirk::QuirkKind;
use super::shape::State;
use flightdeck_core::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read};

const CHUNK_BYTES: usize = 1 << 16;

/// Hands bytes out as the parser asks for them, so that the count of what was read is exact at every value, and reads,
/// hashes and filters them in chunks.
pub(super) struct Source<'s, R> {
    inner: R,
    hash: Sha256,
    state: &'s State,
    chunk: Vec<u8>,
    at: usize,
    words: Words,
}

impl<'s, R: Read> Source<'s, R> {
    /// Looks at the first bytes and swallows a byte order mark.
    pub(super) fn open(inner: R, state: &'s State) -> Result<Self, NotebookError> {
        let mut source =
            Self { inner, hash: Sha256::new(), state, chunk: Vec::new(), at: 0, words: Words::default() };
        source.refill().map_err(NotebookError::Read)?;
        if source.chunk.starts_with(&[0xff, 0xfe]) || source.chunk.starts_with(&[0xfe, 0xff]) {
            return Err(NotebookError::Encoding { found: "UTF-16" });
        }
        if source.chunk.starts_with(&[0xef, 0xbb, 0xbf]) {
            source.at = 3;
            state.quirk(QuirkKind::ByteOrderMark, None);
        }
        Ok(source)
    }

    /// The digest of all bytes.
    pub(super) fn finish(mut self) -> Result<Digest, NotebookError> {
        while self.refill().map_err(NotebookError::Read)? {}
        Ok(Digest::from_bytes(self.hash.finalize().into()))
    }

    /// Reads until there are a few bytes, so that a byte order mark is whole. `false` at the end.
    fn refill(&mut self) -> io::Result<bool> {
        self.chunk.resize(CHUNK_BYTES, 0);
        self.at = 0;
        let mut filled = 0;
        while filled < 3 {
            match self.inner.read(&mut self.chunk[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.chunk.truncate(filled);
        self.hash.update(&self.chunk);
        if self.words.loosen(&mut self.chunk) {
            self.state.quirk_once(QuirkKind::NotANumber);
        }
        Ok(filled > 0)
    }
}

impl<R: Read> Read for Source<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.chunk.len() && !self.refill()? {
            return Ok(0);
        }
        let count = into.len().min(self.chunk.len() - self.at);
        into[..count].copy_from_slice(&self.chunk[self.at..self.at + count]);
        self.at += count;
        self.state.count(count as u64)?;
        Ok(count)
    }
}

/// `NaN` and `Infinity` become `0` and blanks: outside of texts no other JSON word begins with a capital letter.
#[derive(Default)]
struct Words {
    in_text: bool,
    escaped: bool,
    in_word: bool,
}

impl Words {
    /// Answers whether there was such a word.
    fn loosen(&mut self, bytes: &mut [u8]) -> bool {
        let mut found = false;
        for byte in bytes {
            if self.in_text {
                match *byte {
                    _ if self.escaped => self.escaped = false,
                    b'"' => self.in_text = false,
                    b'\\' => self.escaped = true,
                    _ => {}
                }
                continue;
            }
            match *byte {
                b'"' => (self.in_text, self.in_word) = (true, false),
                b'N' | b'I' if !self.in_word => {
                    (self.in_word, found) = (true, true);
                    *byte = b'0';
                }
                letter if self.in_word && letter.is_ascii_alphabetic() => *byte = b' ',
                _ => self.in_word = false,
            }
        }
        found
    }
}
