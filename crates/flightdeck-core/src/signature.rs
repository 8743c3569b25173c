//! What a model takes and gives.

use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;

/// Inputs and outputs of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// What kind of answer it gives.
    pub task: Task,
    /// Its inputs, in the model's order.
    pub inputs: Vec<Input>,
    /// Its outputs, in the model's order.
    pub outputs: Vec<Output>,
}

/// What kind of answer a model gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of two classes.
    Binary,
    /// One of more than two classes.
    Multiclass,
    /// A number.
    Regression,
    /// Whether a row is unusual.
    Anomaly,
    /// Something else.
    Other,
}

/// An input tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The tensor's name.
    pub name: String,
    /// Its element type.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// Its shape; -1 where the model leaves the size free.
    #[ts(type = "number[]")]
    pub shape: Vec<i64>,
    /// Which axis counts rows; `null` when rows cannot be batched.
    pub batch_axis: Option<usize>,
    /// The columns it is filled from: one for a tensor of shape `[N, 1]`, many for a matrix.
    pub columns: Vec<Column>,
}

/// A column of the table that a person has, and its place in an input tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// Its position along the tensor's last axis.
    pub index: usize,
    /// Whether it is counted as numbers or as values.
    pub kind: ColumnKind,
    /// What stands for a missing value: NaN, a number or a text; `null` when the model takes none.
    pub missing: Option<String>,
    /// What happens to a category that was not seen in training.
    pub unknown: Unknown,
}

/// Whether a column is counted on edges or by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Numbers, counted between edges.
    Numeric,
    /// Values, counted one by one.
    Categorical,
}

/// What a model does with a category that was not seen in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// It answers; the value is treated as none of the known ones.
    Accepted,
    /// It fails.
    Refused,
    /// The file does not tell.
    Unstated,
}

/// An output tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The tensor's name.
    pub name: String,
    /// Its element type.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// Its shape; -1 where the model leaves the size free.
    #[ts(type = "number[]")]
    pub shape: Vec<i64>,
    /// What it means.
    pub role: OutputRole,
    /// Class names in the order of the scores; empty when there are none.
    #[serde(default)]
    pub classes: Vec<String>,
}

/// What an output means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum OutputRole {
    /// The predicted class.
    Label,
    /// A score for each class.
    Scores,
    /// The predicted number.
    Value,
    /// Something else.
    Other,
}

/// Element types, under the names of the Open Inference Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DataType {
    Bool,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Int8,
    Int16,
    Int32,
    Int64,
    Fp16,
    Bf16,
    Fp32,
    Fp64,
    Bytes,
}

impl DataType {
    /// The protocol's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Uint8 => "UINT8",
            Self::Uint16 => "UINT16",
            Self::Uint32 => "UINT32",
            Self::Uint64 => "UINT64",
            Self::Int8 => "INT8",
            Self::Int16 => "INT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Fp16 => "FP16",
            Self::Bf16 => "BF16",
            Self::Fp32 => "FP32",
            Self::Fp64 => "FP64",
            Self::Bytes => "BYTES",
        }
    }

    /// Bytes per element; `None` for texts.
    pub const fn size_bytes(self) -> Option<usize> {
        Some(match self {
            Self::Bool | Self::Uint8 | Self::Int8 => 1,
            Self::Uint16 | Self::Int16 | Self::Fp16 | Self::Bf16 => 2,
            Self::Uint32 | Self::Int32 | Self::Fp32 => 4,
            Self::Uint64 | Self::Int64 | Self::Fp64 => 8,
            Self::Bytes => return None,
        })
    }

    /// Whether it can hold NaN, which stands for a missing value.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::Fp16 | Self::Bf16 | Self::Fp32 | Self::Fp64)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Signature {
    /// All columns with the input they belong to, in the order of the inputs.
    pub fn columns(&self) -> impl Iterator<Item = (&Input, &Column)> {
        self.inputs.iter().flat_map(|input| input.columns.iter().map(move |column| (input, column)))
    }

    /// The output with this role, if there is one.
    pub fn output(&self, role: OutputRole) -> Option<&Output> {
        self.outputs.iter().find(|output| output.role == role)
    }

    /// Class names in the order of the scores, from whichever output states them.
    pub fn classes(&self) -> &[String] {
        self.outputs
            .iter()
            .map(|output| output.classes.as_slice())
            .find(|classes| !classes.is_empty())
            .unwrap_or(&[])
    }
}
