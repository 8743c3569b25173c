//! How asking an interpreter, or building an environment, can fail.

use super::child::ChildError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why an interpreter gave no answer, or an environment was not built.
#[derive(Debug, Error)]
pub enum EnvironmentError {
    /// The program is not there any more, or is none.
    #[error("{} does not start: {source}", .interpreter.display())]
    Start {
        /// The interpreter.
        interpreter: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A Python that is too old.
    #[error("{} is Python {version}; 3.8 or newer is needed", .interpreter.display())]
    TooOld {
        /// The interpreter.
        interpreter: PathBuf,
        /// Its version.
        version: String,
    },
    /// It ran longer than it may.
    #[error("{} did not answer within {seconds} s", .interpreter.display())]
    TimedOut {
        /// The interpreter.
        interpreter: PathBuf,
        /// The limit.
        seconds: u64,
    },
    /// It wrote more than it may.
    #[error("{} wrote more than {limit} bytes", .interpreter.display())]
    TooMuch {
        /// The interpreter.
        interpreter: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// It ended without an answer.
    #[error("{} failed: {tail}", .interpreter.display())]
    Failed {
        /// The interpreter.
        interpreter: PathBuf,
        /// Its last words.
        tail: String,
    },
    /// A folder or file of ours cannot be written.
    #[error("{} cannot be written: {source}", .path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file with requirements that cannot be read.
    #[error("{} cannot be used: {reason}", .path.display())]
    Requirements {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// pip could not be reached or did not finish.
    #[error("the packages were not installed: {tail}")]
    Install {
        /// What pip said last.
        tail: String,
        /// Whether the cause is that nothing can be reached.
        unreachable: bool,
        /// What was run.
        command: String,
    },
    /// No pip anywhere.
    #[error("no pip was found to install packages with")]
    NoPip,
    /// Stopped on request.
    #[error("stopped")]
    Cancelled,
}

impl EnvironmentError {
    /// A stable kebab-case name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Start { .. } => "interpreter-gone",
            Self::TooOld { .. } => "python-too-old",
            Self::TimedOut { .. } | Self::TooMuch { .. } | Self::Failed { .. } => "interpreter-failed",
            Self::Write { .. } => "cannot-write",
            Self::Requirements { .. } => "requirements-unreadable",
            Self::Install { unreachable: true, .. } => "packages-unreachable",
            Self::Install { .. } => "install-failed",
            Self::NoPip => "no-pip",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Start { .. } => "Choose another Python for this folder.".into(),
            Self::TooOld { .. } => "Choose an environment with Python 3.8 or newer.".into(),
            Self::TimedOut { .. } | Self::TooMuch { .. } | Self::Failed { .. } => {
                "Start this Python in a terminal: what it prints there is the cause. Or choose another."
                    .into()
            }
            Self::Write { .. } => "Free space, or choose another folder for Flightdeck's cache.".into(),
            Self::Requirements { .. } => {
                "Correct the file, or let the packages be taken from the imports.".into()
            }
            Self::Install { unreachable: true, command, .. } => {
                format!("Connect to the network and try again, or run: {command}")
            }
            Self::Install { command, .. } => format!("The whole message is printed by: {command}"),
            Self::NoPip => "Install pip for any Python on this computer: python3 -m ensurepip --user.".into(),
            Self::Cancelled => "Start it again when you like.".into(),
        }
    }

    pub(super) fn of_child(error: ChildError, interpreter: &std::path::Path) -> Self {
        let interpreter = interpreter.to_owned();
        match error {
            ChildError::Start(source) => Self::Start { interpreter, source },
            ChildError::TimedOut(limit) => Self::TimedOut { interpreter, seconds: limit.as_secs() },
            ChildError::TooMuch(limit) => Self::TooMuch { interpreter, limit },
            ChildError::Cancelled => Self::Cancelled,
        }
    }
}
