//! Models, versions and what is known of them.

use super::import::ParityView;
use super::notebook::{DifferenceView, OriginView, WatchView};
use flightdeck_core::{ColumnKind, Digest, Finding, Name, Signature, Task, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A model of the library with its versions, newest first.
#[derive(Clone, Debug, Serialize, TS)]
pub struct ModelView {
    /// The model's name.
    pub model: Name,
    /// Its versions, newest first.
    pub versions: Vec<VersionRow>,
}

/// One version in a list.
#[derive(Clone, Debug, Serialize, TS)]
pub struct VersionRow {
    /// Its number within the model, from 1.
    pub version: u32,
    /// Its identity: the package's root digest.
    pub digest: Digest,
    /// When it was imported into this library.
    pub imported_at: Timestamp,
    /// The name of the file it came from.
    pub from: String,
    /// What kind of answer it gives.
    pub task: Task,
    /// How it stands.
    pub state: VersionState,
    /// A few words on what it is: `logistic regression, 9 columns`.
    pub kind: String,
    /// Size of the package in bytes.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Latency of one row on this computer, 99th percentile in microseconds, when it was measured.
    pub p99_us: Option<f64>,
    /// Endpoints it answers at.
    pub endpoints: Vec<Name>,
    /// How many findings it has that are more than information.
    pub warnings: u32,
}

/// How a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// It can be deployed.
    Ready,
    /// A finding keeps it from being deployed.
    Blocked,
    /// It answers at an endpoint, and nothing is open.
    Serving,
    /// It answers at an endpoint with an open alert.
    Drifting,
}

/// Everything about one version.
#[derive(Clone, Debug, Serialize, TS)]
pub struct ShowView {
    /// The model's name.
    pub model: Name,
    /// The version's row as in the list.
    #[serde(flatten)]
    pub row: VersionRow,
    /// The folder of its package.
    pub path: String,
    /// Inputs and outputs.
    pub signature: Signature,
    /// What should be looked at.
    pub findings: Vec<Finding>,
    /// The newest profile on this computer.
    pub profile: Option<ProfileView>,
    /// The comparison with the original model.
    pub parity: Option<ParityView>,
    /// Where it comes from, for a notebook or another program's model.
    pub origin: Option<Box<OriginView>>,
    /// What is different from the version before, when both come from a notebook.
    pub difference: Option<Box<DifferenceView>>,
    /// Whether changes of its file become versions.
    pub watch: Option<WatchView>,
    /// The files it comes from.
    pub lineage: Vec<LineageRow>,
    /// Its golden rows.
    pub golden: Option<GoldenView>,
    /// The data it was trained on, as counts.
    pub baseline: Option<BaselineView>,
    /// What the file itself says.
    pub facts: FactsView,
    /// All versions of the model, newest first.
    pub versions: Vec<VersionRow>,
}

/// A file that a version comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LineageRow {
    /// The file's name.
    pub path: String,
    /// Its digest.
    pub sha256: Digest,
    /// What it was: `model`, `external-data`, `baseline`, `notebook`, `training-data`, `file-read`.
    pub role: String,
}

/// The golden rows of a version.
#[derive(Clone, Debug, Serialize, TS)]
pub struct GoldenView {
    /// The file in the package.
    pub file: String,
    /// How many rows it has.
    pub rows: usize,
}

/// The baseline of a version.
#[derive(Clone, Debug, Serialize, TS)]
pub struct BaselineView {
    /// Rows it was counted from.
    #[ts(type = "number")]
    pub rows: u64,
    /// Its columns.
    pub columns: Vec<BaselineColumnView>,
    /// First and last row time, when the rows are in time order.
    pub period: Option<[Timestamp; 2]>,
}

/// One column of a baseline.
#[derive(Clone, Debug, Serialize, TS)]
pub struct BaselineColumnView {
    /// The column's name.
    pub name: String,
    /// How it is counted.
    pub kind: ColumnKind,
    /// Missing values.
    #[ts(type = "number")]
    pub nulls: u64,
    /// `-3.2 to 81, median 36` or `16 values, most often UA`.
    pub summary: String,
}

/// What the model file says of itself.
#[derive(Clone, Debug, Serialize, TS)]
pub struct FactsView {
    /// The program that wrote it.
    pub producer: String,
    /// Operator sets, as `ai.onnx 17`.
    pub opsets: Vec<String>,
    /// Operators with how often each stands in the graph, most frequent first.
    #[ts(type = "[string, number][]")]
    pub operators: Vec<(String, u64)>,
    /// Number of parameters.
    #[ts(type = "number")]
    pub parameters: u64,
    /// Metadata of the file.
    pub metadata: Vec<(String, String)>,
}

/// What a version costs on this computer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ProfileView {
    /// The model's name.
    pub model: Name,
    /// The version's number.
    pub version: u32,
    /// The machine it was measured on.
    pub machine: String,
    /// When.
    pub measured_at: Timestamp,
    /// Time to load the model, in milliseconds.
    pub load_ms: f64,
    /// Latency by batch size, in microseconds.
    pub latency_us: Vec<BatchLatency>,
    /// Rows per second at the best of the measured batch sizes.
    pub rows_per_s: f64,
    /// Most memory the process held, in bytes.
    #[ts(type = "number")]
    pub peak_bytes: u64,
    /// Number of parameters.
    #[ts(type = "number")]
    pub parameters: u64,
    /// Floating-point operations for one row, where they can be counted.
    #[ts(type = "number | null")]
    pub flops: Option<u64>,
    /// Where the time of a run goes, most expensive operator first.
    #[serde(default)]
    pub operators: Vec<OperatorShare>,
    /// Size of the package in bytes.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// What one type of operator costs in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct OperatorShare {
    /// The operator's type.
    pub operator: String,
    /// How many there are.
    #[ts(type = "number")]
    pub count: u64,
    /// Rows per run.
    pub batch: u32,
    /// Time in one run, all of its kind together, in microseconds.
    pub us: f64,
    /// Share of the run, 0 to 1.
    pub share: f64,
}

/// Latency of one run at one batch size, in microseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct BatchLatency {
    /// Rows per run.
    pub batch: u32,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
}
