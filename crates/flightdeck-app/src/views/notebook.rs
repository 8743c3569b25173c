//! Notebooks: what one would need to run, how it runs, what it left, and notebooks that are open now.

use flightdeck_core::{Digest, Finding, Name, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What running a notebook takes, found before anything runs.
#[derive(Clone, Debug, Serialize, TS)]
pub struct NotebookPlan {
    /// Its cells in order.
    pub cells: Vec<CellView>,
    /// Interpreters that could run it, best first.
    pub environments: Vec<EnvironmentView>,
    /// Packages that its imports name and the chosen environment lacks.
    pub missing_packages: Vec<MissingPackage>,
    /// Files that its cells open and that are not there.
    pub missing_files: Vec<MissingFileView>,
    /// Positions of the cells that the model needs, when that is fewer than all.
    pub needed: Option<Vec<u32>>,
    /// Addresses that its cells read from.
    pub addresses: Vec<String>,
    /// Whether a network can be kept away from it here; if not, why.
    pub network_blocked: Option<bool>,
    /// Whether it can start as it is: an environment, and nothing missing.
    pub ready: bool,
}

/// An interpreter that could run a notebook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct EnvironmentView {
    /// The interpreter's path: what `--python` takes.
    pub interpreter: String,
    /// Why it is offered: "`.venv` beside the notebook".
    pub label: String,
    /// Python's version, once it was asked: `3.11.7`.
    pub python: Option<String>,
    /// Versions of the packages that matter for a model, once it was asked: `scikit-learn 1.9.1`.
    pub packages: Vec<String>,
    /// Whether it is the one that will be used.
    pub chosen: bool,
    /// What is wrong with it, if something is.
    pub problem: Option<String>,
}

/// A package that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct MissingPackage {
    /// The module as the cell imports it.
    pub module: String,
    /// The distribution to install.
    pub distribution: String,
    /// The number of the code cell that imports it, from 1.
    pub cell: u32,
}

/// A file that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct MissingFileView {
    /// The path as the cell writes it.
    pub path: String,
    /// The number of the code cell that opens it, from 1.
    pub cell: u32,
    /// Files of that name that were found elsewhere, nearest first.
    pub found: Vec<String>,
}

/// A cell of a notebook, before and while it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct CellView {
    /// Its position in the notebook, from 0.
    pub index: u32,
    /// Its number among the code cells, from 1; none for text.
    pub number: Option<u32>,
    /// Its first line that says something.
    pub title: String,
    /// Its text, cut at 4,000 characters.
    pub source: String,
    /// How it stands.
    pub state: CellState,
    /// How long it ran.
    pub seconds: Option<f64>,
    /// Why it failed, in one line.
    pub error: Option<String>,
}

/// How a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// It is text, not code.
    Text,
    /// It waits.
    Waiting,
    /// It runs.
    Running,
    /// It ran.
    Done,
    /// It failed.
    Failed,
    /// It was left out: by its tag, or because the model does not need it.
    Skipped,
}

/// Something that a cell put out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OutputView {
    /// Text, to be shown as text.
    Text {
        /// `stdout`, `stderr` or `result`.
        stream: String,
        /// What it says; appended to what came before on the same stream.
        text: String,
    },
    /// A picture, decoded and written again by this program.
    Image {
        /// PNG, in base 64.
        png: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Something that is not shown: HTML, scripts, widgets.
    NotShown {
        /// What it is.
        what: String,
    },
    /// The cell cleared its output.
    Cleared,
}

/// A model that a notebook could mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CandidateView {
    /// The variable that holds it: what `--pick` takes.
    pub variable: String,
    /// Its class: `Pipeline: StandardScaler, LogisticRegression`.
    pub class: String,
    /// The number of the code cell that fitted it, from 1.
    pub cell: Option<u32>,
    /// The metric that the notebook computed for it: `accuracy 0.94`.
    pub metric: Option<String>,
}

/// A notebook that is open now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct KernelView {
    /// Its kernel's id.
    pub id: String,
    /// The notebook's name, or the folder it works in.
    pub name: String,
    /// The notebook's file, when the kernel tells.
    pub path: Option<String>,
    /// `idle`, `busy` or `unreachable`.
    pub state: String,
    /// `python`, `R`, `julia`.
    pub language: String,
}

/// Models found in a notebook that is open now.
#[derive(Clone, Debug, Serialize, TS)]
pub struct KernelPlan {
    /// The notebook.
    pub kernel: KernelView,
    /// Fitted models, best first.
    pub candidates: Vec<LiveCandidate>,
}

/// A fitted model in a running kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LiveCandidate {
    /// The variable that holds it.
    pub variable: String,
    /// Its class.
    pub class: String,
    /// Rows of the data it was fitted on.
    #[ts(type = "number | null")]
    pub rows: Option<u64>,
    /// How the data was found: `proved`, `history`, `columns` or `none`.
    pub evidence: String,
    /// The expression that holds its training data.
    pub train: Option<String>,
    /// The expression that holds its target.
    pub target: Option<String>,
}

/// What the import of a notebook, or of another program's model file, left on record. It stays on this computer: the
/// package holds digests only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct OriginView {
    /// `run`, `live` or `file`.
    pub source: String,
    /// The file's path.
    pub path: String,
    /// Digest of the file's bytes.
    pub file_digest: Option<Digest>,
    /// Digest of the code cells in order, without outputs.
    pub code_digest: Option<Digest>,
    /// The code cells, in order.
    pub cells: Vec<CellRecord>,
    /// Whether all cells ran, in order, without a failure.
    pub complete: bool,
    /// The model that was taken.
    pub candidate: Option<CandidateView>,
    /// The steps of the model, first to last, as the notebook made them.
    pub steps: Vec<String>,
    /// Whether steps outside the model were taken in.
    pub folded: bool,
    /// How it was converted: the variant that was equal, and those tried before.
    pub conversion: Vec<ConversionRow>,
    /// Python's version, its place and why it was chosen.
    pub environment: Vec<(String, String)>,
    /// Packages with versions.
    pub packages: Vec<(String, String)>,
    /// The machine it ran on.
    pub machine: Vec<(String, String)>,
    /// Files read and written: name, `read` or `write`, digest where it was taken.
    pub files: Vec<FileRow>,
    /// Seeds that were set.
    pub seeds: Vec<String>,
    /// Shell and magic commands that were not run.
    pub blocked: Vec<String>,
    /// Programs that Python started itself.
    pub children: Vec<String>,
    /// Addresses that were asked for.
    pub network: Vec<String>,
    /// Commit, remote and whether the work tree was clean.
    pub git: Option<GitView>,
    /// Metrics that the notebook computed.
    pub metrics: Vec<MetricRow>,
    /// Where the time went: stage and seconds.
    pub seconds: Vec<(String, f64)>,
}

/// A code cell as it was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct CellRecord {
    /// Its number among the code cells, from 1.
    pub number: u32,
    /// Its first line that says something.
    pub title: String,
    /// Digest of its text.
    pub digest: Digest,
    /// Its text, cut at 20,000 characters; for this computer only.
    #[serde(default)]
    pub source: String,
    /// How it ended.
    pub state: CellState,
    /// How long it ran.
    pub seconds: Option<f64>,
}

/// One attempt at converting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConversionRow {
    /// `double inputs, single-precision last step` and the like.
    pub variant: String,
    /// `equal`, `different`, `failed`.
    pub result: String,
    /// Why it was not taken.
    pub reason: Option<String>,
}

/// A file that a notebook read or wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FileRow {
    /// Its path.
    pub path: String,
    /// `read` or `write`.
    pub mode: String,
    /// Its digest, where it was taken.
    pub sha256: Option<Digest>,
    /// Its size in bytes.
    #[ts(type = "number | null")]
    pub bytes: Option<u64>,
}

/// The state of the work tree that a notebook lies in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GitView {
    /// The commit.
    pub commit: String,
    /// The remote, without credentials.
    pub remote: Option<String>,
    /// Whether something was changed and not committed.
    pub dirty: bool,
}

/// A metric that a notebook computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct MetricRow {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Option<f64>,
    /// Rows it was computed on.
    #[ts(type = "number | null")]
    pub rows: Option<u64>,
    /// `evaluation`, `train` or `unknown`.
    pub on: String,
    /// Whether the model was fitted again afterwards.
    pub before_refit: bool,
}

/// What is different from the version before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, TS)]
pub struct DifferenceView {
    /// The version it is compared with.
    pub previous: u32,
    /// Cells that were added, removed or changed.
    pub cells: Vec<ChangedCell>,
    /// Training rows, before and now.
    #[ts(type = "[number | null, number | null]")]
    pub rows: (Option<u64>, Option<u64>),
    /// Columns of the training data whose distribution moved by more than a little: name, and in words.
    pub data: Vec<(String, String)>,
    /// Metrics: name, before, now.
    pub metrics: Vec<(String, Option<f64>, Option<f64>)>,
    /// Largest difference from the original model, before and now.
    pub parity: (Option<f64>, Option<f64>),
    /// What changed in the signature, in words.
    pub signature: Vec<String>,
    /// Latency of one row, 99th percentile in microseconds, before and now.
    pub p99_us: (Option<f64>, Option<f64>),
    /// Packages: name, before, now.
    pub packages: Vec<(String, Option<String>, Option<String>)>,
}

/// A code cell that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ChangedCell {
    /// `added`, `removed` or `changed`.
    pub change: String,
    /// Its number in the version that has it, from 1.
    pub number: u32,
    /// Its first line that says something.
    pub title: String,
    /// Lines that went, marked `-`, and came, marked `+`, with a few around them; cut at 200 lines.
    pub lines: Vec<String>,
}

/// A file whose changes become versions by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct WatchView {
    /// The model.
    pub model: Name,
    /// The file's path.
    pub path: String,
    /// Whether changes become versions.
    pub on: bool,
    /// Whether a new version is profiled.
    pub profile: bool,
    /// Whether a new version runs as a shadow where the model is deployed.
    pub shadow: bool,
    /// When the file was last taken in.
    pub last: Option<Timestamp>,
    /// What kept the last change from becoming a version.
    pub problem: Option<Finding>,
}
