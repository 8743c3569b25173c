//! What was recognised, and what can be done with it.

use std::path::PathBuf;

use flightdeck_core::Finding;
use serde::{Deserialize, Serialize};

use crate::keras::KerasFacts;
use crate::kind::Kind;
use crate::mlflow::MlflowModel;
use crate::pickle::PickleScan;

/// What a file or folder is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recognised {
    /// What it is.
    pub kind: Kind,
    /// The file that carries the model: the path itself, or a file inside of the folder.
    pub model: PathBuf,
    /// What was read about it.
    pub detail: Detail,
    /// What can be done with it.
    pub converts: How,
    /// What a person should look at before going on.
    pub findings: Vec<Finding>,
}

/// What was read about a file without loading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// Nothing beyond its kind.
    Nothing,
    /// The code that its pickles name.
    Pickle(PickleScan),
    /// What its configuration says.
    Keras(KerasFacts),
    /// What `MLmodel` says.
    Mlflow(MlflowModel),
    /// What it holds, as far as it can be seen: names of an archive's or a folder's files.
    Holds(Vec<String>),
    /// What lies in it when it is unpacked.
    Inside(Kind),
    /// Python types that a skops file names, as `module.Class`.
    Types(Vec<String>),
}

impl Detail {
    /// The scan, where there is one.
    pub fn pickle(&self) -> Option<&PickleScan> {
        match self {
            Self::Pickle(scan) => Some(scan),
            Self::Mlflow(model) => model.pickle.as_ref(),
            _ => None,
        }
    }
}

/// What can be done with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum How {
    /// Flightdeck takes it as it is.
    Directly,
    /// The converter process reads it; nothing in it is code.
    ByConverter {
        /// How it is read.
        format: Format,
        /// What has to be installed where the converter runs.
        needs: Vec<Need>,
    },
    /// The converter process reads it in the sandbox, after a person agreed that its code may run there.
    AfterConsent {
        /// How it is read.
        format: Format,
        /// What has to be installed where the converter runs.
        needs: Vec<Need>,
        /// What the person has to know, in one sentence.
        why: String,
    },
    /// Nothing can be done with it as it is.
    Not {
        /// Why, in one sentence.
        message: String,
        /// What to do instead.
        how_to_export: String,
    },
}

/// How the converter process reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// `xgboost.Booster(model_file=…)`.
    Xgboost,
    /// `lightgbm.Booster(model_file=…)`.
    Lightgbm,
    /// `catboost.CatBoost().load_model(…)`.
    Catboost,
    /// `skops.io.load`, with no untrusted type allowed.
    Skops,
    /// `pickle.load`, and cloudpickle's files with it.
    Pickle,
    /// `joblib.load`.
    Joblib,
}

/// A Python package that the converter needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The package's name as it is installed.
    pub package: String,
    /// The version that wrote the file, or the least one that is safe; nothing when any will do.
    pub version: Option<String>,
    /// What `version` means.
    pub rule: VersionRule,
}

/// What the version of a [`Need`] means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionRule {
    /// Any version.
    Any,
    /// The same major and minor version.
    SameMinor,
    /// This version or a later one.
    AtLeast,
}

impl Need {
    /// Any version.
    pub(crate) fn any(package: &str) -> Self {
        Self { package: package.into(), version: None, rule: VersionRule::Any }
    }

    /// The same major and minor version, or any when it is not known.
    pub(crate) fn same_minor(package: &str, version: Option<String>) -> Self {
        let rule = if version.is_some() { VersionRule::SameMinor } else { VersionRule::Any };
        Self { package: package.into(), version, rule }
    }

    /// This version or a later one, or any when it is not known.
    pub(crate) fn at_least(package: &str, version: Option<String>) -> Self {
        let rule = if version.is_some() { VersionRule::AtLeast } else { VersionRule::Any };
        Self { package: package.into(), version, rule }
    }
}
