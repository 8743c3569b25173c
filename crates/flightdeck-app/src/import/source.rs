//! Which of the given files is the model and which the baseline.

use crate::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The files of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sources {
    pub(crate) model: PathBuf,
    pub(crate) baseline: Option<PathBuf>,
}

/// Tells the model from the baseline: tables are known by their content or by the end of their name.
pub(crate) fn sort(paths: &[PathBuf]) -> Result<Sources> {
    let (tables, models): (Vec<&PathBuf>, Vec<&PathBuf>) = paths.iter().partition(|path| is_table(path));
    // Two files of which one is called a model: the other is its data, whatever its name.
    if let ([first, second], []) = (models.as_slice(), tables.as_slice()) {
        let named = |path: &Path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("onnx"));
        match (named(first), named(second)) {
            (true, false) => {
                return Ok(Sources { model: (*first).clone(), baseline: Some((*second).clone()) });
            }
            (false, true) => {
                return Ok(Sources { model: (*second).clone(), baseline: Some((*first).clone()) });
            }
            _ => {}
        }
    }
    match (models.as_slice(), tables.as_slice()) {
        ([model], []) => Ok(Sources { model: (*model).clone(), baseline: None }),
        ([model], [table]) => Ok(Sources { model: (*model).clone(), baseline: Some((*table).clone()) }),
        ([], [table, ..]) => Err(Error::input(
            "no-model",
            format!("{} is data, not a model", file_name(table)),
            "Give the model's .onnx file with it",
        )),
        ([], []) => Err(Error::input("no-model", "No file was given", "Give a model's .onnx file")),
        _ => Err(Error::input(
            "too-many-files",
            format!("{} files were given", paths.len()),
            "Import one model at a time, alone or with one CSV or Parquet file of its training data",
        )),
    }
}

/// The last part of a path, as text.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn is_table(path: &Path) -> bool {
    let mut magic = [0; 4];
    let parquet =
        File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && &magic == b"PAR1";
    let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
    parquet || matches!(end.as_deref(), Some("csv" | "tsv" | "parquet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_told_from_models_by_content_and_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (model, csv, parquet) = (file("m.onnx", b"x"), file("t.csv", b"a\n1"), file("t", b"PAR1...."));
        for table in [&csv, &parquet] {
            let sources = sort(&[table.clone(), model.clone()]).unwrap();
            assert_eq!(sources, Sources { model: model.clone(), baseline: Some(table.clone()) });
        }
        assert_eq!(sort(std::slice::from_ref(&csv)).unwrap_err().code, "no-model");
        assert_eq!(sort(&[model.clone(), model]).unwrap_err().code, "too-many-files");
        assert_eq!(sort(&[]).unwrap_err().code, "no-model");
    }
}
