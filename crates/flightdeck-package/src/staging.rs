//! A package being written: it appears whole or not at all.

use crate::artifacts::{Artifacts, remove_all};
use crate::disk::{self, Gate, Hashing, create_folder, open_regular, rename, sync_folder, write_error};
use crate::documents::{MANIFEST_FORMAT, Manifest};
use crate::entry::{Entry, root_digest};
use crate::error::PackageError;
use crate::package::{Package, parse};
use crate::path::check_path;
use crate::{MANIFEST, MODEL_SIG};
use flightdeck_core::Digest;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Most files in one package.
const MAX_FILES: usize = 10_000;

/// A package being written. Dropping it without [`Staging::finish`] leaves nothing behind.
#[derive(Debug)]
pub struct Staging {
    artifacts: Artifacts,
    place: Workplace,
    entries: Vec<Entry>,
    /// Every file and folder by its lower-case path: two that differ only in case are one on some systems.
    names: BTreeMap<String, Taken>,
}

#[derive(Debug, PartialEq)]
enum Taken {
    File,
    Folder(String),
}

impl Staging {
    pub(crate) fn begin(artifacts: Artifacts) -> Result<Self, PackageError> {
        let place = Workplace::reserve(&artifacts.staging(), &artifacts.gate)?;
        create_folder(&artifacts.gate, place.folder())?;
        Ok(Self { artifacts, place, entries: Vec::new(), names: BTreeMap::new() })
    }

    /// The folder that the files are written to until the package is finished.
    pub fn folder(&self) -> &Path {
        self.place.folder()
    }

    /// Writes a file.
    pub fn write(&mut self, path: &str, bytes: &[u8]) -> Result<Entry, PackageError> {
        self.add(path, |target, file, gate| {
            let mut sink = Hashing::new(file);
            gate.pass()
                .and_then(|()| sink.write(bytes))
                .and_then(|()| {
                    let (found, file) = sink.end();
                    gate.pass().and_then(|()| file.sync_all()).map(|()| found)
                })
                .map_err(|source| write_error(target, source))
        })
    }

    /// Writes a value as indented JSON, the same bytes for the same value.
    pub fn write_json<T: Serialize>(&mut self, path: &str, value: &T) -> Result<Entry, PackageError> {
        let bad = |source| PackageError::BadDocument { file: path.into(), source };
        let mut json = serde_json::to_vec_pretty(value).map_err(bad)?;
        json.push(b'\n');
        self.write(path, &json)
    }

    /// Copies a regular file, not a link, and tells the bytes copied so far after each piece.
    pub fn copy(
        &mut self,
        path: &str,
        source: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Entry, PackageError> {
        let mut opened = open_regular(source)?;
        self.add(path, |target, file, gate| disk::copy((source, &mut opened), (target, file, gate), progress))
    }

    /// Makes the package appear under its root digest, which must be `expected` where that is given.
    ///
    /// When it is there already, that package is the answer and this staging is dropped; one that was damaged on the
    /// disk is replaced.
    pub fn finish(mut self, expected: Option<Digest>) -> Result<Package, PackageError> {
        self.check_complete()?;
        self.entries.sort_by(|a, b| a.path.cmp(&b.path));
        let root = root_digest(&self.entries);
        if let Some(expected) = expected.filter(|expected| *expected != root) {
            return Err(PackageError::WrongRoot { expected, found: root });
        }
        if let Some(present) = self.present(&root) {
            return Ok(present);
        }
        self.sync_folders()?;
        self.publish(root)
    }

    /// The same package, where it is already there and whole.
    fn present(&self, root: &Digest) -> Option<Package> {
        let package = self.artifacts.package(root).ok()?;
        package.verify().is_ok().then_some(package)
    }

    fn publish(self, root: Digest) -> Result<Package, PackageError> {
        let (artifacts, gate) = (&self.artifacts, &self.artifacts.gate);
        let path = artifacts.package_path(&root);
        if let Err(error) = rename(gate, self.place.folder(), &path) {
            // Either another process was faster, or what lies there is damaged and makes room for this one.
            if let Some(present) = self.present(&root) {
                return Ok(present);
            }
            if !path.exists() {
                return Err(write_error(&path, error));
            }
            let grave = Workplace::reserve(&artifacts.staging(), gate)?;
            rename(gate, &path, grave.folder())
                .and_then(|()| rename(gate, self.place.folder(), &path))
                .map_err(|source| write_error(&path, source))?;
        }
        sync_folder(gate, &artifacts.packages())?;
        let package = Package { root, path, files: self.entries.clone() };
        package.remember(&artifacts.index_path(&root));
        Ok(package)
    }

    /// A folder is only a package with a manifest that this program reads and the model that it names.
    fn check_complete(&self) -> Result<(), PackageError> {
        let has = |file: &str| self.entries.iter().any(|entry| entry.path == file);
        if !has(MANIFEST) {
            return Err(PackageError::Incomplete { file: MANIFEST.into() });
        }
        let manifest: Manifest = parse(self.place.folder(), MANIFEST)?;
        if manifest.format > MANIFEST_FORMAT {
            return Err(PackageError::NewerFormat { found: manifest.format, newest: MANIFEST_FORMAT });
        }
        check_path(&manifest.model)?;
        if manifest.model == MODEL_SIG || !has(&manifest.model) {
            return Err(PackageError::Incomplete { file: manifest.model });
        }
        Ok(())
    }

    fn add(
        &mut self,
        path: &str,
        fill: impl FnOnce(&Path, File, &Gate) -> Result<(Digest, u64), PackageError>,
    ) -> Result<Entry, PackageError> {
        check_path(path)?;
        if self.entries.len() == MAX_FILES {
            return Err(PackageError::TooManyFiles { limit: MAX_FILES });
        }
        let names = self.names_with(path)?;
        let target = self.place.folder().join(path);
        if let Some((folder, _)) = path.rsplit_once('/') {
            create_folder(&self.artifacts.gate, &self.place.folder().join(folder))?;
        }
        let (sha256, bytes) = create_and_fill(&target, &self.artifacts.gate, fill)?;
        let entry = Entry { path: path.into(), sha256, bytes };
        self.entries.push(entry.clone());
        self.names.extend(names);
        Ok(entry)
    }

    /// The names that `path` would take, or an error where one of them is taken by something else.
    fn names_with(&self, path: &str) -> Result<Vec<(String, Taken)>, PackageError> {
        let ends = path.match_indices('/').map(|(end, _)| end);
        let mut names: Vec<_> =
            ends.map(|end| (path[..end].to_lowercase(), Taken::Folder(path[..end].into()))).collect();
        names.push((path.to_lowercase(), Taken::File));
        for (name, wanted) in &names {
            match self.names.get(name) {
                Some(taken) if taken != wanted || *wanted == Taken::File => {
                    return Err(PackageError::DuplicatePath { path: path.into() });
                }
                _ => {}
            }
        }
        Ok(names)
    }

    fn sync_folders(&self) -> Result<(), PackageError> {
        let folders = self.names.values().filter_map(|taken| match taken {
            Taken::Folder(path) => Some(self.place.folder().join(path)),
            Taken::File => None,
        });
        folders
            .chain([self.place.folder().into()])
            .try_for_each(|folder| sync_folder(&self.artifacts.gate, &folder))
    }
}

/// A file that could not be filled does not stay: a second attempt finds its place free.
fn create_and_fill(
    target: &Path,
    gate: &Gate,
    fill: impl FnOnce(&Path, File, &Gate) -> Result<(Digest, u64), PackageError>,
) -> Result<(Digest, u64), PackageError> {
    let file =
        gate.pass().and_then(|()| File::create_new(target)).map_err(|source| write_error(target, source))?;
    let filled = fill(target, file, gate);
    if filled.is_err() {
        let _ = fs::remove_file(target);
    }
    filled
}

/// A folder name of its own in `staging/`, held by a lock, and removed with what is in it when dropped.
#[derive(Debug)]
pub(crate) struct Workplace {
    folder: PathBuf,
    _lock: NamedTempFile,
}

impl Workplace {
    pub(crate) const LOCK: &'static str = ".lock";

    /// Reserves a name; the folder itself is not made.
    pub(crate) fn reserve(staging: &Path, gate: &Gate) -> Result<Self, PackageError> {
        loop {
            let lock = gate
                .pass()
                .and_then(|()| {
                    tempfile::Builder::new().prefix("stage-").suffix(Self::LOCK).tempfile_in(staging)
                })
                .map_err(|source| write_error(staging, source))?;
            match lock.as_file().try_lock() {
                // A sweeper may have come between making and locking; then the name is gone and another one is taken.
                Ok(()) if lock.path().exists() => {
                    return Ok(Self { folder: lock.path().with_extension(""), _lock: lock });
                }
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(write_error(lock.path(), source)),
            }
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        let _ = remove_all(&self.folder);
    }
}
