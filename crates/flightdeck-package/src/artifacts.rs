//! The content-addressed folder of packages.
//!
//! `packages/<hex>` holds whole packages only. `staging/` holds what is being written: each staging has a lock file
//! beside it that its process holds, so that what a killed process left behind is recognised and swept while another
//! process goes on writing. `index/<hex>.json` remembers the digests of a package's files; it is a cache that proves
//! itself (the digests must give the root) and is rebuilt when it does not.

use crate::disk::{Gate, create_folder, read_error, rename, sync_folder, write_error};
use crate::error::PackageError;
use crate::package::Package;
use crate::staging::{Staging, Workplace};
use flightdeck_core::Digest;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The content-addressed folder of packages. Cheap to clone; several processes may use one folder.
#[derive(Clone, Debug)]
pub struct Artifacts {
    folder: PathBuf,
    pub(crate) gate: Gate,
}

impl Artifacts {
    /// Opens the folder, makes it when it is not there, and sweeps what killed processes left half-written.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, PackageError> {
        let artifacts = Self { folder: folder.into(), gate: Gate::default() };
        for folder in [artifacts.packages(), artifacts.staging(), artifacts.index()] {
            create_folder(&artifacts.gate, &folder)?;
        }
        artifacts.sweep()?;
        Ok(artifacts)
    }

    /// Packages to be looked at beside whoever uses them: nothing is made and nothing is swept.
    pub fn look(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), gate: Gate::default() }
    }

    /// Begins a package.
    pub fn stage(&self) -> Result<Staging, PackageError> {
        Staging::begin(self.clone())
    }

    /// The package with this identity. Its files and their sizes are checked, not their bytes: see [`Package::verify`].
    pub fn package(&self, root: &Digest) -> Result<Package, PackageError> {
        if !self.contains(root) {
            return Err(PackageError::NoPackage { root: *root });
        }
        Package::open(*root, self.package_path(root), &self.index_path(root))
    }

    /// Whether the package is here.
    pub fn contains(&self, root: &Digest) -> bool {
        self.package_path(root).is_dir()
    }

    /// The identities of all packages, in their order.
    pub fn list(&self) -> Result<Vec<Digest>, PackageError> {
        let names = names_in(&self.packages())?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Removes a package, at once as far as any reader can tell, and tells the bytes that this freed.
    /// A package that is not here frees nothing.
    pub fn remove(&self, root: &Digest) -> Result<u64, PackageError> {
        let path = self.package_path(root);
        let grave = Workplace::reserve(&self.staging(), &self.gate)?;
        match rename(&self.gate, &path, grave.folder()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(write_error(&path, error)),
        }
        let _ = fs::remove_file(self.index_path(root));
        sync_folder(&self.gate, &self.packages())?;
        Ok(bytes_in(grave.folder()))
    }

    pub(crate) fn packages(&self) -> PathBuf {
        self.folder.join("packages")
    }

    pub(crate) fn staging(&self) -> PathBuf {
        self.folder.join("staging")
    }

    fn index(&self) -> PathBuf {
        self.folder.join("index")
    }

    pub(crate) fn package_path(&self, root: &Digest) -> PathBuf {
        self.packages().join(root.hex())
    }

    pub(crate) fn index_path(&self, root: &Digest) -> PathBuf {
        self.index().join(format!("{}.json", root.hex()))
    }

    /// Removes the stagings that no living process holds.
    fn sweep(&self) -> Result<(), PackageError> {
        let staging = self.staging();
        let stems: BTreeSet<String> = names_in(&staging)?
            .into_iter()
            .map(|name| name.strip_suffix(Workplace::LOCK).map_or(name.clone(), str::to_owned))
            .collect();
        stems.iter().try_for_each(|stem| sweep_one(&staging, stem))
    }
}

/// Takes the lock first, also where there is only a folder: a staging makes its folder after its lock.
fn sweep_one(staging: &Path, stem: &str) -> Result<(), PackageError> {
    let lock_path = staging.join(format!("{stem}{}", Workplace::LOCK));
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&lock_path)
        .map_err(|source| write_error(&lock_path, source))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(()),
        Err(TryLockError::Error(source)) => return Err(write_error(&lock_path, source)),
    }
    for removed in [remove_all(&staging.join(stem)), fs::remove_file(&lock_path)] {
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(write_error(&lock_path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Removes a folder with everything in it, or a file. Links are removed, not followed.
pub(crate) fn remove_all(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

fn names_in(folder: &Path) -> Result<BTreeSet<String>, PackageError> {
    let entries = fs::read_dir(folder).map_err(|source| read_error(folder, source))?;
    let names = entries.filter_map(|entry| match entry {
        Ok(entry) => entry.file_name().into_string().ok().map(Ok),
        Err(source) => Some(Err(read_error(folder, source))),
    });
    names.collect()
}

fn bytes_in(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes_in(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}
