//! Why a model cannot be fetched from a registry.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

use crate::archive::ArchiveError;

/// Why a model cannot be fetched. Texts from the server are escaped and cut; addresses carry no credentials.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum RegistryError {
    #[error("\"{address}\" is not the address of a tracking server: {problem}")]
    Address { address: String, problem: &'static str },
    #[error("\"{reference}\" does not name a version of a registered model")]
    Reference { reference: String },
    #[error("{server} cannot be reached: {problem}")]
    Unreachable { server: String, problem: String },
    #[error("{server} did not answer within {seconds} seconds")]
    Silent { server: String, seconds: u64 },
    #[error("{server} wants to know who asks (status {status})")]
    Denied { server: String, status: u16 },
    #[error("there is no {what} on {server}")]
    NotFound { server: String, what: String },
    #[error("{server} sends on to {location}, which is not followed")]
    Redirect { server: String, location: String },
    #[error("{server} answered with status {status}: {message}")]
    Status { server: String, status: u16, message: String },
    #[error("the answer of {server} is not one of MLflow: {problem}")]
    Answer { server: String, problem: &'static str },
    #[error("the model's files lie at {location}, not on the tracking server")]
    Elsewhere { location: String },
    #[error("version {version} of {model} is not ready ({status})")]
    NotReady { model: String, version: String, status: String },
    #[error("the model has more than {limit} files, or folders too deep")]
    TooMany { limit: usize },
    #[error("the model has more than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("\"{name}\" should have {expected} bytes and came with {found}")]
    Size { name: String, expected: u64, found: u64 },
    #[error("a file of the model is not taken: {0}")]
    Name(ArchiveError),
    #[error("{} could not be written: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("the download was stopped")]
    Cancelled,
}

impl RegistryError {
    /// A stable kebab-case name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "registry-address",
            Self::Reference { .. } => "registry-reference",
            Self::Unreachable { .. } => "registry-unreachable",
            Self::Silent { .. } => "registry-silent",
            Self::Denied { .. } => "registry-denied",
            Self::NotFound { .. } => "registry-not-found",
            Self::Redirect { .. } => "registry-redirect",
            Self::Status { .. } => "registry-status",
            Self::Answer { .. } => "registry-answer",
            Self::Elsewhere { .. } => "registry-elsewhere",
            Self::NotReady { .. } => "registry-not-ready",
            Self::TooMany { .. } => "registry-too-many",
            Self::TooLarge { .. } => "registry-too-large",
            Self::Size { .. } => "registry-size",
            Self::Name(error) => error.code(),
            Self::Unwritable { source, .. } if source.kind() == io::ErrorKind::StorageFull => "disk-full",
            Self::Unwritable { .. } => "unwritable",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address { .. } => {
                "Give the server's address as in a browser, such as https://mlflow.example.com."
            }
            Self::Reference { .. } => "Write models:/name@alias or models:/name/3.",
            Self::Unreachable { .. } | Self::Silent { .. } => {
                "Check the address, and that this computer reaches it."
            }
            Self::Denied { .. } => "Give a user name and password, or a token, that may read the model.",
            Self::NotFound { .. } => "Look up the model's name and its alias or version in MLflow.",
            Self::Redirect { .. } => "Give the address that it sends on to, if you trust it.",
            Self::Status { .. } | Self::Answer { .. } => {
                "Check that this is an MLflow tracking server, version 2 or 3."
            }
            Self::Elsewhere { .. } => {
                "Start the server with --serve-artifacts, or download the model with `mlflow artifacts download` and import the folder."
            }
            Self::NotReady { .. } => "Wait until MLflow shows it as ready.",
            Self::TooMany { .. } | Self::TooLarge { .. } => {
                "Download it with `mlflow artifacts download` and import the model file."
            }
            Self::Size { .. } => "Download it again.",
            Self::Name(error) => error.hint(),
            Self::Unwritable { .. } => "Check the free space and the permissions; nothing was kept.",
            Self::Cancelled => "Import it again when you want to.",
        }
    }
}
