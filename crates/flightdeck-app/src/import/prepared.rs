//! What the files of an import hold, read and understood before anything is written.

use super::columns::{self, Matched};
use super::source::Sources;
use super::{digest_of, file_name};
use crate::views::{Corrections, OriginView, ParityView};
use crate::{Error, Result};
use flightdeck_core::{ColumnKind, DataType, Digest, Finding, Name, Severity, Signature};
use flightdeck_onnx::{External, Facts, Inspection};
use flightdeck_package::{Environment, Golden, LineageEntry, LineageRole};
use flightdeck_table::Table;
use std::path::Path;

/// A model, understood: everything that becomes a package, and what stays in the library beside it.
pub(crate) struct Prepared {
    pub(crate) name: Name,
    /// The name of the file it came from.
    pub(crate) source: String,
    pub(crate) model: Vec<u8>,
    pub(crate) facts: Facts,
    pub(crate) external: Vec<External>,
    /// The identity of what was given: the model file's bytes, or a notebook's code.
    pub(crate) original: Digest,
    pub(crate) signature: Signature,
    pub(crate) findings: Vec<Finding>,
    pub(crate) training: Option<Training>,
    /// Where it comes from, when that is more than a file.
    pub(crate) made: Option<Made>,
}

/// The data that the model was trained on.
pub(crate) struct Training {
    /// The file's name, or the variable's.
    pub(crate) name: String,
    pub(crate) sha256: Digest,
    /// A file, or what was in the notebook's memory.
    pub(crate) role: LineageRole,
    pub(crate) matched: Matched,
}

/// What comes with a model that was converted from another form.
pub(crate) struct Made {
    pub(crate) origin: OriginView,
    pub(crate) parity: Option<ParityView>,
    pub(crate) golden: Option<Golden>,
    /// The rows that it was evaluated on, with the truth in the last column. They stay on this computer.
    pub(crate) evaluation: Option<Table>,
    pub(crate) environment: Environment,
    pub(crate) lineage: Vec<LineageEntry>,
}

impl Prepared {
    /// A model by itself, without a baseline.
    pub(crate) fn of(inspection: Inspection, name: Name, source: String) -> Self {
        let Inspection { facts, signature, mut findings, model, model_changed, original, external, .. } =
            inspection;
        if model_changed {
            findings.push(Finding::new(
                "zipmap-removed",
                Severity::Info,
                "The last operator, a ZipMap, was taken out: scores come as one tensor",
                "Nothing has to be done; the original file's digest stays in the lineage",
            ));
        }
        Self {
            name,
            source,
            model,
            facts,
            external,
            original,
            signature,
            findings,
            training: None,
            made: None,
        }
    }

    /// Reads and understands the files on a thread of its own: parsing and counting must not hold up the runtime.
    pub(crate) async fn read(sources: Sources, corrections: Corrections) -> Result<Self> {
        on_a_thread(move || Self::read_now(&sources, &corrections)).await
    }

    fn read_now(sources: &Sources, corrections: &Corrections) -> Result<Self> {
        let inspection = flightdeck_onnx::inspect(&sources.model, &flightdeck_onnx::Limits::default())?;
        let stem = sources.model.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = corrections.name.clone().unwrap_or_else(|| Name::suggest(&stem));
        let mut prepared = Self::of(inspection, name, file_name(&sources.model));
        match &sources.baseline {
            Some(path) => prepared.train_on_file(path)?,
            None => prepared.findings.push(no_baseline()),
        }
        prepared.correct(corrections)?;
        Ok(prepared)
    }

    pub(crate) fn train_on_file(&mut self, path: &Path) -> Result<()> {
        let matched = columns::matched(path, &mut self.signature)?;
        self.train_on(Training {
            name: file_name(path),
            sha256: digest_of(path)?,
            role: LineageRole::Baseline,
            matched,
        });
        Ok(())
    }

    pub(crate) fn train_on(&mut self, mut training: Training) {
        self.findings.append(&mut training.matched.findings);
        self.training = Some(training);
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Blocking)
    }

    pub(crate) fn lineage(&self) -> Result<Vec<LineageEntry>> {
        let entry = |path: &str, sha256, role| LineageEntry { path: path.into(), sha256, role };
        let mut lineage = Vec::new();
        match &self.made {
            Some(made) => lineage.extend(made.lineage.iter().cloned()),
            None => lineage.push(entry("original", self.original, LineageRole::Original)),
        }
        for file in &self.external {
            lineage.push(entry(&file.location, digest_of(&file.source)?, LineageRole::ExternalData));
        }
        if let Some(training) = &self.training {
            let path = if training.role == LineageRole::TrainingData { "training" } else { "baseline" };
            lineage.push(entry(path, training.sha256, training.role));
        }
        Ok(lineage)
    }

    /// The corrections whose columns and outputs are still there; that others are not is found.
    fn fitting(&mut self, corrections: &Corrections) -> Corrections {
        let mut fitting = corrections.clone();
        let signature = &self.signature;
        fitting.roles.retain(|(name, _)| signature.outputs.iter().any(|output| output.name == *name));
        fitting.kinds.retain(|(name, _)| signature.columns().any(|(_, column)| column.name == *name));
        if (fitting.roles.len(), fitting.kinds.len()) != (corrections.roles.len(), corrections.kinds.len()) {
            self.findings.push(Finding::new(
                "correction-dropped",
                Severity::Warning,
                "A correction that was made before is about a column or output that is no longer there",
                "Look at the signature, and import the file by hand to correct it",
            ));
        }
        fitting
    }

    /// Puts the user's corrections in place of what was proposed.
    pub(crate) fn correct(&mut self, corrections: &Corrections) -> Result<()> {
        let fitting = corrections.lenient.then(|| self.fitting(corrections));
        let corrections = fitting.as_ref().unwrap_or(corrections);
        let signature = &mut self.signature;
        signature.task = corrections.task.unwrap_or(signature.task);
        for (name, role) in &corrections.roles {
            let output = signature.outputs.iter_mut().find(|output| output.name == *name);
            output.ok_or_else(|| unknown("output", name))?.role = *role;
        }
        for (name, kind) in &corrections.kinds {
            let columns = signature.inputs.iter_mut().flat_map(|input| {
                let numeric = input.data_type != DataType::Bytes;
                input.columns.iter_mut().map(move |column| (numeric, column))
            });
            let (numeric, column) =
                columns.into_iter().find(|(_, c)| c.name == *name).ok_or_else(|| unknown("column", name))?;
            if *kind == ColumnKind::Numeric && !numeric {
                let message = format!("Column {name} holds texts and cannot be counted as numbers");
                return Err(Error::input("bad-correction", message, "Leave it categorical"));
            }
            column.kind = *kind;
        }
        Ok(())
    }
}

/// Runs blocking work beside the runtime.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let work = tokio::task::spawn_blocking(work);
    work.await.map_err(|error| Error::failed("internal", error.to_string(), "Report this as a bug"))?
}

pub(crate) fn no_baseline() -> Finding {
    Finding::new(
        "no-baseline",
        Severity::Warning,
        "There is no training data with it, so drift cannot be judged",
        "Give the CSV or Parquet file it was trained on with it",
    )
}

fn unknown(what: &str, name: &str) -> Error {
    Error::input("bad-correction", format!("The model has no {what} {name}"), "Use a name of the signature")
}
