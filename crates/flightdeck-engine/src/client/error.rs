//! How a worker can fail its client.

use crate::{Failure, FrameError, MissingPart, Reply};
use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// A question without an answer.
#[derive(Debug, Error)]
pub enum WorkerError {
    /// The program is not there.
    #[error(transparent)]
    Missing(#[from] MissingPart),
    /// The program does not start.
    #[error("the worker {} does not start", .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The worker answered that it cannot.
    #[error("{}", .0.message)]
    Failed(Failure),
    /// The worker reached one of its limits and was ended.
    #[error("the model was stopped: {limit}")]
    Limit {
        /// Which.
        limit: Limit,
        /// What the worker said last.
        detail: String,
    },
    /// The worker died without an answer.
    #[error("the worker died: {0}")]
    Died(Death),
    /// The worker said something that is no answer to this question.
    #[error("the worker cannot be understood: {0}")]
    Nonsense(String),
    /// The client no longer wanted the answer.
    #[error("cancelled")]
    Cancelled,
}

/// What a worker may not go beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Memory.
    Memory,
    /// Time.
    Time,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "it wanted more memory than it may have",
            Self::Time => "it took longer than it may",
        })
    }
}

/// How a process ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// The exit code, when it exited.
    pub exit_code: Option<i32>,
    /// The signal, when one ended it.
    pub signal: Option<i32>,
    /// The end of what it wrote to standard error.
    pub last_words: String,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.signal, self.exit_code) {
            (Some(signal), _) => write!(f, "ended by signal {signal}"),
            (None, Some(code)) => write!(f, "exited with {code}"),
            (None, None) => f.write_str("it is gone"),
        }
    }
}

impl WorkerError {
    /// A stable kebab-case name.
    pub fn code(&self) -> &str {
        match self {
            Self::Missing(_) => "installation-incomplete",
            Self::Start { .. } => "worker-start",
            Self::Failed(failure) => &failure.code,
            Self::Limit { limit: Limit::Memory, .. } => "memory-limit",
            Self::Limit { limit: Limit::Time, .. } => "time-limit",
            Self::Died(_) => "worker-died",
            Self::Nonsense(_) => "worker-protocol",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &str {
        match self {
            Self::Missing(missing) => missing.hint(),
            Self::Start { .. } => "Install Flightdeck again; the program may be damaged or not executable.",
            Self::Failed(failure) => &failure.hint,
            Self::Limit { limit: Limit::Memory, .. } => {
                "Use a smaller model, or give the worker more memory."
            }
            Self::Limit { limit: Limit::Time, .. } => "Use a smaller model, or give the worker more time.",
            Self::Died(_) => {
                "The model crashed ONNX Runtime; export it again with a current version of its library."
            }
            Self::Nonsense(_) => "Bring all Flightdeck programs to the same version.",
            Self::Cancelled => "",
        }
    }

    /// A worker's own answer that it cannot.
    pub(super) fn of(failure: Failure) -> Self {
        match failure.code.as_str() {
            "memory-limit" => Self::Limit { limit: Limit::Memory, detail: failure.message },
            _ => Self::Failed(failure),
        }
    }

    pub(super) fn unexpected(reply: &Reply) -> Self {
        Self::Nonsense(format!("{reply:?}").chars().take(80).collect())
    }
}

impl From<FrameError> for WorkerError {
    fn from(error: FrameError) -> Self {
        Self::Nonsense(error.to_string())
    }
}
