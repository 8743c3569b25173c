//! A fitted model in `capture.json`: what it is, what it was fitted on, and what it answered.

use super::ColumnEntry;
use flightdeck_core::{Finding, Task};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A fitted model that was found.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Candidate {
    /// Its id within the capture.
    pub id: String,
    /// Its place; 0 is the best.
    pub rank: u32,
    /// Variables that hold it.
    pub variables: Vec<String>,
    /// Its class.
    pub class: String,
    /// The module of its class.
    pub module: String,
    /// Its steps in a few words.
    pub describe: String,
    /// What kind of answer it gives.
    #[serde(deserialize_with = "task")]
    pub task: Option<Task>,
    /// The cell that fitted it, from 0.
    pub cell: Option<u32>,
    /// The order of the fits.
    pub fit_order: u32,
    /// Names of its features.
    pub features: Option<Vec<String>>,
    /// Whether it was fitted on an array.
    pub array_input: bool,
    /// Its classes.
    pub classes: Option<Vec<Value>>,
    /// The type of its classes.
    pub classes_kind: Option<String>,
    /// What it can be asked.
    pub methods: Vec<String>,
    /// Its training data.
    pub train: Option<String>,
    /// The target of its training data.
    pub target: Option<String>,
    /// Weights of the training rows.
    pub weight: Option<String>,
    /// What it was evaluated on.
    pub evaluation: Option<String>,
    /// The truth of the evaluation.
    pub evaluation_target: Option<String>,
    /// How the training data is known: `hook`, `proved`, `history`, `columns`, `none`.
    pub evidence: String,
    /// Steps before the model, outside ones first.
    pub chain: Vec<Step>,
    /// Whether the pickle holds a pipeline that those steps were folded into.
    pub folded: bool,
    /// Where the notebook saved it.
    pub saved_as: Option<String>,
    /// Where the notebook wrote it as ONNX.
    pub saved_onnx: Option<String>,
    /// The model itself; read by the converter process only.
    pub pickle: Option<String>,
    /// Metrics that the notebook computed.
    pub metrics: Vec<Metric>,
    /// How long the original takes.
    pub original_ms_per_1000_rows: Option<f64>,
    /// Rows to compare answers on.
    pub parity: Option<Probe>,
    /// Shuffled rows that travel with the package.
    pub golden: Option<Probe>,
    /// Whether the original answers rows that lack a value, by column.
    pub accepts_missing: std::collections::BTreeMap<String, bool>,
    /// What the original does with unknown categories, by column.
    pub unknown: std::collections::BTreeMap<String, String>,
    /// What a person should look at.
    pub findings: Vec<Finding>,
}

impl Candidate {
    /// The classes as text, in the order of the scores.
    pub fn class_names(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.classes.iter().flatten().map(text).collect()
    }
}

/// A step before the model.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Step {
    pub class: String,
    pub module: String,
    pub variable: Option<String>,
    pub columns: Vec<String>,
}

/// A metric that the notebook computed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Metric {
    /// Its name, such as `accuracy_score`.
    pub name: String,
    /// Its value; absent when it was not a finite number.
    pub value: Option<f64>,
    /// On how many rows.
    pub rows: Option<u64>,
    /// `evaluation`, `train` or `unknown`.
    pub on: String,
    /// Whether the model was fitted again afterwards.
    pub before_refit: bool,
}

/// Rows and the original's answers to them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Probe {
    /// The rows.
    pub dataset: String,
    /// The answers.
    pub reference: Reference,
}

/// Answers of the original model.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Reference {
    /// The predicted class.
    pub label: Option<ColumnEntry>,
    /// One score per class.
    pub scores: Option<Vec<ColumnEntry>>,
    /// Predicted numbers, one per output.
    pub values: Option<Vec<ColumnEntry>>,
}

/// An unknown task is no reason to refuse a capture.
fn task<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Task>, D::Error> {
    let text = Option::<Value>::deserialize(deserializer)?;
    Ok(text.and_then(|value| serde_json::from_value(value).ok()))
}
