//! What a client asks of a worker, and what it answers. In JSON tensors are only described; their elements follow it.

use crate::Comparison;
use crate::packed::{self, Carries};
use flightdeck_core::{DataType, Progress, Signature, Tensor};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// What does the model cost here?
    Profile(ProfileRequest),
    /// What does it answer to these inputs?
    Golden(GoldenRequest),
    /// Does the package do here what it did where it came from?
    Preflight(PreflightRequest),
    /// Load a package and keep it.
    Load(LoadRequest),
    /// What does the model answer that was loaded?
    Run(RunRequest),
}

/// Where the model lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelSource {
    /// A package folder.
    Package(PathBuf),
    /// An `.onnx` file.
    File(PathBuf),
}

/// Asks for a measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProfileRequest {
    /// The model.
    pub model: ModelSource,
    /// What it takes; with a package its own signature is used when this is `None`.
    pub signature: Option<Signature>,
    /// Rows per run, each measured by itself.
    pub batches: Vec<usize>,
    /// Input tensors to take rows from.
    pub rows: Sampled,
    /// How long to measure, all batches together, in milliseconds.
    pub budget_ms: u64,
}

/// Where the rows of a measurement come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampled {
    /// These, over and over.
    #[serde(with = "packed")]
    Rows(Vec<Tensor>),
    /// The package's golden rows, or invented ones when it has none.
    Golden,
    /// Invented from the signature.
    Invented,
}

/// Asks for outputs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GoldenRequest {
    /// The model.
    pub model: ModelSource,
    /// All of its inputs.
    #[serde(with = "packed")]
    pub inputs: Vec<Tensor>,
}

/// Asks for a trial before a version is let in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PreflightRequest {
    /// The package folder.
    pub package: PathBuf,
}

/// Asks a worker to keep a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadRequest {
    /// The package folder.
    pub package: PathBuf,
}

/// Asks the model that is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunRequest {
    /// All of its inputs.
    #[serde(with = "packed")]
    pub inputs: Vec<Tensor>,
}

/// A model that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resident {
    /// Time to load it, in milliseconds.
    pub load_ms: f64,
    /// Names and types of its inputs, in the model's order.
    pub inputs: Vec<(String, DataType)>,
}

/// Outputs, and what it took to get them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ran {
    /// All outputs, in the model's order.
    #[serde(with = "packed")]
    pub outputs: Vec<Tensor>,
    /// In the worker.
    pub times: RunTimes,
}

/// What the parts of a run took, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTimes {
    /// Handing the inputs over.
    pub input_ns: u64,
    /// Running the model.
    pub infer_ns: u64,
    /// Taking the outputs.
    pub output_ns: u64,
}

/// One answer. Progress may come any number of times before the last one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// How far it is.
    Progress(Progress),
    /// The measurement.
    Profile(Profile),
    /// The outputs.
    #[serde(with = "packed")]
    Golden(Vec<Tensor>),
    /// The trial.
    Preflight(Preflight),
    /// It is kept.
    Loaded(Resident),
    /// The outputs of the model that is kept.
    Ran(Ran),
    /// It did not work.
    Failed(Failure),
}

/// What a model costs on a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Time to load it, in milliseconds.
    pub load_ms: f64,
    /// Time per run by batch size.
    pub latency_us: Vec<Latency>,
    /// The most rows per second that any of the batch sizes reached.
    pub rows_per_s: f64,
    /// The most memory that the worker ever used, in bytes.
    pub peak_bytes: u64,
    /// How much of that came with the model, in bytes.
    pub model_bytes: u64,
    /// Whether the rows were invented.
    pub invented_rows: bool,
    /// Where the time goes, for one row and for the largest batch, the most expensive operators first. Measured by ONNX
    /// Runtime in runs of their own, which are slower than those of `latency_us`; empty where there is no trace, and in
    /// profiles taken before it was measured.
    #[serde(default)]
    pub operators: Vec<OperatorTime>,
}

/// What an operator takes of a run, all of its nodes together. Operators are those that ONNX Runtime runs: what it put
/// together goes by the name of the whole, such as `FusedConv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorTime {
    /// Rows per run.
    pub batch: usize,
    /// Its name.
    pub operator: String,
    /// Its share of the time of all operators, 0 to 1.
    pub share: f64,
    /// Mean time in a run, in microseconds.
    pub us_per_run: f64,
    /// How often it is run in a run.
    pub count: u64,
}

/// Time per run, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Rows per run.
    pub batch: usize,
    /// Median.
    pub p50: f64,
    /// Nine of ten runs are faster.
    pub p90: f64,
    /// Ninety-nine of a hundred runs are faster.
    pub p99: f64,
}

/// What a trial found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preflight {
    /// Time to load it, in milliseconds.
    pub load_ms: f64,
    /// Time of one single-row run once warm, in microseconds; `None` when there was nothing to run.
    pub run_us: Option<f64>,
    /// The most memory that the worker ever used, in bytes.
    pub peak_bytes: u64,
    /// The golden rows, when there are some. Rows are run one by one and together: both must agree.
    pub comparison: Option<Comparison>,
}

/// Why something did not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable kebab-case name.
    pub code: String,
    /// What went wrong, in one sentence.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

impl Carries for Request {
    fn tensors(&self) -> &[Tensor] {
        match self {
            Self::Golden(GoldenRequest { inputs: tensors, .. })
            | Self::Run(RunRequest { inputs: tensors })
            | Self::Profile(ProfileRequest { rows: Sampled::Rows(tensors), .. }) => tensors,
            Self::Profile(_) | Self::Preflight(_) | Self::Load(_) => &[],
        }
    }

    fn tensors_mut(&mut self) -> &mut [Tensor] {
        match self {
            Self::Golden(GoldenRequest { inputs: tensors, .. })
            | Self::Run(RunRequest { inputs: tensors })
            | Self::Profile(ProfileRequest { rows: Sampled::Rows(tensors), .. }) => tensors,
            Self::Profile(_) | Self::Preflight(_) | Self::Load(_) => &mut [],
        }
    }
}

impl Carries for Reply {
    fn tensors(&self) -> &[Tensor] {
        match self {
            Self::Golden(outputs) | Self::Ran(Ran { outputs, .. }) => outputs,
            _ => &[],
        }
    }

    fn tensors_mut(&mut self) -> &mut [Tensor] {
        match self {
            Self::Golden(outputs) | Self::Ran(Ran { outputs, .. }) => outputs,
            _ => &mut [],
        }
    }
}
