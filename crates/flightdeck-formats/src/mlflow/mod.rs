//! MLflow: what the `MLmodel` file of a model's folder says, and models in a registry.
//!
//! The flavour leads to a file; what the file is, its content decides.

mod lines;
pub mod registry;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::advice::not_because;
use crate::archive::name_parts;
use crate::error::FormatError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::pickle::PickleScan;
use crate::recognise::file;
use crate::recognised::{Detail, How, Need, Recognised};
use crate::text::{shown, some_of};
use lines::Texts;

/// Flavours that lead to one file, best first: the key of the file, its name where the key is missing, and the version's key.
const FLAVOURS: [(&str, &str, &str, &str); 5] = [
    ("onnx", "data", "model.onnx", "onnx_version"),
    ("xgboost", "data", "model.xgb", "xgb_version"),
    ("lightgbm", "data", "model.lgb", "lgb_version"),
    ("catboost", "data", "model.cb", "catboost_version"),
    ("sklearn", "pickled_model", "model.pkl", "sklearn_version"),
];

/// What `MLmodel` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MlflowModel {
    /// All flavours that the folder offers, sorted.
    pub flavours: Vec<String>,
    /// The flavour that is taken.
    pub flavour: Option<String>,
    /// The version of that flavour's library.
    pub library_version: Option<String>,
    /// What the flavour's file is, by its content.
    pub kind: Option<Kind>,
    /// The code that the file names, when it is a pickle.
    pub pickle: Option<PickleScan>,
    /// The version of MLflow that wrote the folder.
    pub mlflow_version: Option<String>,
    /// MLflow's id of the model.
    pub model_uuid: Option<String>,
    /// MLflow's id of the run that made it.
    pub run_id: Option<String>,
    /// The columns of the signature, in order.
    pub inputs: Vec<MlflowColumn>,
}

/// A column of an MLflow signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MlflowColumn {
    /// The name; tensors may have none.
    pub name: Option<String>,
    /// MLflow's word for its type, such as `double`, `long` or `string`.
    pub kind: String,
    /// Whether a row must have it.
    pub required: bool,
}

/// Recognises a folder with an `MLmodel` file.
pub(crate) fn recognise(folder: &Path, limits: &Limits) -> Result<Recognised, FormatError> {
    let texts = lines::read(&read(folder, limits)?)?;
    let mut model = described(&texts);
    let Some((flavour, name)) = taken(&texts) else {
        let reason = format!(
            "none of its flavours leads to a file that can be converted ({})",
            some_of(&model.flavours)
        );
        let converts = not_because(Kind::MlflowFolder, &reason);
        return Ok(found(folder, model, converts));
    };
    let path = inside(folder, &name)?;
    let inner = file(&path, limits)?;
    model.flavour = Some(flavour.0.to_owned());
    model.library_version = text(&texts, &["flavors", flavour.0, flavour.3]);
    model.kind = Some(inner.kind);
    model.pickle = inner.detail.pickle().cloned();
    let converts = with_version(inner.converts, flavour.0, model.library_version.as_ref());
    Ok(found(&path, model, converts))
}

type Flavour = (&'static str, &'static str, &'static str, &'static str);

fn taken(texts: &Texts) -> Option<(Flavour, String)> {
    let there =
        FLAVOURS.iter().find(|flavour| texts.contains_key(&["flavors", flavour.0].map(str::to_owned)[..]));
    there.map(|flavour| {
        let name = text(texts, &["flavors", flavour.0, flavour.1]);
        (*flavour, name.unwrap_or_else(|| flavour.2.to_owned()))
    })
}

fn described(texts: &Texts) -> MlflowModel {
    let flavours = texts.keys().filter_map(|path| match path.as_slice() {
        [flavours, name] if flavours == "flavors" => Some(shown(name)),
        _ => None,
    });
    let inputs = text(texts, &["signature", "inputs"]);
    MlflowModel {
        flavours: flavours.collect(),
        mlflow_version: text(texts, &["mlflow_version"]),
        model_uuid: text(texts, &["model_uuid"]),
        run_id: text(texts, &["run_id"]),
        inputs: inputs.map(|inputs| columns(&inputs)).unwrap_or_default(),
        ..MlflowModel::default()
    }
}

/// The columns, or none when they are not what MLflow writes: they inform, and decide nothing.
fn columns(inputs: &str) -> Vec<MlflowColumn> {
    let listed: Vec<Value> = serde_json::from_str(inputs).unwrap_or_default();
    let column = |value: &Value| MlflowColumn {
        name: value["name"].as_str().map(str::to_owned),
        kind: shown(value["type"].as_str().unwrap_or("unknown")),
        required: value["required"].as_bool().unwrap_or(true),
    };
    listed.iter().map(column).collect()
}

/// Where the stream of a pickle says nothing of its version, the folder may.
fn with_version(how: How, flavour: &str, version: Option<&String>) -> How {
    let How::AfterConsent { format, mut needs, why } = how else { return how };
    let known = |need: &Need| need.package == "scikit-learn" && need.version.is_some();
    if flavour == "sklearn" && !needs.iter().any(known) {
        needs.retain(|need| need.package != "scikit-learn");
        needs.insert(0, Need::same_minor("scikit-learn", version.cloned()));
    }
    How::AfterConsent { format, needs, why }
}

/// The file that a name stands for, if it is a regular one in this folder, reached without links.
fn inside(folder: &Path, name: &str) -> Result<PathBuf, FormatError> {
    let refuse = |problem| FormatError::MlmodelPath { name: shown(name), problem };
    let parts = name_parts(name).map_err(|_| refuse("does not lie in its folder"))?;
    let mut path = folder.to_owned();
    for part in parts {
        path.push(part);
        let found = fs::symlink_metadata(&path).map_err(|_| refuse("is not there"))?;
        if found.is_symlink() {
            return Err(refuse("is a link"));
        }
    }
    path.is_file().then_some(path).ok_or_else(|| refuse("is not a file"))
}

fn read(folder: &Path, limits: &Limits) -> Result<String, FormatError> {
    let path = inside(folder, "MLmodel")?;
    let bytes = fs::metadata(&path).map_err(FormatError::unreadable(&path))?.len();
    if bytes > limits.text_bytes {
        return Err(FormatError::TooLarge { name: "MLmodel".into(), bytes, limit: limits.text_bytes });
    }
    fs::read_to_string(&path).map_err(FormatError::unreadable(&path))
}

fn text(texts: &Texts, path: &[&str]) -> Option<String> {
    let path: Vec<String> = path.iter().map(|&key| key.to_owned()).collect();
    texts.get(&path).filter(|text| !text.is_empty()).cloned()
}

fn found(model: &Path, facts: MlflowModel, converts: How) -> Recognised {
    let (kind, detail) = (Kind::MlflowFolder, Detail::Mlflow(facts));
    Recognised { kind, model: model.to_owned(), detail, converts, findings: Vec::new() }
}
