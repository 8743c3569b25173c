//! What goes wrong with ONNX Runtime, told apart by its words where it has no codes.

use crate::MissingPart;
use ort::session::builder::SessionBuilder;
use thiserror::Error;

/// What goes wrong with ONNX Runtime.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// The library is not there.
    #[error(transparent)]
    Missing(#[from] MissingPart),
    /// The library is there and cannot be used.
    #[error("ONNX Runtime cannot be loaded: {0}")]
    Library(String),
    /// The model cannot be loaded.
    #[error("the model cannot be loaded: {0}")]
    Load(String),
    /// The model works on texts by the rules of a language that the system does not have.
    #[error("this system lacks the locale that the model's texts need: {0}")]
    Locale(String),
    /// There is not enough memory for it.
    #[error("there is not enough memory for the model: {0}")]
    Memory(String),
    /// An input or output is of a kind that cannot be carried.
    #[error("\"{name}\" is {kind}, which is not served")]
    Unsupported {
        /// The input or output.
        name: String,
        /// What it is.
        kind: String,
    },
    /// The inputs are not the model's.
    #[error("{0}")]
    Inputs(String),
    /// A run failed.
    #[error("the model failed: {0}")]
    Run(String),
}

impl RuntimeError {
    /// A stable kebab-case name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::Library(_) => "installation-incomplete",
            Self::Load(_) | Self::Locale(_) => "model-load",
            Self::Memory(_) => "memory-limit",
            Self::Unsupported { .. } => "unsupported-type",
            Self::Inputs(_) => "inputs",
            Self::Run(_) => "model-run",
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Missing(missing) => missing.hint(),
            Self::Library(_) => "Install Flightdeck again, or run `cargo xtask setup` in a source folder",
            Self::Load(_) => "Export the model again with a current version of its library.",
            Self::Locale(_) => {
                "Install the locale en_US.UTF-8; on Debian and Ubuntu it is in the package locales-all."
            }
            Self::Memory(_) => "Use a smaller model, or give the worker more memory.",
            Self::Unsupported { .. } => "Export the model with tensors of numbers or texts only.",
            Self::Inputs(_) => "Compare the inputs with the model's signature.",
            Self::Run(_) => "Check that the values are of the kind that the model was trained on.",
        }
    }

    /// ONNX Runtime has no codes of its own for memory or a locale that it did not get; it has these words.
    pub(crate) fn of(error: &ort::Error, other: fn(String) -> Self) -> Self {
        let message = error.to_string();
        let memory = ["bad_alloc", "bad allocation", "Failed to allocate memory"];
        if memory.iter().any(|words| message.contains(words)) {
            Self::Memory(message)
        } else if message.contains("Failed to construct locale") {
            Self::Locale(message)
        } else {
            other(message)
        }
    }
}

/// A setting that this ONNX Runtime does not take.
impl From<ort::Error<SessionBuilder>> for RuntimeError {
    fn from(error: ort::Error<SessionBuilder>) -> Self {
        Self::Load(error.to_string())
    }
}
