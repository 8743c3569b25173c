//! A version's package on disk: its files, its identity and the folder that holds it.
//!
//! A package is a folder of files whose identity is the root digest over their digests. [`Artifacts`] keeps packages
//! under that digest; a package is written into a [`Staging`] and appears whole or not at all. [`Parts`] receives the
//! files of a package in resumable pieces. What the files *mean* (a model, a baseline, a signature) is decided
//! elsewhere; nothing here parses a model, speaks over a network or knows a user.

mod artifacts;
mod disk;
mod documents;
mod entry;
mod error;
#[cfg(test)]
mod faults;
mod package;
mod parts;
mod path;
mod staging;

pub use artifacts::Artifacts;
pub use documents::{
    Environment, FORMAT_OF_FILES, FORMAT_OF_ORIGINALS, Golden, Lineage, LineageEntry, LineageRole,
    MANIFEST_FORMAT, Manifest, Tolerance,
};
pub use entry::{Entry, root_digest};
pub use error::{Damage, PackageError};
pub use package::Package;
pub use parts::{MAX_PART_BYTES, Parts};
pub use path::{PathFault, check_path};
pub use staging::Staging;

/// What the package says about itself: a [`Manifest`].
pub const MANIFEST: &str = "manifest.json";
/// The model.
pub const MODEL: &str = "model.onnx";
/// Inputs and outputs.
pub const SIGNATURE: &str = "signature.json";
/// Edges and counts of the training data.
pub const BASELINE: &str = "baseline.json";
/// Rows with the outputs that any copy must reproduce: a [`Golden`].
pub const GOLDEN: &str = "golden.json";
/// What the version was made from: a [`Lineage`].
pub const LINEAGE: &str = "lineage.json";
/// What the original model was made with: an [`Environment`].
pub const ENVIRONMENT: &str = "environment.json";
/// A detached signature over the root digest, and therefore not part of it.
pub const MODEL_SIG: &str = "model.sig";
