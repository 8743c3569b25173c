//! What a folder is: a model that MLflow, TensorFlow or Hugging Face saved, or a folder around one ONNX model.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::advice::{not, not_because};
use crate::error::FormatError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::mlflow;
use crate::recognise::file;
use crate::recognised::{Detail, How, Recognised};
use crate::text::{shown, some_of};

/// Models are looked for so many folders deep.
const DEPTH: usize = 3;

/// Recognises a folder. Links in it are not followed.
pub(crate) fn recognise(path: &Path, limits: &Limits) -> Result<Recognised, FormatError> {
    let files = files(path, limits)?;
    if files.contains_key("MLmodel") {
        return mlflow::recognise(path, limits);
    }
    if files.contains_key("saved_model.pb") || files.contains_key("saved_model.pbtxt") {
        return Ok(found(Kind::SavedModel, path, Detail::Nothing, not(Kind::SavedModel)));
    }
    let models = models(&files, limits)?;
    let is_hugging = files.contains_key("config.json");
    let kind = if is_hugging { Kind::HuggingFaceFolder } else { Kind::Folder };
    if let Some(model) = chosen(&models) {
        return Ok(found(kind, &files[model], Detail::Holds(models.clone()), How::Directly));
    }
    let names: Vec<String> = files.keys().map(|name| shown(name)).collect();
    let how = match (models.as_slice(), names.as_slice()) {
        ([], []) => not_because(kind, "it is empty"),
        ([], _) if is_hugging => not(kind),
        ([], _) => not_because(kind, &format!("no model was found in it; it holds {}", some_of(&names))),
        _ => not_because(
            kind,
            &format!("{} ONNX models are in it; import the one you mean: {}", models.len(), some_of(&models)),
        ),
    };
    Ok(found(kind, path, Detail::Holds(names), how))
}

/// The plain model among its smaller variants, as Hugging Face names them; or the only one.
fn chosen(models: &[String]) -> Option<&String> {
    let named = |wanted: &str| models.iter().find(|model| *model == wanted);
    named("model.onnx").or_else(|| named("onnx/model.onnx")).or(match models {
        [only] => Some(only),
        _ => None,
    })
}

/// ONNX models are tried where the content says so; the many other files of a folder are not opened for long.
fn models(files: &BTreeMap<String, PathBuf>, limits: &Limits) -> Result<Vec<String>, FormatError> {
    let mut models = Vec::new();
    for (name, path) in files {
        // Weights beside a model are large and have no head worth reading twice; only the name saves opening them all.
        let is_candidate =
            name.to_ascii_lowercase().ends_with(".onnx") || files.len() < 50 && !name.contains('.');
        if is_candidate && file(path, limits)?.kind == Kind::Onnx {
            models.push(name.clone());
        }
    }
    Ok(models)
}

/// Regular files by their name within the folder, with `/` between folders.
pub(crate) fn files(path: &Path, limits: &Limits) -> Result<BTreeMap<String, PathBuf>, FormatError> {
    let mut files = BTreeMap::new();
    let mut folders = vec![(path.to_owned(), String::new(), 0)];
    let mut seen = 0;
    while let Some((folder, prefix, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(FormatError::unreadable(&folder))? {
            let entry = entry.map_err(FormatError::unreadable(&folder))?;
            seen += 1;
            if seen > limits.entries {
                return Err(FormatError::TooManyFiles { path: path.to_owned(), limit: limits.entries });
            }
            let kind = entry.file_type().map_err(FormatError::unreadable(&folder))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if kind.is_file() {
                files.insert(name, entry.path());
            } else if kind.is_dir() && depth < DEPTH {
                folders.push((entry.path(), format!("{name}/"), depth + 1));
            }
        }
    }
    Ok(files)
}

fn found(kind: Kind, model: &Path, detail: Detail, converts: How) -> Recognised {
    Recognised { kind, model: model.to_owned(), detail, converts, findings: Vec::new() }
}
