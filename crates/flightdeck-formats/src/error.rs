//! Why a file cannot be looked at, and what to do about it.

use crate::archive::ArchiveError;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a file or folder cannot be looked at. Texts from files are escaped and cut.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum FormatError {
    #[error("{} could not be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is neither a regular file nor a folder", path.display())]
    NotRegular { path: PathBuf },
    #[error("{} holds more than {limit} files", path.display())]
    TooManyFiles { path: PathBuf, limit: usize },
    #[error("the archive is not taken: {0}")]
    Archive(#[from] ArchiveError),
    #[error("the archive holds no ONNX model; it holds {held}")]
    NoModelInside { held: String },
    #[error("the archive holds {} ONNX models: {}", names.len(), crate::text::some_of(names))]
    ManyModelsInside { names: Vec<String> },
    #[error("the NumPy header is not one: {problem}")]
    NumpyHeader { problem: &'static str },
    #[error("MLmodel, line {line}: {problem}")]
    MlmodelLine { line: usize, problem: &'static str },
    #[error("MLmodel names \"{name}\" as the model, which {problem}")]
    MlmodelPath { name: String, problem: &'static str },
    #[error("{name} has {bytes} bytes; at most {limit} are read")]
    TooLarge { name: String, bytes: u64, limit: u64 },
}

impl FormatError {
    /// A stable kebab-case name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::NotRegular { .. } => "not-regular",
            Self::TooManyFiles { .. } => "too-many-files",
            Self::Archive(error) => error.code(),
            Self::NoModelInside { .. } => "no-model-inside",
            Self::ManyModelsInside { .. } => "many-models-inside",
            Self::NumpyHeader { .. } => "numpy-header",
            Self::MlmodelLine { .. } => "mlmodel-malformed",
            Self::MlmodelPath { .. } => "mlmodel-path",
            Self::TooLarge { .. } => "too-large",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "Check that the file is there and that you may read it.",
            Self::NotRegular { .. } => "Copy the file's content to an ordinary file and import that.",
            Self::TooManyFiles { .. } => "Choose the model's own folder, not one above it.",
            Self::Archive(error) => error.hint(),
            Self::NoModelInside { .. } => "Unpack it and import the model itself.",
            Self::ManyModelsInside { .. } => "Unpack it and import the one that you mean.",
            Self::NumpyHeader { .. } => "Save the array again with numpy.save.",
            Self::MlmodelLine { .. } | Self::MlmodelPath { .. } => {
                "Save the model again with MLflow, or import the model file of that folder."
            }
            Self::TooLarge { .. } => "Check that this is the file that you mean.",
        }
    }

    pub(crate) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Unreadable { path, source }
    }
}
