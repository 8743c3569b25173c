//! Why an archive is not taken.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why an archive is not taken. Names are escaped and cut.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum ArchiveError {
    #[error("it could not be read: {0}")]
    Unreadable(io::Error),
    #[error("it is damaged or cut short: {problem}")]
    Damaged { problem: &'static str },
    #[error("it contradicts itself about \"{name}\": {problem}")]
    Contradiction { name: String, problem: &'static str },
    #[error("the name \"{name}\" {problem}")]
    Name { name: String, problem: &'static str },
    #[error("the name \"{name}\" stands in it twice, or twice but for upper and lower case")]
    Twice { name: String },
    #[error("\"{name}\" is a link, a device or another special file")]
    NotRegular { name: String },
    #[error("\"{name}\" is encrypted")]
    Encrypted { name: String },
    #[error("\"{name}\" is compressed by method {method}, which is not read")]
    Method { name: String, method: u16 },
    #[error("\"{first}\" and \"{second}\" lie in the same bytes")]
    Overlap { first: String, second: String },
    #[error("it has {entries} entries; at most {limit} are taken")]
    TooMany { entries: u64, limit: usize },
    #[error("it would unpack to {bytes} bytes; at most {limit} are taken")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("its {packed} bytes would unpack to {bytes}: more than {ratio} times as many")]
    Bomb { packed: u64, bytes: u64, ratio: u64 },
    #[error("\"{name}\" should have {expected} bytes and has {found}")]
    Size { name: String, expected: u64, found: u64 },
    #[error("the content of \"{name}\" does not match its checksum")]
    Checksum { name: String },
    #[error("the folder {} is not empty", path.display())]
    NotEmpty { path: PathBuf },
    #[error("{} could not be written: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("the disk is full: \"{name}\" needs {bytes} bytes")]
    DiskFull { name: String, bytes: u64 },
    #[error("unpacking was stopped")]
    Cancelled,
}

impl ArchiveError {
    /// A stable kebab-case name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Damaged { .. } => "archive-damaged",
            Self::Contradiction { .. } => "archive-contradiction",
            Self::Name { .. } => "archive-name",
            Self::Twice { .. } => "archive-duplicate",
            Self::NotRegular { .. } => "archive-not-regular",
            Self::Encrypted { .. } => "archive-encrypted",
            Self::Method { .. } => "archive-method",
            Self::Overlap { .. } => "archive-overlap",
            Self::TooMany { .. } => "archive-too-many",
            Self::TooLarge { .. } => "archive-too-large",
            Self::Bomb { .. } => "archive-bomb",
            Self::Size { .. } => "archive-size",
            Self::Checksum { .. } => "archive-checksum",
            Self::NotEmpty { .. } => "folder-not-empty",
            Self::Unwritable { .. } => "unwritable",
            Self::DiskFull { .. } => "disk-full",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "Check that the file is still there and that you may read it.",
            Self::Encrypted { .. } => "Unpack it with its password and import the model inside.",
            Self::Method { .. } => {
                "Pack it again as an ordinary zip, or unpack it and import the model inside."
            }
            Self::TooMany { .. } | Self::TooLarge { .. } => "Unpack it and import the model inside.",
            Self::NotEmpty { .. } | Self::Unwritable { .. } => "Check the folder and its permissions.",
            Self::DiskFull { .. } => "Free some space and import again; nothing was kept.",
            Self::Cancelled => "Import it again when you want to.",
            _ => "Do not trust this file; ask for it again, or pack the model's files anew.",
        }
    }
}
