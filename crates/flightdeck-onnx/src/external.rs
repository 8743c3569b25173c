//! A model's data files: where they really lie and whether they are long enough. They are looked at, never read.

use crate::display::display_safe;
use crate::location;
use crate::refusal::Refusal;
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// A data file of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// What the model calls it: a relative path with `/`, which it keeps inside a package.
    pub location: String,
    /// Where it lies now.
    pub source: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// What a tensor says about its data file.
#[derive(Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) tensor: String,
    pub(crate) location: &'a str,
    pub(crate) offset: Option<&'a str>,
    pub(crate) length: Option<&'a str>,
    /// What its shape and type need.
    pub(crate) needed: u64,
}

impl<'a> Piece<'a> {
    /// Takes apart the words that describe a data file. Every word is known and stands once.
    pub(crate) fn read(tensor: String, words: &[(&'a str, &'a str)], needed: u64) -> Result<Self, Refusal> {
        let mut piece = Self { tensor, location: "", offset: None, length: None, needed };
        let mut seen: Vec<&str> = Vec::new();
        for (key, value) in words {
            if seen.contains(key) || !matches!(*key, "location" | "offset" | "length" | "checksum") {
                return Err(Refusal::ExternalKey { tensor: piece.tensor, key: display_safe(key, 80) });
            }
            seen.push(key);
            match *key {
                "location" => piece.location = value,
                "offset" => piece.offset = Some(value),
                "length" => piece.length = Some(value),
                _ => {}
            }
        }
        location::check(piece.location)
            .map_err(|fault| Refusal::Location { location: display_safe(piece.location, 200), fault })?;
        Ok(piece)
    }

    /// Checks that the bytes it wants are in a file of `size` bytes and are as many as it needs.
    fn check(&self, size: u64) -> Result<(), Refusal> {
        let fits = || {
            let offset = number(self.offset.unwrap_or("0"))?;
            let length = self.length.map_or(Some(self.needed), number)?;
            (length == self.needed && offset.checked_add(length)? <= size).then_some(())
        };
        fits().ok_or_else(|| Refusal::ExternalRange {
            tensor: self.tensor.clone(),
            location: display_safe(self.location, 200),
            offset: display_safe(self.offset.unwrap_or("0"), 40),
            length: self.length.map_or_else(|| self.needed.to_string(), |text| display_safe(text, 40)),
            size,
        })
    }
}

/// Plain digits only: a sign, a space or an exponent is read differently by different programs.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Finds the data files below `folder`, each once, in the order of their locations.
pub(crate) fn resolve(pieces: &[Piece<'_>], folder: &Path) -> Result<Vec<External>, Refusal> {
    let mut files: BTreeMap<&str, External> = BTreeMap::new();
    for piece in pieces {
        if !files.contains_key(piece.location) {
            files.insert(piece.location, find(piece.location, folder)?);
        }
        piece.check(files[piece.location].bytes)?;
    }
    Ok(files.into_values().collect())
}

/// Goes down part by part, so that no link on the way is followed.
fn find(location: &str, folder: &Path) -> Result<External, Refusal> {
    let shown = || display_safe(location, 200);
    let mut source = folder.to_path_buf();
    let mut parts = location.split('/').peekable();
    while let Some(part) = parts.next() {
        source.push(part);
        let meta = match fs::symlink_metadata(&source) {
            Ok(meta) => meta,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(Refusal::ExternalMissing { location: shown() });
            }
            Err(error) => return Err(Refusal::Unreadable { path: source, source: error }),
        };
        let is_last = parts.peek().is_none();
        if meta.is_symlink() || (is_last && has_other_names(&meta)) {
            return Err(Refusal::ExternalLink { location: shown() });
        }
        if if is_last { !meta.is_file() } else { !meta.is_dir() } {
            return Err(Refusal::ExternalNotRegular { location: shown() });
        }
        if is_last {
            return Ok(External { location: location.into(), source, bytes: meta.len() });
        }
    }
    Err(Refusal::ExternalMissing { location: shown() })
}

#[cfg(unix)]
fn has_other_names(meta: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    meta.is_file() && meta.nlink() != 1
}

/// Windows tells the number of names only for an open file through interfaces that std does not offer.
#[cfg(not(unix))]
fn has_other_names(_meta: &Metadata) -> bool {
    false
}
