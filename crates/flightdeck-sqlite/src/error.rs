//! What can be wrong with a database, in words a person can act on.

use std::path::PathBuf;
use thiserror::Error;

/// The result of work on a database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with a database.
#[derive(Debug, Error)]
pub enum Error {
    /// The file is a database of another program.
    #[error("{} is not a {program} database", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was expected.
        program: &'static str,
    },
    /// A newer version of the program wrote it.
    #[error("{} was written by a newer version (format {found}, this program knows {known})", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The bytes are not a database, or no longer are.
    #[error("{} is damaged: {detail}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// The disk is full; nothing was changed.
    #[error("the disk is full: nothing was changed")]
    Full,
    /// Another process kept the database busy for longer than we wait.
    #[error("another process keeps the database busy")]
    Busy,
    /// The folder or file cannot be read or written.
    #[error("cannot open {}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A value in a table is not what the program wrote.
    #[error("a stored {what} cannot be read: {detail}")]
    Value {
        /// What it is.
        what: &'static str,
        /// Why not.
        detail: String,
    },
    /// Anything else that SQLite reports.
    #[error("database error: {0}")]
    Sqlite(rusqlite::Error),
}

impl Error {
    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "Choose another folder; this one belongs to another program",
            Self::Newer { .. } => "Update Flightdeck; nothing was changed in the file",
            Self::Damaged { .. } => {
                "Nothing was deleted. Move the file aside and restore a backup of the folder"
            }
            Self::Full => "Free some space and do it again",
            Self::Busy => "Close other Flightdeck programs on this library and do it again",
            Self::Io { .. } => "Check that the folder exists and that you may write to it",
            Self::Value { .. } | Self::Sqlite(_) => {
                "Do it again; if it stays, restore a backup of the folder"
            }
        }
    }

    /// A stored value that cannot be read.
    pub fn value(what: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Value { what, detail: detail.to_string() }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Sqlite(error),
        }
    }
}
