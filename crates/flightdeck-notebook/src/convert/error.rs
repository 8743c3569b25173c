//! Why there is no conversion.

use crate::wire::{Refused, WireError};
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why there is no conversion.
#[derive(Debug, Error)]
pub enum ConvertError {
    /// A step, or the whole file, has no ONNX form.
    #[error("{}: {}", .0.step, .0.reason)]
    Refused(Refused),
    /// The process ended by itself.
    #[error("the converter ended with {status}: {tail}")]
    Died {
        /// How it ended.
        status: String,
        /// The last lines that it wrote.
        tail: String,
    },
    /// It took too long and was killed.
    #[error("the converter took longer than {seconds} seconds")]
    Timeout {
        /// How long it could take.
        seconds: u64,
    },
    /// Nobody wants it any more.
    #[error("the conversion was cancelled")]
    Cancelled,
    /// The interpreter cannot be started.
    #[error("{interpreter:?} cannot be started: {source}")]
    Start {
        /// The interpreter.
        interpreter: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process cannot be waited for.
    #[error("the converter cannot be waited for: {0}")]
    Wait(io::Error),
    /// The converter's packages are not there.
    #[error("the converter's packages are not in {path:?}")]
    Overlay {
        /// Where they should be.
        path: PathBuf,
    },
    /// The converter's packages do not load in this interpreter.
    #[error("the converter's packages do not load: {reason}")]
    OverlayBroken {
        /// What Python said.
        reason: String,
    },
    /// The system has no walls to open a pickle in.
    #[error("not sandboxed: {reason}")]
    NotSandboxed {
        /// What is in the way.
        reason: String,
    },
    /// A folder cannot be used.
    #[error("{path:?} cannot be used: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A path that cannot be passed on.
    #[error("the path {path:?} is not text")]
    Name {
        /// The path.
        path: PathBuf,
    },
    /// What it left cannot be read.
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl ConvertError {
    /// A stable kebab-case name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "not-convertible",
            Self::Died { .. } | Self::Wait(_) => "converter-died",
            Self::Timeout { .. } => "converter-timeout",
            Self::Cancelled => "cancelled",
            Self::Start { .. } => "converter-start",
            Self::Overlay { .. } | Self::OverlayBroken { .. } => "converter-overlay",
            Self::NotSandboxed { .. } => "not-sandboxed",
            Self::Folder { .. } | Self::Name { .. } => "folder-unusable",
            Self::Wire(error) => error.code(),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Refused(refused) => refused.hint.clone(),
            Self::Died { .. } | Self::Wait(_) => {
                "Most often memory ran out: a smaller model converts, or raise the limit of the conversion"
                    .to_owned()
            }
            Self::Timeout { .. } => "Fewer or smaller trees convert faster; or raise the limit".to_owned(),
            Self::Cancelled => "Start it again when it is wanted".to_owned(),
            Self::Start { .. } => "Choose another interpreter for this notebook".to_owned(),
            Self::Overlay { .. } => {
                "Connect to the network once, so that the converter can be fetched for this Python".to_owned()
            }
            Self::OverlayBroken { .. } => {
                "Remove Flightdeck's converter folder and import again; it is fetched anew".to_owned()
            }
            Self::NotSandboxed { .. } => {
                "Export the model in a format without code (XGBoost JSON, LightGBM text, ONNX), \
                 or allow opening it without a sandbox if you made the file yourself"
                    .to_owned()
            }
            Self::Folder { .. } => "Check the folder's permissions and the free space".to_owned(),
            Self::Name { .. } => "Move the file to a folder whose name is plain text".to_owned(),
            Self::Wire(error) => error.hint().to_owned(),
        }
    }
}
