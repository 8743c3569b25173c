//! Why a file is not taken, and what to do about it.

use crate::display::display_safe;
use crate::kind::Kind;
use crate::location::LocationFault;
use crate::wire::Malformed;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why a file is not taken. Texts from the file are escaped and cut.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum Refusal {
    #[error("{} could not be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is not a regular file", path.display())]
    NotRegular { path: PathBuf },
    #[error("the file has {bytes} bytes; at most {limit} are read")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("this is {kind}, not a model")]
    NotAModel { kind: Kind },
    #[error("this is not an ONNX model, or it is damaged: at byte {at}, {problem}")]
    Malformed { at: usize, problem: &'static str },
    #[error("the file has no graph: it is cut short, or not an ONNX model")]
    NoGraph,
    #[error(
        "the file holds more than one model, or a part that may stand only once stands twice (at byte {at})"
    )]
    Repeated { at: usize },
    #[error("the model has more than {limit} {what}")]
    TooMany { what: &'static str, limit: usize },
    #[error("the model says that its data lies at \"{location}\": {fault}")]
    Location { location: String, fault: LocationFault },
    #[error("the model keeps data in \"{location}\", which is not there")]
    ExternalMissing { location: String },
    #[error("the model keeps data in \"{location}\", which is a link")]
    ExternalLink { location: String },
    #[error("the model keeps data in \"{location}\", which is not a regular file")]
    ExternalNotRegular { location: String },
    #[error("tensor \"{tensor}\" wants {length} bytes at {offset} of \"{location}\", which has {size} bytes")]
    ExternalRange { tensor: String, location: String, offset: String, length: String, size: u64 },
    #[error("tensor \"{tensor}\" describes its data file with an unknown or repeated word \"{key}\"")]
    ExternalKey { tensor: String, key: String },
    #[error("tensor \"{tensor}\" has an impossible shape")]
    TensorShape { tensor: String },
    #[error("tensor \"{tensor}\" has a type that is not known: {data_type}")]
    TensorType { tensor: String, data_type: i64 },
    #[error(
        "tensor \"{tensor}\" has {found} values or bytes of data where its shape and type say {expected}"
    )]
    TensorSize { tensor: String, expected: u64, found: u64 },
    #[error("the operator {operator} makes {elements} values of nothing; a model may make {limit}")]
    Growth { operator: String, elements: u64, limit: u64 },
}

impl Refusal {
    pub(crate) fn too_large(operator: &str, elements: u64, limit: u64) -> Self {
        Self::Growth { operator: display_safe(operator, 80), elements, limit }
    }

    /// A stable kebab-case name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "file-unreadable",
            Self::NotRegular { .. } => "not-a-regular-file",
            Self::TooLarge { .. } | Self::TooMany { .. } => "model-too-large",
            Self::NotAModel { .. } => "not-a-model",
            Self::Malformed { .. } | Self::NoGraph => "malformed-model",
            Self::Repeated { .. } => "two-models",
            Self::Location { .. } => "path-escape",
            Self::ExternalMissing { .. } => "external-data-missing",
            Self::ExternalLink { .. } => "external-data-link",
            Self::ExternalNotRegular { .. } => "external-data-not-regular",
            Self::ExternalRange { .. } | Self::ExternalKey { .. } => "external-data-range",
            Self::TensorShape { .. } | Self::TensorType { .. } | Self::TensorSize { .. } => "bad-tensor",
            Self::Growth { .. } => "resource-limit",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "Check that the file is still there and that you may read it.",
            Self::NotRegular { .. } => "Choose the model file itself, not a folder or a device.",
            Self::TooLarge { .. } => {
                "Save the model with external data: onnx.save(model, path, save_as_external_data=True)."
            }
            Self::NotAModel { kind } => kind.hint(),
            Self::Malformed { .. } | Self::NoGraph | Self::Repeated { .. } => {
                "Export or copy the model again; onnx.checker.check_model tells more about it."
            }
            Self::TooMany { .. } | Self::Growth { .. } => {
                "No ordinary model is like this; check where the file comes from."
            }
            Self::Location { .. } | Self::ExternalLink { .. } | Self::ExternalNotRegular { .. } => {
                "Put the data file beside the model as an ordinary file, or save the model as one file. If the model is not yours, do not trust it."
            }
            Self::ExternalMissing { .. } => "Put the data file beside the model: both belong together.",
            Self::ExternalRange { .. } | Self::ExternalKey { .. } => {
                "The data file does not belong to this model or is cut short: copy or export both again."
            }
            Self::TensorShape { .. } | Self::TensorType { .. } | Self::TensorSize { .. } => {
                "The model is damaged: export it again. If it is not yours, do not trust it."
            }
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(Malformed { at, problem }: Malformed) -> Self {
        Self::Malformed { at, problem }
    }
}
