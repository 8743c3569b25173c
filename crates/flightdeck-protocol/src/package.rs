//! Bringing a package: its files one by one under their digests, resumable, then the package made of them.

use flightdeck_core::Digest;
use serde::{Deserialize, Serialize};

/// `GET` and `PUT /blobs/{sha256}`: how much of a file the runner has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobState {
    /// Bytes received so far: where the next part starts.
    pub received: u64,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageFile {
    /// Its path inside the package, with `/`.
    pub path: String,
    /// What it holds.
    pub sha256: Digest,
    /// How long it is.
    pub bytes: u64,
}

/// `POST /packages`: makes a package of files that were brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageUpload {
    /// The package's root digest: the version's identity.
    pub root: Digest,
    /// All of its files.
    pub files: Vec<PackageFile>,
}

/// The package is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageStored {
    /// Its root digest.
    pub root: Digest,
    /// Whether it was there before.
    pub already: bool,
}
