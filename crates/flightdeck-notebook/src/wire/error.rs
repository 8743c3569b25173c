//! What is wrong with a folder that a capture or a converter left.

use thiserror::Error;

/// A folder that cannot be read.
#[derive(Debug, Error)]
pub enum WireError {
    /// A file is missing or cannot be read.
    #[error("{file} cannot be read: {source}")]
    Read {
        /// The file, relative to the folder.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A document does not have the expected form.
    #[error("{file} is not a document of the expected form: {source}")]
    Json {
        /// The file.
        file: String,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// A document of a version that this program does not know.
    #[error("{file} has version {found}; this program reads version 1")]
    Schema {
        /// The file.
        file: String,
        /// Its version.
        found: u32,
    },
    /// A path that leads out of the folder, or is no plain file.
    #[error("the path {path:?} is refused: {reason}")]
    Path {
        /// The path as written.
        path: String,
        /// Why.
        reason: &'static str,
    },
    /// A file or a list larger than the limit.
    #[error("{file} holds {found} {unit}, the limit is {limit}")]
    TooLarge {
        /// The file.
        file: String,
        /// What is counted.
        unit: &'static str,
        /// How many there are.
        found: u64,
        /// How many there may be.
        limit: u64,
    },
    /// An array file that is not one of the accepted forms.
    #[error("{file} is not an accepted array: {reason}")]
    Array {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// Something that the document names is not there.
    #[error("the capture names {what} {id:?}, but has none")]
    Unknown {
        /// What is named.
        what: &'static str,
        /// By which id.
        id: String,
    },
}

impl WireError {
    /// A stable kebab-case name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "capture-unreadable",
            Self::Json { .. } | Self::Schema { .. } | Self::Unknown { .. } => "capture-malformed",
            Self::Path { .. } => "path-escape",
            Self::TooLarge { .. } => "resource-limit",
            Self::Array { .. } => "array-refused",
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Read { .. } => "Check the free space of the disk and import the notebook again",
            Self::Json { .. } | Self::Unknown { .. } => {
                "Import the notebook again; if a cell writes into Flightdeck's folders, leave that out"
            }
            Self::Schema { .. } => "Import the notebook again with this version of Flightdeck",
            Self::Path { .. } => "Code in the notebook changed what was captured; look for what it writes",
            Self::TooLarge { .. } => "Fit the model on fewer rows or columns",
            Self::Array { .. } => "Turn columns of Python objects into numbers or texts before fitting",
        }
    }
}
