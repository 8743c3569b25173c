//! A package on the disk, as read.

use crate::artifacts::remove_all;
use crate::disk::{self, open_regular, read_error};
use crate::entry::{Entry, root_digest};
use crate::error::{Damage, PackageError};
use crate::path::{MAX_DEPTH, check_path};
use flightdeck_core::Digest;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest JSON file of a package that is read into memory.
const MAX_DOCUMENT_BYTES: u64 = 256 << 20;

/// A package on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its identity.
    pub root: Digest,
    /// Its folder.
    pub path: PathBuf,
    /// Its files in the order of their paths, `model.sig` among them where there is one.
    pub files: Vec<Entry>,
}

impl Package {
    /// Takes the digests from the index where that fits what lies in the folder, and hashes the files where it does not.
    pub(crate) fn open(root: Digest, path: PathBuf, index: &Path) -> Result<Self, PackageError> {
        let sizes = sizes_in(&path, root)?;
        let remembered =
            fs::read(index).ok().and_then(|json| serde_json::from_slice::<Vec<Entry>>(&json).ok());
        let fits = |files: &Vec<Entry>| {
            let listed: BTreeMap<_, _> =
                files.iter().map(|entry| (entry.path.clone(), entry.bytes)).collect();
            listed == sizes && listed.len() == files.len() && root_digest(files) == root
        };
        if let Some(files) = remembered.filter(fits) {
            return Ok(Self { root, path, files });
        }
        let files = hashed(&path, sizes.into_keys())?;
        let package = Self { root, path, files };
        package.check_root(&package.files)?;
        package.remember(index);
        Ok(package)
    }

    /// Hashes every file and says which one was changed, added or lost, if any.
    pub fn verify(&self) -> Result<(), PackageError> {
        let sizes = sizes_in(&self.path, self.root)?;
        let damaged = |damage| Err(PackageError::Damaged { root: self.root, damage });
        let known = |path: &String| self.files.iter().any(|entry| entry.path == *path);
        if let Some(entry) = self.files.iter().find(|entry| !sizes.contains_key(&entry.path)) {
            return damaged(Damage::Missing { file: entry.path.clone() });
        }
        if let Some(file) = sizes.keys().find(|path| !known(path)) {
            return damaged(Damage::Added { file: file.clone() });
        }
        let found = hashed(&self.path, sizes.into_keys())?;
        let changed = |entry: &&Entry| found.iter().any(|other| other.path == entry.path && other != *entry);
        if let Some(entry) = self.files.iter().find(changed) {
            return damaged(Damage::Changed { file: entry.path.clone() });
        }
        self.check_root(&found)
    }

    /// Reads one of its JSON files.
    pub fn read<T: DeserializeOwned>(&self, file: &str) -> Result<T, PackageError> {
        if self.entry(file).is_none() {
            return Err(PackageError::Incomplete { file: file.into() });
        }
        parse(&self.path, file)
    }

    /// The file with this path inside the package.
    pub fn entry(&self, file: &str) -> Option<&Entry> {
        self.files.iter().find(|entry| entry.path == file)
    }

    /// The size of all its files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|entry| entry.bytes).sum()
    }

    fn check_root(&self, files: &[Entry]) -> Result<(), PackageError> {
        let found = root_digest(files);
        if found == self.root {
            return Ok(());
        }
        Err(PackageError::Damaged { root: self.root, damage: Damage::Identity { found } })
    }

    /// Writes the index. It is a cache: when it cannot be written, the next opening hashes the files once more.
    pub(crate) fn remember(&self, index: &Path) {
        let written = index.parent().and_then(|folder| {
            let mut file = tempfile::NamedTempFile::new_in(folder).ok()?;
            serde_json::to_writer(&mut file, &self.files).ok()?;
            file.persist(index).ok()
        });
        if written.is_none() {
            let _ = remove_all(index);
        }
    }
}

/// Reads a JSON file inside a package's folder.
pub(crate) fn parse<T: DeserializeOwned>(folder: &Path, file: &str) -> Result<T, PackageError> {
    check_path(file)?;
    let path = folder.join(file);
    let mut json = Vec::new();
    let opened = open_regular(&path)?;
    opened.take(MAX_DOCUMENT_BYTES + 1).read_to_end(&mut json).map_err(|source| read_error(&path, source))?;
    if json.len() as u64 > MAX_DOCUMENT_BYTES {
        return Err(PackageError::DocumentTooLarge { file: file.into(), limit_bytes: MAX_DOCUMENT_BYTES });
    }
    serde_json::from_slice(&json).map_err(|source| PackageError::BadDocument { file: file.into(), source })
}

fn hashed(folder: &Path, files: impl Iterator<Item = String>) -> Result<Vec<Entry>, PackageError> {
    let entry = |path: String| {
        let full = folder.join(&path);
        let mut file = open_regular(&full)?;
        let (sha256, bytes) = disk::hash(&mut file).map_err(|source| read_error(&full, source))?;
        Ok(Entry { path, sha256, bytes })
    };
    files.map(entry).collect()
}

/// Every file below `folder` by its path in the package, with its size.
fn sizes_in(folder: &Path, root: Digest) -> Result<BTreeMap<String, u64>, PackageError> {
    let mut sizes = BTreeMap::new();
    let mut open = vec![String::new()];
    while let Some(prefix) = open.pop() {
        let inside = folder.join(&prefix);
        let entries = fs::read_dir(&inside).map_err(|source| read_error(&inside, source))?;
        for entry in entries {
            let entry = entry.map_err(|source| read_error(&inside, source))?;
            let meta = entry.metadata().map_err(|source| read_error(&entry.path(), source))?;
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if meta.is_dir() && path.split('/').count() < MAX_DEPTH {
                open.push(format!("{path}/"));
            } else if meta.is_file() {
                sizes.insert(path, meta.len());
            } else {
                return Err(PackageError::Damaged { root, damage: Damage::NotRegular { file: path } });
            }
        }
    }
    Ok(sizes)
}
