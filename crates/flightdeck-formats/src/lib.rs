//! Model files by their content: what a file is, what it carries, and what can be done with it. Nothing of a file is
//! ever executed here, and nothing is converted.
//!
//! [`recognise`] answers for a file or folder, [`model_in_zip`] unpacks the one ONNX model of an archive, and
//! [`mlflow::registry`] fetches a model's folder from a tracking server.

#![expect(clippy::doc_markdown, reason = "the names of libraries and formats are words of this room")]

mod advice;
pub mod archive;
mod boosters;
mod error;
mod folder;
mod keras;
mod kind;
mod limits;
mod look;
pub mod mlflow;
mod numpy;
mod onnx_look;
mod packed;
pub mod pickle;
mod recognise;
mod recognised;
mod saved;
mod text;
mod text_look;
mod zipped;

pub use error::FormatError;
pub use keras::KerasFacts;
pub use kind::Kind;
pub use limits::Limits;
pub use pickle::PickleScan;
pub use recognise::recognise;
pub use recognised::{Detail, Format, How, Need, Recognised, VersionRule};
pub use zipped::model_in_zip;
