//! From what a person has, to an immutable version in the library.
//!
//! An ONNX file is taken as it is, alone or with the data it was trained on. What a notebook or another program's file
//! becomes first is decided in `crate::notebook`; both end here, in one [`Prepared`] and one way of writing it.

mod columns;
mod given;
mod golden;
mod prepared;
mod registry;
mod source;
mod store;

pub(crate) use columns::Matched;
pub(crate) use golden::TOLERANCE;
pub(crate) use prepared::{Made, Prepared, Training, no_baseline, on_a_thread};
pub(crate) use source::file_name;

use crate::notebook::scratch;

use crate::jobs::Job;
use crate::views::{BaselinePlan, Corrections, ImportPlan, ImportView};
use crate::{App, Error, Kind, Result};
use flightdeck_core::{Digest, Name, Progress, Unit};
use flightdeck_package::MODEL;
use flightdeck_store::version::{self, VersionRecord};
use given::Given;
use sha2::{Digest as _, Sha256};
use source::Sources;
use std::path::{Path, PathBuf};

impl App {
    /// What the files would become. Nothing is written, and nothing of them is executed.
    pub async fn plan_import(&self, paths: &[PathBuf], corrections: &Corrections) -> Result<ImportPlan> {
        let mut sources = source::sort(paths)?;
        match given::look(&mut sources).await? {
            Given::Onnx(_held) => self.planned(Prepared::read(sources, corrections.clone()).await?),
            Given::Notebook => self.plan_notebook(&sources.model, corrections).await,
            Given::Other(other) => Ok(given::plan(&other, &sources, corrections)),
        }
    }

    fn planned(&self, prepared: Prepared) -> Result<ImportPlan> {
        let known = self.read(version::all)?;
        let already = known.iter().find(|v| v.model == prepared.name && v.original == prepared.original);
        let baseline = prepared.training.as_ref().map(|training| BaselinePlan {
            file: training.name.clone(),
            rows: training.matched.table.rows as u64,
            time_column: training.matched.time_column_name(),
            columns: training.matched.views(&prepared.signature),
        });
        Ok(ImportPlan {
            file: prepared.source.clone(),
            already: already.filter(|_| baseline.is_none()).map(|v| v.version),
            baseline,
            name: prepared.name,
            signature: Some(prepared.signature),
            notebook: None,
            consent: None,
            findings: prepared.findings,
        })
    }

    /// Imports a model, alone or with the data it was trained on. The same bytes are the same version.
    pub async fn import(&self, paths: &[PathBuf], corrections: Corrections, job: &Job) -> Result<ImportView> {
        job.report(Progress::new("read", 0, None, Unit::Steps));
        let imported = self.import_sources(paths, corrections, job).await;
        if let Err(error) = &imported {
            self.note_refusal(paths, error)?;
        }
        imported
    }

    async fn import_sources(
        &self,
        paths: &[PathBuf],
        corrections: Corrections,
        job: &Job,
    ) -> Result<ImportView> {
        let mut sources = source::sort(paths)?;
        let named = sources.model.clone();
        let fetched = match registry::named(&named) {
            Some(address) => Some(self.fetch(&address, job).await?),
            None => None,
        };
        let mut corrections = corrections;
        if let Some(fetched) = &fetched {
            sources.model.clone_from(&fetched.folder);
            corrections.name.get_or_insert_with(|| Name::suggest(&fetched.name));
        }
        let mut prepared = match given::look(&mut sources).await? {
            Given::Onnx(_held) => Prepared::read(sources, corrections.clone()).await?,
            Given::Notebook => self.prepare_notebook(&sources.model, &corrections, job).await?,
            Given::Other(other) => self.prepare_other(&other, &sources, &corrections, job).await?,
        };
        match &fetched {
            Some(fetched) => prepared.source.clone_from(&fetched.source),
            None if prepared.made.is_none() => prepared.source = file_name(&named),
            None => {}
        }
        let seen = prepared.original;
        let imported = self.store(prepared, job).await?;
        self.note_watch(&imported, &named, seen, &corrections)?;
        Ok(imported)
    }

    /// What was refused is in the audit log too: by its name and why, and nothing of it is kept.
    fn note_refusal(&self, paths: &[PathBuf], error: &Error) -> Result<()> {
        if error.kind != Kind::Input {
            return Ok(());
        }
        let name: String =
            paths.first().map(|path| file_name(path)).unwrap_or_default().chars().take(200).collect();
        self.act("refuse-import", &name, |act| {
            act.note("code", error.code.as_ref());
            Ok(())
        })
    }

    /// The same model with the data it was trained on: a new version, whose package holds both.
    pub async fn add_baseline(
        &self,
        model: &Name,
        number: Option<u32>,
        data: &Path,
        corrections: Corrections,
        job: &Job,
    ) -> Result<ImportView> {
        job.report(Progress::new("read", 0, None, Unit::Steps));
        let record = self.version(model, number)?;
        let mut prepared = Prepared::read(self.with_data(&record, data)?, corrections).await?;
        // The package's model is the original less its ZipMap: where it comes from stays what it was.
        prepared.name = record.model;
        prepared.source = record.source;
        prepared.original = record.original;
        self.store(prepared, job).await
    }

    /// What a version would become with the data it was trained on.
    pub async fn plan_baseline(&self, model: &Name, number: Option<u32>, data: &Path) -> Result<ImportPlan> {
        let record = self.version(model, number)?;
        let prepared = Prepared::read(self.with_data(&record, data)?, Corrections::default()).await?;
        let plan = self.planned(prepared)?;
        Ok(ImportPlan { name: record.model, file: record.source, already: None, ..plan })
    }

    fn with_data(&self, record: &VersionRecord, data: &Path) -> Result<Sources> {
        Ok(Sources { model: self.package(&record.digest)?.path.join(MODEL), baseline: Some(data.into()) })
    }
}

pub(crate) fn digest_of(path: &Path) -> Result<Digest> {
    let unreadable = |error: std::io::Error| {
        let message = format!("{} can no longer be read: {error}", file_name(path));
        Error::input("unreadable", message, "Check that the file is still there")
    };
    let mut hash = Sha256::new();
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    std::io::copy(&mut file, &mut hash).map_err(unreadable)?;
    Ok(Digest::from_bytes(hash.finalize().into()))
}
