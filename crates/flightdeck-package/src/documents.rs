//! The JSON files of a package whose shape belongs to the package itself.
//!
//! The signature is `flightdeck_core::Signature`; the baseline belongs to the drift crate.

use flightdeck_core::{Digest, Tensor};
use serde::{Deserialize, Serialize};

/// The newest manifest format that this program reads. A package is written in the oldest that can say what it holds, so
/// that the same model keeps its digest.
pub const MANIFEST_FORMAT: u32 = 2;

/// The format of a package that was made from a model's file alone, or with a table.
pub const FORMAT_OF_FILES: u32 = 1;
/// The format of a package that was made from a notebook or another program's model: lineage has more roles, and
/// `environment.json` names the packages.
pub const FORMAT_OF_ORIGINALS: u32 = 2;

/// What a package says about itself: `manifest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT_OF_FILES`] or [`FORMAT_OF_ORIGINALS`].
    pub format: u32,
    /// The path of the model inside the package.
    pub model: String,
    /// What was read from the model file: operators, parameters, producer.
    pub facts: serde_json::Value,
}

/// What a version was made from: `lineage.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage(pub Vec<LineageEntry>);

/// A file that a version was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineageEntry {
    /// Its name, without the folder: a package says nothing about the machine that it was made on.
    pub path: String,
    /// The digest of its bytes.
    pub sha256: Digest,
    /// What it was.
    pub role: LineageRole,
}

/// What a file that a version was made from was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineageRole {
    /// The model file as the user gave it.
    Original,
    /// A data file that belongs to the model.
    ExternalData,
    /// The table that the baseline was counted from.
    Baseline,
    /// The code cells of the notebook, in order, without outputs.
    Notebook,
    /// The data that the model was fitted on, as it was in memory.
    TrainingData,
    /// A file that the notebook read.
    FileRead,
    /// The model as the original program keeps it.
    OriginalModel,
}

/// What the original model was made with: `environment.json`. Nothing in it depends on the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Python's version.
    pub python: String,
    /// Packages with their versions, by name.
    pub packages: Vec<(String, String)>,
    /// Packages of the converter, with their versions.
    pub converter: Vec<(String, String)>,
    /// How it was converted.
    pub variant: String,
}

/// Rows with the outputs that any copy of the model must reproduce: `golden.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// The inputs.
    pub inputs: Vec<Tensor>,
    /// What the model answered where it came from; `None` when there was only the exported file.
    pub original: Option<Vec<Tensor>>,
    /// What the ONNX Runtime of the importing computer answered.
    pub local: Vec<Tensor>,
    /// How far another computer's answer may lie from these.
    pub tolerance: Tolerance,
}

/// How far two numbers may lie apart: |a − b| ≤ absolute + relative · |b|.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// In the unit of the number.
    pub absolute: f64,
    /// As a share of the expected number.
    pub relative: f64,
}

impl Tolerance {
    /// Whether `found` is near enough to `expected`. NaN is near NaN, an infinity only itself.
    pub fn allows(&self, found: f64, expected: f64) -> bool {
        if found == expected || (found.is_nan() && expected.is_nan()) {
            return true;
        }
        expected.is_finite() && (found - expected).abs() <= self.absolute + self.relative * expected.abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerance_is_absolute_plus_relative() {
        let tolerance = Tolerance { absolute: 0.5, relative: 0.1 };
        assert!(tolerance.allows(11.5, 10.0));
        assert!(!tolerance.allows(11.51, 10.0));
        assert!(tolerance.allows(f64::NAN, f64::NAN));
        assert!(!tolerance.allows(1.0, f64::NAN));
        assert!(!tolerance.allows(f64::NAN, 1.0));
        assert!(tolerance.allows(f64::INFINITY, f64::INFINITY));
        assert!(!tolerance.allows(1.0, f64::INFINITY));
    }

    #[test]
    fn lineage_is_the_documented_list() {
        let digest = Digest::from_bytes([0xab; 32]);
        let entry = LineageEntry { path: "m.onnx".into(), sha256: digest, role: LineageRole::ExternalData };
        let json = serde_json::to_value(Lineage(vec![entry])).unwrap();
        let expected = serde_json::json!([
            { "path": "m.onnx", "sha256": format!("sha256:{}", "ab".repeat(32)), "role": "external_data" }
        ]);
        assert_eq!(json, expected);
    }
}
