//! What can go wrong with a kernel of ours. An exception raised by a cell is no error, it is an outcome.

use std::path::PathBuf;
use thiserror::Error;

/// Why a kernel could not be started or asked.
#[derive(Debug, Error)]
pub enum KernelError {
    /// The interpreter is gone or cannot be run.
    #[error("The Python interpreter {} cannot be run: {reason}", path.display())]
    NoInterpreter {
        /// The interpreter that was to be used.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The working folder is not there.
    #[error("The folder {} is not there", path.display())]
    NoFolder {
        /// The folder the kernel was to run in.
        path: PathBuf,
    },
    /// Neither the interpreter nor an overlay has ipykernel.
    #[error("{} has no ipykernel", interpreter.display())]
    NoIpykernel {
        /// The interpreter.
        interpreter: PathBuf,
    },
    /// It ended before it answered.
    #[error("The kernel ended while it started ({status})")]
    Start {
        /// How the process ended.
        status: String,
        /// The end of what it wrote.
        tail: String,
    },
    /// It ended while it was used.
    #[error("The kernel died ({status}){}", if *memory { ", most likely for lack of memory" } else { "" })]
    Died {
        /// How the process ended.
        status: String,
        /// The end of what it wrote.
        tail: String,
        /// Whether memory was the likely reason.
        memory: bool,
    },
    /// It started and never answered.
    #[error("The kernel did not answer within {seconds} s")]
    Silent {
        /// How long was waited.
        seconds: u64,
        /// The end of what it wrote.
        tail: String,
    },
    /// The conversation broke off.
    #[error("The conversation with the kernel broke off: {reason}")]
    Protocol {
        /// What happened.
        reason: String,
    },
    /// It speaks another language.
    #[error("The kernel speaks {language}, not Python")]
    NotPython {
        /// The language it named.
        language: String,
    },
    /// An expression that was asked for raised.
    #[error("{name}: {value}")]
    Raised {
        /// The exception's class.
        name: String,
        /// Its message.
        value: String,
    },
    /// The job was cancelled; the kernel is gone.
    #[error("The kernel was stopped")]
    Cancelled,
    /// A file of ours could not be written.
    #[error("{what} failed: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
}

impl KernelError {
    /// A stable kebab-case name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoInterpreter { .. } => "interpreter-gone",
            Self::NoFolder { .. } => "folder-gone",
            Self::NoIpykernel { .. } => "no-ipykernel",
            Self::Start { .. } => "kernel-start",
            Self::Died { memory: true, .. } => "kernel-out-of-memory",
            Self::Died { .. } => "kernel-died",
            Self::Silent { .. } => "kernel-silent",
            Self::Protocol { .. } => "kernel-protocol",
            Self::NotPython { .. } => "not-python",
            Self::Raised { .. } => "kernel-raised",
            Self::Cancelled => "cancelled",
            Self::Io { .. } => "kernel-files",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::NoInterpreter { .. } => "Choose another Python environment".into(),
            Self::NoFolder { .. } => "Put the notebook back, or choose it where it is now".into(),
            Self::NoIpykernel { .. } => {
                "Go online once, so that the kernel can be fetched beside the environment".into()
            }
            Self::Start { tail, .. } | Self::Silent { tail, .. } => last_line(
                tail,
                "Start a notebook in this environment with Jupyter to see what is wrong with it",
            ),
            Self::Died { memory: true, .. } => "Raise the memory limit, or load less data".into(),
            Self::Died { tail, .. } => {
                last_line(tail, "Run the cell in Jupyter to see what ends the process")
            }
            Self::Protocol { .. } => "Run the notebook again; update ipykernel if it happens twice".into(),
            Self::NotPython { .. } => {
                "Export the model to ONNX in its own language and import that file".into()
            }
            Self::Raised { .. } => "Run the cells that the expression needs first".into(),
            Self::Cancelled => String::new(),
            Self::Io { .. } => "Make room, and see that the temporary folder can be written".into(),
        }
    }

    pub(crate) fn io(what: &'static str, source: std::io::Error) -> Self {
        Self::Io { what, source }
    }

    pub(crate) fn protocol(reason: impl std::fmt::Display) -> Self {
        Self::Protocol { reason: reason.to_string() }
    }
}

/// The last thing a process wrote is what it died of; without one, the advice.
fn last_line(tail: &str, advice: &str) -> String {
    match tail.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("{advice}. It last wrote: {}", line.trim()),
        None => advice.into(),
    }
}
