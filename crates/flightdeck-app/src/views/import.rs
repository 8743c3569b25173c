//! What files would become, and what they became.

use super::notebook::{NotebookPlan, OriginView};
use flightdeck_core::{ColumnKind, Digest, Finding, Name, OutputRole, Signature, Task};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a file would become, before it is imported: shown, and corrected where needed.
#[derive(Clone, Debug, Serialize, TS)]
pub struct ImportPlan {
    /// The model file's name.
    pub file: String,
    /// The proposed name of the model.
    pub name: Name,
    /// The proposed signature: task, roles, columns; known after the run for a notebook.
    pub signature: Option<Signature>,
    /// What running it takes, when it is a notebook.
    pub notebook: Option<NotebookPlan>,
    /// Why a person must agree before this file is opened: it can carry code.
    pub consent: Option<String>,
    /// The baseline file's name and what was found in it.
    pub baseline: Option<BaselinePlan>,
    /// What should be looked at.
    pub findings: Vec<Finding>,
    /// The version with the same bytes, when it was imported before.
    pub already: Option<u32>,
}

/// What was found in a baseline file.
#[derive(Clone, Debug, Serialize, TS)]
pub struct BaselinePlan {
    /// The file's name.
    pub file: String,
    /// Its rows.
    #[ts(type = "number")]
    pub rows: u64,
    /// The column that the rows are ordered by in time, if there is one.
    pub time_column: Option<String>,
    /// Columns of the file and the model's column each belongs to.
    pub columns: Vec<MatchedColumn>,
}

/// A column of a baseline file.
#[derive(Clone, Debug, Serialize, TS)]
pub struct MatchedColumn {
    /// Its name in the file.
    pub name: String,
    /// What was inferred from its values: `number`, `text` or `time`.
    pub found: String,
    /// The model's column it belongs to.
    pub column: Option<String>,
    /// How it will be counted.
    pub kind: ColumnKind,
    /// Missing values.
    #[ts(type = "number")]
    pub nulls: u64,
    /// A few of its values.
    pub examples: Vec<String>,
}

/// Corrections to what was proposed; what is absent stays as proposed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(optional_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a consent of its own, and a field of a JSON document"
)]
pub struct Corrections {
    /// The model's name.
    pub name: Option<Name>,
    /// What kind of answer it gives.
    pub task: Option<Task>,
    /// Roles of outputs, by output name.
    pub roles: Vec<(String, OutputRole)>,
    /// How columns are counted, by column name.
    pub kinds: Vec<(String, ColumnKind)>,
    /// The interpreter that runs a notebook.
    pub python: Option<String>,
    /// The variable that holds the model.
    pub pick: Option<String>,
    /// Run only the cells that the model needs.
    pub only_needed: bool,
    /// Let the notebook use the network this once.
    pub network: bool,
    /// Where files that a notebook misses are: the path as the cell writes it, and the file.
    pub files: Vec<(String, String)>,
    /// Build an environment for the notebook when none has what it imports.
    pub build_environment: bool,
    /// Open a file that can carry code, in the sandbox.
    pub consent: bool,
    /// Run although a package or a file seems to be missing: perhaps the cell can do without.
    pub run_anyway: bool,
    /// Take data of an open notebook whose columns match as the data that the model was fitted on.
    pub accept_data: bool,
    /// Leave out corrections that no longer fit, instead of refusing.
    #[serde(skip)]
    #[ts(skip)]
    pub lenient: bool,
}

/// What an import made.
#[derive(Clone, Debug, Serialize, TS)]
pub struct ImportView {
    /// The model's name.
    pub model: Name,
    /// The version's number.
    pub version: u32,
    /// The version's identity.
    pub digest: Digest,
    /// Whether these bytes were a version before.
    pub already: bool,
    /// Inputs and outputs.
    pub signature: Signature,
    /// The comparison with the original model; `null` for a file without one.
    pub parity: Option<ParityView>,
    /// What should be looked at.
    pub findings: Vec<Finding>,
    /// Where it came from, for a notebook or another program's model.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub origin: Option<Box<OriginView>>,
}

/// A comparison with the original model, on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ParityView {
    /// Rows compared.
    #[ts(type = "number")]
    pub rows: u64,
    /// Rows that differ by more than the tolerance.
    #[ts(type = "number")]
    pub beyond: u64,
    /// The largest difference.
    pub max_abs: Option<f64>,
    /// `equal`, `close` (a few rows beyond the tolerance, each by little) or `different`.
    pub verdict: String,
    /// What was compared: `label and 2 scores`.
    #[serde(default)]
    pub compared: String,
    /// The rows that differ most, largest first.
    #[serde(default)]
    pub worst: Vec<ParityRow>,
}

/// A row of a comparison with the original model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ParityRow {
    /// The row's values, by column: for this computer only.
    pub values: Vec<(String, String)>,
    /// What the original answered.
    pub original: String,
    /// What the converted model answered.
    pub converted: String,
    /// The difference, where there is a number for it.
    pub difference: Option<f64>,
}
