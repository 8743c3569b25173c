//! `convert.json`: which variant came out, how columns reach its inputs, and what its outputs mean.

use flightdeck_core::{DataType, Finding, OutputRole, Task};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole document.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Conversion {
    /// Its version; 1.
    pub schema: u32,
    /// The candidate that was converted.
    #[serde(default)]
    pub candidate: String,
    /// What each variant gave, in the order they were tried.
    #[serde(default)]
    pub ladder: Vec<Rung>,
    /// How each column reaches the model.
    #[serde(default)]
    pub inputs: Vec<InputMap>,
    /// What the outputs mean, in the model's order.
    #[serde(default)]
    pub outputs: Vec<OutputMap>,
    /// The main operator set.
    #[serde(default)]
    pub opset: u32,
    /// Other operator sets.
    #[serde(default)]
    pub domains: Vec<String>,
    /// What kind of answer the model gives.
    #[serde(default = "other")]
    pub task: Task,
    /// What converted.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    /// What a person should look at.
    #[serde(default)]
    pub warnings: Vec<Finding>,
    /// Why nothing was tried.
    #[serde(default)]
    pub refused: Option<Refused>,
}

/// A variant of the conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub enum Variant {
    /// Double precision, cast to single directly before the last step.
    A,
    /// Single precision throughout.
    B,
    /// Double precision throughout.
    C,
    /// The library's own conversion.
    #[serde(rename = "native")]
    Native,
    /// An ONNX file that was there already.
    #[serde(rename = "as-is")]
    AsIs,
}

impl Variant {
    /// As it stands in documents and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::Native => "native",
            Self::AsIs => "as-is",
        }
    }
}

/// What a variant gave.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Rung {
    /// Which.
    pub variant: Variant,
    /// Whether a file came out; whether it is right is for parity to say.
    pub ok: bool,
    /// The file, relative to the folder.
    #[serde(default)]
    pub file: Option<String>,
    /// Why none came out.
    #[serde(default)]
    pub error: Option<String>,
}

/// How a column reaches the model.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct InputMap {
    /// The column's own name.
    pub column: String,
    /// Its position in the table.
    pub position: usize,
    /// The tensor's name.
    pub input: String,
    /// Its place along the tensor's last axis.
    pub index: usize,
    /// The tensor's element type.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// The text that stands for a missing value.
    #[serde(default)]
    pub missing_token: Option<String>,
    /// What happens to an unknown category, when it is known.
    #[serde(default)]
    pub unknown: Option<Treatment>,
    /// Whether it is counted as numbers or as values.
    pub kind: flightdeck_core::ColumnKind,
}

/// What happens to an unknown category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Treatment {
    Accepted,
    Refused,
}

/// What an output means.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct OutputMap {
    /// The tensor's name.
    pub name: String,
    /// Its meaning.
    pub role: OutputRole,
    /// Class names in the order of the scores.
    #[serde(default)]
    pub classes: Vec<String>,
}

/// A step that has no ONNX form.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Refused {
    /// The step's class.
    pub step: String,
    /// Why.
    pub reason: String,
    /// What to do instead.
    pub hint: String,
}

impl Conversion {
    /// The last variant that came out, and its file.
    pub fn made(&self) -> Option<(Variant, &str)> {
        self.ladder
            .iter()
            .rev()
            .find_map(|rung| Some((rung.variant, rung.file.as_deref().filter(|_| rung.ok)?)))
    }
}

const fn other() -> Task {
    Task::Other
}
