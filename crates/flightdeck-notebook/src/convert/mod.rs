//! Runs the converter: a short-lived process of the user's interpreter, limited, without a network and killed when it
//! is no longer wanted. Models are unpickled there and nowhere else. Whether its ONNX is right is not decided here.

mod error;
mod events;
mod files;
mod process;
#[cfg(test)]
mod tests;

pub use error::ConvertError;

use crate::wire::{self, CaptureFolder, Conversion, Variant};
use flightdeck_core::{Cancel, Finding, Progress, Severity, Unit};
use process::{Job, Walls};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Converts candidates and exported model files.
#[derive(Clone, Debug)]
pub struct Converter {
    /// The interpreter of the user's environment.
    pub interpreter: PathBuf,
    /// The converter's packages, which come first.
    pub overlay: PathBuf,
    /// A folder of its own for temporary files; it is created when it is not there.
    pub scratch: PathBuf,
    /// What a conversion may use.
    pub limits: Limits,
    /// Whether a pickle is opened where the system has no walls to put around it.
    pub without_walls: bool,
}

/// What a conversion may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Address space, in bytes.
    pub memory_bytes: u64,
    /// Time.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 4 << 30, time: Duration::from_mins(10) }
    }
}

/// Where a conversion reports to and how it is stopped.
pub struct Watch<'a> {
    /// Called with each report.
    pub progress: &'a mut (dyn FnMut(Progress) + Send),
    /// Looked at while waiting.
    pub cancel: &'a Cancel,
}

/// Whether the person agreed to run the code that a file carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Nothing that runs code is opened.
    No,
    /// Pickles are opened, inside walls.
    Pickles,
}

/// What an exported model file is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    /// `XGBoost`'s JSON or UBJSON.
    Xgboost,
    /// `LightGBM`'s text.
    Lightgbm,
    /// `CatBoost`'s `cbm`.
    Catboost,
    /// skops.
    Skops,
    /// A pickle or a joblib file.
    Pickle,
    /// A folder that `MLflow` wrote.
    Mlflow,
}

impl Exported {
    /// As it stands on the command line of the extractor.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Xgboost => "xgboost",
            Self::Lightgbm => "lightgbm",
            Self::Catboost => "catboost",
            Self::Skops => "skops",
            Self::Pickle => "pickle",
            Self::Mlflow => "mlflow",
        }
    }
}

impl Converter {
    /// A converter with the usual limits.
    pub fn new(
        interpreter: impl Into<PathBuf>,
        overlay: impl Into<PathBuf>,
        scratch: impl Into<PathBuf>,
    ) -> Self {
        Self {
            interpreter: interpreter.into(),
            overlay: overlay.into(),
            scratch: scratch.into(),
            limits: Limits::default(),
            without_walls: false,
        }
    }

    /// Converts a candidate of a capture folder, trying the variants in order.
    ///
    /// A model that a notebook made here is opened without walls where the system has none, with a finding that says
    /// so. One that came as a file is not.
    pub async fn convert(
        &self,
        folder: &Path,
        candidate: &str,
        variants: &[Variant],
        watch: Watch<'_>,
    ) -> Result<Conversion, ConvertError> {
        let output = folder.join("convert").join(plain_id(candidate)?);
        std::fs::create_dir_all(&output)
            .map_err(|source| ConvertError::Folder { path: output.clone(), source })?;
        remove(&output.join("convert.json"))?;
        let names: Vec<&str> = variants.iter().map(|variant| variant.as_str()).collect();
        let job = Job {
            work: "convert",
            arguments: vec![text(folder)?, candidate.to_owned(), "--variants".to_owned(), names.join(",")],
            writable: vec![output],
            walls: self.walls(folder)?,
        };
        let open = self.run(job, watch).await?;
        let mut conversion = wire::conversion(folder, candidate, wire::Limits::default())?;
        if let Some(refused) = conversion.refused {
            return Err(ConvertError::Refused(refused));
        }
        conversion.warnings.extend(open.map(|reason| not_sandboxed(&reason)));
        Ok(conversion)
    }

    /// Writes a capture folder for an exported model: the model, rows that probe it, and its own answers to them.
    pub async fn extract(
        &self,
        file: &Path,
        format: Exported,
        folder: &Path,
        consent: Consent,
        watch: Watch<'_>,
    ) -> Result<CaptureFolder, ConvertError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| ConvertError::Folder { path: folder.to_owned(), source })?;
        for name in ["capture.json", "refused.json"] {
            remove(&folder.join(name))?;
        }
        let mut arguments =
            vec![text(file)?, text(folder)?, "--format".to_owned(), format.as_str().to_owned()];
        if consent == Consent::Pickles {
            arguments.push("--consent".to_owned());
        }
        let walls = if self.without_walls { Walls::WherePossible } else { Walls::Always };
        self.run(Job { work: "extract", arguments, writable: vec![folder.to_owned()], walls }, watch).await?;
        if let Some(refused) = wire::refusal(folder, wire::Limits::default())? {
            return Err(ConvertError::Refused(refused));
        }
        Ok(CaptureFolder::open(folder, wire::Limits::default())?)
    }

    /// A capture that was made from a file holds a stranger's model.
    fn walls(&self, folder: &Path) -> Result<Walls, ConvertError> {
        let source = CaptureFolder::open(folder, wire::Limits::default())?.capture.source;
        let ours = matches!(source.as_str(), "run" | "live");
        Ok(if ours || self.without_walls { Walls::WherePossible } else { Walls::Always })
    }

    async fn run(&self, job: Job, watch: Watch<'_>) -> Result<Option<String>, ConvertError> {
        if !self.overlay.is_dir() {
            return Err(ConvertError::Overlay { path: self.overlay.clone() });
        }
        // Inside walls a missing interpreter would look like missing walls.
        if self.interpreter.is_absolute() {
            std::fs::metadata(&self.interpreter)
                .map_err(|source| ConvertError::Start { interpreter: self.interpreter.clone(), source })?;
        }
        (watch.progress)(Progress::new("convert", 0, None, Unit::Steps));
        process::run(self, job, watch).await
    }
}

fn not_sandboxed(reason: &str) -> Finding {
    Finding::new(
        "not-sandboxed",
        Severity::Info,
        format!("The model was converted outside of a sandbox: {reason}"),
        "Nothing has to be done for a model of your own notebook",
    )
}

/// An id that is one plain path component.
fn plain_id(candidate: &str) -> Result<&str, ConvertError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !candidate.is_empty() && candidate.len() <= 64 && candidate.bytes().all(plain) {
        Ok(candidate)
    } else {
        Err(wire::WireError::Path {
            path: candidate.chars().take(64).collect(),
            reason: "it is no candidate's id",
        }
        .into())
    }
}

fn text(path: &Path) -> Result<String, ConvertError> {
    let path =
        std::path::absolute(path).map_err(|source| ConvertError::Folder { path: path.to_owned(), source })?;
    path.to_str().map(str::to_owned).ok_or_else(|| ConvertError::Name { path: path.clone() })
}

fn remove(path: &Path) -> Result<(), ConvertError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(ConvertError::Folder { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
