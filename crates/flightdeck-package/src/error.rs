//! What can go wrong with a package, and what to do about it.

use crate::path::PathFault;
use flightdeck_core::Digest;
use std::fmt;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// What can go wrong with a package.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum PackageError {
    #[error("the disk is full: {} could not be written{}", path.display(), free(*free_bytes))]
    StorageFull { path: PathBuf, free_bytes: Option<u64> },
    #[error("{} could not be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} could not be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is not a regular file", path.display())]
    NotRegular { path: PathBuf },
    #[error("\"{}\" cannot be the name of a file in a package: {fault}", path.escape_debug())]
    BadPath { path: String, fault: PathFault },
    #[error("the package has two files that some system would call by one name: \"{path}\"")]
    DuplicatePath { path: String },
    #[error("the package has more than {limit} files")]
    TooManyFiles { limit: usize },
    #[error("the package has no {file}")]
    Incomplete { file: String },
    #[error("the package has format {found}; this program reads formats up to {newest}")]
    NewerFormat { found: u32, newest: u32 },
    #[error("the package has the digest {found}, not {expected}")]
    WrongRoot { expected: Digest, found: Digest },
    #[error("there is no package {root}")]
    NoPackage { root: Digest },
    #[error("the package {root} is damaged: {damage}")]
    Damaged { root: Digest, damage: Damage },
    #[error("{file} of the package cannot be understood: {source}")]
    BadDocument { file: String, source: serde_json::Error },
    #[error("{file} of the package is larger than {limit_bytes} bytes")]
    DocumentTooLarge { file: String, limit_bytes: u64 },
    #[error("the piece starts at byte {offset}, but {received} bytes were received")]
    WrongOffset { offset: u64, received: u64 },
    #[error("the file cannot have {total} bytes: {received} were received or sent")]
    WrongTotal { total: u64, received: u64 },
    #[error("the file would have {total} bytes; at most {limit} are taken")]
    PartTooLarge { total: u64, limit: u64 },
    #[error("the received bytes have the digest {found}, not {expected}")]
    WrongPart { expected: Digest, found: Digest },
    #[error("{digest} was not received completely")]
    PartIncomplete { digest: Digest },
}

/// What is wrong with a package on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Damage {
    Changed { file: String },
    Missing { file: String },
    Added { file: String },
    NotRegular { file: String },
    Identity { found: Digest },
}

fn free(bytes: Option<u64>) -> String {
    bytes.map(|bytes| format!(", {bytes} bytes are free")).unwrap_or_default()
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { file } => write!(f, "\"{}\" was changed", file.escape_debug()),
            Self::Missing { file } => write!(f, "\"{}\" is missing", file.escape_debug()),
            Self::Added { file } => write!(f, "\"{}\" was added", file.escape_debug()),
            Self::NotRegular { file } => write!(f, "\"{}\" is not a regular file", file.escape_debug()),
            Self::Identity { found } => write!(f, "its files have the digest {found}"),
        }
    }
}

impl PackageError {
    /// A stable kebab-case name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::StorageFull { .. } => "storage-full",
            Self::Write { .. } => "storage-not-writable",
            Self::Read { .. } => "file-unreadable",
            Self::NotRegular { .. } => "not-a-regular-file",
            Self::BadPath { .. } | Self::DuplicatePath { .. } => "bad-package-path",
            Self::TooManyFiles { .. } | Self::DocumentTooLarge { .. } | Self::PartTooLarge { .. } => {
                "too-large"
            }
            Self::Incomplete { .. } => "package-incomplete",
            Self::NewerFormat { .. } => "package-too-new",
            Self::WrongRoot { .. } | Self::WrongPart { .. } => "wrong-digest",
            Self::NoPackage { .. } => "no-such-package",
            Self::Damaged { .. } | Self::BadDocument { .. } => "package-damaged",
            Self::WrongOffset { .. } | Self::WrongTotal { .. } => "wrong-offset",
            Self::PartIncomplete { .. } => "part-incomplete",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::StorageFull { .. } => {
                "Free some space on that disk, or move the library to another one, and try again."
            }
            Self::Write { .. } => "Check that the folder exists and that you may write to it.",
            Self::Read { .. } => "Check that the file is still there and that you may read it.",
            Self::NotRegular { .. } => "Give the file itself, not a link, a folder or a device.",
            Self::BadPath { .. } | Self::DuplicatePath { .. } => {
                "Give the model's files plain, different names: letters, digits, '-', '_' and '.'."
            }
            Self::TooManyFiles { .. } | Self::DocumentTooLarge { .. } | Self::PartTooLarge { .. } => {
                "Save the model with fewer or smaller files."
            }
            Self::Incomplete { .. } => "Import the model again.",
            Self::NewerFormat { .. } => "Update Flightdeck.",
            Self::WrongRoot { .. } | Self::WrongPart { .. } => {
                "The files changed on the way: send them again."
            }
            Self::NoPackage { .. } => "Import the model, or push it to the runner again.",
            Self::Damaged { .. } | Self::BadDocument { .. } => {
                "The disk or another program changed it: import the same model again to repair it."
            }
            Self::WrongOffset { .. } | Self::WrongTotal { .. } => {
                "Ask how many bytes were received and go on from there."
            }
            Self::PartIncomplete { .. } => "Send the rest of the file first.",
        }
    }
}
