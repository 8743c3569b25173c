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
use flightdeck_package::{
    ENVIRONMENT, Environment, GOLDEN, LINEAGE, Lineage, LineageRole, MODEL, Package, SIGNATURE,
};
use flightdeck_store::version::{self, VersionRecord};
use given::Given;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

impl App {
    /// What the files would become. Nothing is written, and nothing of them is executed.
    pub async fn plan_import(&self, paths: &[PathBuf], corrections: &Corrections) -> Result<ImportPlan> {
        let mut sources = source::sort(paths)?;
        match given::look(&mut sources).await? {
            Given::Onnx(held) => {
                let prepared = Prepared::read(sources, corrections.clone()).await?;
                drop(held);
                self.planned(prepared)
            }
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
        // What was unpacked lives until the version is written: its data files are copied then.
        let given = given::look(&mut sources).await?;
        let mut prepared = match &given {
            Given::Onnx(_) => Prepared::read(sources, corrections.clone()).await?,
            Given::Notebook => {
                let mut prepared = self.prepare_notebook(&sources.model, &corrections, job).await?;
                if let Some(data) = &sources.baseline {
                    prepared.train_on_file(data)?;
                }
                prepared
            }
            Given::Other(other) => self.prepare_other(other, &sources, &corrections, job).await?,
        };
        match &fetched {
            Some(fetched) => {
                prepared.source.clone_from(&fetched.source);
                if let Some(made) = &mut prepared.made {
                    made.origin.path = named.display().to_string();
                }
            }
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
        let prepared = self.with_data(&record, data, corrections).await?;
        self.store(prepared, job).await
    }

    /// What a version would become with the data it was trained on.
    pub async fn plan_baseline(&self, model: &Name, number: Option<u32>, data: &Path) -> Result<ImportPlan> {
        let record = self.version(model, number)?;
        let prepared = self.with_data(&record, data, Corrections::default()).await?;
        let plan = self.planned(prepared)?;
        Ok(ImportPlan { name: record.model, file: record.source, already: None, ..plan })
    }

    /// A version as it is, with data: what it was proved to be, and everything that was found, stays with it.
    async fn with_data(
        &self,
        record: &VersionRecord,
        data: &Path,
        corrections: Corrections,
    ) -> Result<Prepared> {
        let package = self.package(&record.digest)?;
        let kept = self.kept(record, &package)?;
        let (record, data) = (record.clone(), data.to_owned());
        on_a_thread(move || {
            let model = package.path.join(MODEL);
            let inspection = flightdeck_onnx::inspect(&model, &flightdeck_onnx::Limits::default())?;
            let mut prepared = Prepared::of(inspection, record.model, record.source);
            prepared.original = record.original;
            prepared.signature = package.read(SIGNATURE)?;
            prepared.findings =
                record.findings.into_iter().filter(|finding| finding.code != "no-baseline").collect();
            prepared.made = kept;
            prepared.train_on_file(&data)?;
            prepared.correct(&corrections)?;
            Ok(prepared)
        })
        .await
    }

    /// What a version that was converted has besides its model.
    fn kept(&self, record: &VersionRecord, package: &Package) -> Result<Option<Made>> {
        let Some((origin, parity)) = self.origin(record)? else { return Ok(None) };
        let optional = |name: &str| package.entry(name).is_some();
        let lineage: Lineage = package.read(LINEAGE)?;
        let data = [LineageRole::Baseline, LineageRole::TrainingData, LineageRole::ExternalData];
        Ok(Some(Made {
            origin,
            parity,
            golden: if optional(GOLDEN) { Some(package.read(GOLDEN)?) } else { None },
            evaluation: None,
            environment: if optional(ENVIRONMENT) {
                package.read(ENVIRONMENT)?
            } else {
                Environment::default()
            },
            lineage: lineage.0.into_iter().filter(|entry| !data.contains(&entry.role)).collect(),
        }))
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
