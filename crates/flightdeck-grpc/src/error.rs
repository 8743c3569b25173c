//! Why the tensors of a message cannot be taken, with the place.

use thiserror::Error;

/// What does not fit together in a message.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum MessageError {
    /// One tensor is wrong.
    #[error("{list}[{place}].{part}: {reason}")]
    Tensor {
        /// `inputs` or `outputs`.
        list: &'static str,
        /// Its place in the list.
        place: usize,
        /// The field that is wrong.
        part: &'static str,
        /// In what way.
        reason: String,
    },
    /// Contents are given raw and typed.
    #[error("inputs[{place}].contents: given although raw_input_contents is, send only one of them")]
    Both {
        /// The first input with both.
        place: usize,
    },
    /// There are not as many raw contents as tensors.
    #[error("{field} has {raw} entries for {tensors} tensors")]
    Count {
        /// The list of raw contents.
        field: &'static str,
        /// Its length.
        raw: usize,
        /// How many tensors there are.
        tensors: usize,
    },
}

impl MessageError {
    /// A stable word for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Tensor { part, .. } => match part.as_bytes() {
                b"shape" => "bad-shape",
                b"datatype" => "bad-datatype",
                _ => "bad-data",
            },
            Self::Both { .. } | Self::Count { .. } => "bad-input",
        }
    }
}
