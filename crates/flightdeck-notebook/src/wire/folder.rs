//! Opens a capture folder and reads its columns. Every path is checked before it is opened.

use super::{
    Capture, ColumnEntry, Conversion, Dataset, Elements, Kind, Probe, Reference, Refused, WireError, npy,
};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of a JSON document, in bytes.
    pub document_bytes: u64,
    /// Of one column, in bytes.
    pub column_bytes: u64,
    /// Datasets, candidates, or columns of one dataset.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { document_bytes: 128 << 20, column_bytes: 2 << 30, entries: 20_000 }
    }
}

/// A capture folder.
#[derive(Debug)]
pub struct CaptureFolder {
    root: PathBuf,
    limits: Limits,
    /// Its document.
    pub capture: Capture,
}

/// A column in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// How its values were written.
    pub kind: Kind,
    /// Its values.
    pub values: Values,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers; NaN is missing.
    Float(Vec<f64>),
    /// Whole numbers.
    Int(Vec<i64>),
    /// Truth values.
    Bool(Vec<bool>),
    /// Places in `values`; -1 is missing.
    Codes {
        /// One per row, checked to lie in range.
        codes: Vec<i32>,
        /// The distinct values.
        values: Vec<String>,
    },
    /// Milliseconds since 1970; the smallest number is missing.
    Time(Vec<i64>),
}

/// The original's answers in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// The predicted class.
    pub label: Option<Column>,
    /// One column per class; empty when the model gives no scores.
    pub scores: Vec<Column>,
    /// Predicted numbers, one column per output.
    pub values: Vec<Column>,
}

impl Values {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Float(values) => values.len(),
            Self::Int(values) | Self::Time(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Codes { codes, .. } => codes.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl CaptureFolder {
    /// Opens a folder and reads its document.
    pub fn open(root: &Path, limits: Limits) -> Result<Self, WireError> {
        let capture: Capture = document(root, "capture.json", limits.document_bytes)?;
        version("capture.json", capture.schema)?;
        let folder = Self { root: root.to_owned(), limits, capture };
        folder.count("datasets", folder.capture.datasets.len())?;
        folder.count("candidates", folder.capture.candidates.len())?;
        for dataset in &folder.capture.datasets {
            folder.count("columns", dataset.columns.len())?;
        }
        Ok(folder)
    }

    /// Where it lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The dataset with an id.
    pub fn dataset(&self, id: &str) -> Result<&Dataset, WireError> {
        let found = self.capture.datasets.iter().find(|dataset| dataset.id == id);
        found.ok_or_else(|| WireError::Unknown { what: "the dataset", id: id.to_owned() })
    }

    /// All columns of a dataset, each with as many rows as the dataset says.
    pub fn columns(&self, dataset: &Dataset) -> Result<Vec<Column>, WireError> {
        dataset.columns.iter().map(|entry| self.column(entry, dataset.rows)).collect()
    }

    /// When the rows of a dataset happened, where that is known.
    pub fn times(&self, dataset: &Dataset) -> Result<Option<Column>, WireError> {
        dataset.times.as_ref().map(|entry| self.column(entry, dataset.rows)).transpose()
    }

    /// The rows and answers of a probe.
    pub fn probe(&self, probe: &Probe) -> Result<(Vec<Column>, Answers), WireError> {
        let dataset = self.dataset(&probe.dataset)?;
        Ok((self.columns(dataset)?, self.answers(&probe.reference, dataset.rows)?))
    }

    /// The original's answers to `rows` rows.
    pub fn answers(&self, reference: &Reference, rows: u64) -> Result<Answers, WireError> {
        let all = |entries: &Option<Vec<ColumnEntry>>| {
            let entries = entries.as_deref().unwrap_or_default();
            self.count("answers", entries.len())?;
            entries.iter().map(|entry| self.column(entry, rows)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Answers {
            label: reference.label.as_ref().map(|entry| self.column(entry, rows)).transpose()?,
            scores: all(&reference.scores)?,
            values: all(&reference.values)?,
        })
    }

    /// The converter's document on a candidate.
    pub fn conversion(&self, candidate: &str) -> Result<Conversion, WireError> {
        conversion(&self.root, candidate, self.limits)
    }

    /// A file that a document names, checked to lie inside the folder and to be a plain file.
    pub fn file(&self, path: &str) -> Result<PathBuf, WireError> {
        checked(&self.root, path)
    }

    fn column(&self, entry: &ColumnEntry, rows: u64) -> Result<Column, WireError> {
        let (mut file, bytes) = open(&self.root, &entry.file)?;
        limit(&entry.file, "bytes", bytes, self.limits.column_bytes)?;
        let refused = |reason: String| WireError::Array { file: entry.file.clone(), reason };
        let elements = npy::read(&mut file, bytes).map_err(|error| refused(error.to_string()))?;
        if elements.len() as u64 != rows {
            return Err(refused(format!("it has {} rows instead of {rows}", elements.len())));
        }
        let values = values(entry, elements).map_err(refused)?;
        Ok(Column { name: entry.name.clone(), kind: entry.kind, values })
    }

    fn count(&self, unit: &'static str, found: usize) -> Result<(), WireError> {
        limit("capture.json", unit, found as u64, self.limits.entries as u64)
    }
}

/// The converter's document on a candidate.
pub(crate) fn conversion(root: &Path, candidate: &str, limits: Limits) -> Result<Conversion, WireError> {
    let path = format!("convert/{candidate}/convert.json");
    let conversion: Conversion = document(root, &path, limits.document_bytes)?;
    version(&path, conversion.schema)?;
    for file in conversion.ladder.iter().filter_map(|rung| rung.file.as_deref()) {
        checked(root, file)?;
    }
    Ok(conversion)
}

/// Why the extractor refused a file; `None` when it did not.
pub(crate) fn refusal(root: &Path, limits: Limits) -> Result<Option<Refused>, WireError> {
    match document(root, "refused.json", limits.document_bytes) {
        Ok(refused) => Ok(Some(refused)),
        Err(WireError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn values(entry: &ColumnEntry, elements: Elements) -> Result<Values, String> {
    Ok(match (entry.kind, elements) {
        (Kind::Float, Elements::F64(values)) => Values::Float(values),
        (Kind::Float, Elements::F32(values)) => Values::Float(values.into_iter().map(f64::from).collect()),
        (Kind::Int, Elements::I64(values)) => Values::Int(values),
        (Kind::Int, Elements::I32(values)) => Values::Int(values.into_iter().map(i64::from).collect()),
        (Kind::Bool, Elements::Bool(values)) => Values::Bool(values),
        (Kind::Datetime, Elements::I64(values)) => Values::Time(values),
        (Kind::String | Kind::Category, Elements::I32(codes)) => {
            let values = entry.categories.clone().unwrap_or_default();
            let known = -1..i32::try_from(values.len()).unwrap_or(i32::MAX);
            match codes.iter().find(|code| !known.contains(code)) {
                Some(code) => {
                    return Err(format!("code {code} stands for none of the {} values", values.len()));
                }
                None => Values::Codes { codes, values },
            }
        }
        (kind, _) => return Err(format!("its element type does not fit a column of kind {kind:?}")),
    })
}

fn document<T: serde::de::DeserializeOwned>(root: &Path, path: &str, bytes: u64) -> Result<T, WireError> {
    let (file, size) = open(root, path)?;
    limit(path, "bytes", size, bytes)?;
    let mut text = Vec::with_capacity(size as usize);
    file.take(bytes)
        .read_to_end(&mut text)
        .map_err(|source| WireError::Read { file: path.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|source| WireError::Json { file: path.to_owned(), source })
}

fn open(root: &Path, path: &str) -> Result<(File, u64), WireError> {
    let full = checked(root, path)?;
    let read = |source| WireError::Read { file: path.to_owned(), source };
    let file = File::open(full).map_err(read)?;
    let size = file.metadata().map_err(read)?.len();
    Ok((file, size))
}

fn checked(root: &Path, path: &str) -> Result<PathBuf, WireError> {
    let refused = |reason| WireError::Path { path: path.chars().take(200).collect(), reason };
    let odd = |part: &str| matches!(part, "" | "." | "..") || part.ends_with(['.', ' ']);
    if path.contains(['\\', ':', '\0']) || path.split('/').any(odd) {
        return Err(refused("it is not a plain relative path"));
    }
    let mut full = root.to_owned();
    let mut last = None;
    for part in path.split('/') {
        full.push(part);
        let facts = std::fs::symlink_metadata(&full);
        let facts = facts.map_err(|source| WireError::Read { file: path.to_owned(), source })?;
        if facts.file_type().is_symlink() {
            return Err(refused("it goes through a link"));
        }
        last = Some(facts);
    }
    if last.is_some_and(|facts| facts.is_file()) { Ok(full) } else { Err(refused("it is not a plain file")) }
}

fn version(file: &str, found: u32) -> Result<(), WireError> {
    if found == 1 { Ok(()) } else { Err(WireError::Schema { file: file.to_owned(), found }) }
}

fn limit(file: &str, unit: &'static str, found: u64, limit: u64) -> Result<(), WireError> {
    if found <= limit {
        Ok(())
    } else {
        Err(WireError::TooLarge { file: file.to_owned(), unit, found, limit })
    }
}
