//! From a model file, and the data it was trained on, to an immutable version in the library.

mod columns;
mod golden;
mod source;

pub(crate) use source::file_name;

use crate::jobs::Job;
use crate::views::{BaselinePlan, Corrections, ImportPlan, ImportView};
use crate::words::model_kind;
use crate::{App, Error, Kind, Result};
use columns::Matched;
use flightdeck_core::{ColumnKind, Digest, Finding, Name, Progress, Severity, Signature, Unit};
use flightdeck_onnx::{External, Facts, Inspection};
use flightdeck_package::{
    BASELINE, GOLDEN, LINEAGE, Lineage, LineageEntry, LineageRole, MANIFEST, MANIFEST_FORMAT, MODEL,
    Manifest, SIGNATURE, Staging,
};
use flightdeck_store::version;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// What the files hold, read and understood, before anything is written.
struct Prepared {
    name: Name,
    /// The model file's name.
    source: String,
    model: Vec<u8>,
    facts: Facts,
    external: Vec<External>,
    original: Digest,
    signature: Signature,
    findings: Vec<Finding>,
    baseline: Option<(PathBuf, Matched)>,
}

impl App {
    /// What the files would become. Nothing is written.
    pub async fn plan_import(&self, paths: &[PathBuf]) -> Result<ImportPlan> {
        let prepared = prepare(paths.to_vec(), Corrections::default()).await?;
        let known = self.read(version::all)?;
        let already = known.iter().find(|v| v.model == prepared.name && v.original == prepared.original);
        let baseline = prepared.baseline.as_ref().map(|(path, matched)| BaselinePlan {
            file: file_name(path),
            rows: matched.table.rows as u64,
            time_column: matched.time_column.map(|index| matched.table.columns[index].name.clone()),
            columns: matched.views(&prepared.signature),
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

    /// Imports a model file, alone or with the data it was trained on. The same bytes are the same version.
    pub async fn import(&self, paths: &[PathBuf], corrections: Corrections, job: &Job) -> Result<ImportView> {
        job.report(Progress::new("read", 0, None, Unit::Steps));
        let imported = match prepare(paths.to_vec(), corrections).await {
            Ok(prepared) => self.store(prepared, job).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &imported {
            self.note_refusal(paths, error)?;
        }
        imported
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

    async fn store(&self, mut prepared: Prepared, job: &Job) -> Result<ImportView> {
        job.check()?;
        let mut staging = self.inner.artifacts.stage()?;
        write_model(&mut staging, &prepared, job)?;
        write_baseline(&mut staging, &mut prepared, job).await?;
        write_documents(&mut staging, &prepared)?;
        job.check()?;
        job.report(Progress::new("store", 0, None, Unit::Steps));
        let package = staging.finish(None)?;
        let record = version::VersionRecord {
            model: prepared.name.clone(),
            version: 0,
            digest: package.root,
            imported_at: self.now(),
            source: prepared.source.clone(),
            baseline: prepared.baseline.as_ref().map(|(path, _)| file_name(path)),
            original: prepared.original,
            task: prepared.signature.task,
            kind: model_kind(&prepared.facts, &prepared.signature),
            bytes: package.bytes(),
            findings: prepared.findings.clone(),
        };
        let (version, already) = self.act("import-version", prepared.name.as_str(), |act| {
            act.note("digest", package.root.to_string());
            act.note("original", prepared.original.to_string());
            version::add(act, &record)
        })?;
        Ok(ImportView {
            model: prepared.name,
            version,
            digest: package.root,
            already,
            signature: prepared.signature,
            parity: None,
            origin: None,
            findings: prepared.findings,
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
        let mut prepared = prepare(self.with_data(&record, data)?, corrections).await?;
        // The package's model is the original less its ZipMap: where it comes from stays what it was.
        prepared.name = record.model;
        prepared.source = record.source;
        prepared.original = record.original;
        self.store(prepared, job).await
    }

    /// What a version would become with the data it was trained on.
    pub async fn plan_baseline(&self, model: &Name, number: Option<u32>, data: &Path) -> Result<ImportPlan> {
        let record = self.version(model, number)?;
        let plan = self.plan_import(&self.with_data(&record, data)?).await?;
        Ok(ImportPlan { name: record.model, file: record.source, already: None, ..plan })
    }

    fn with_data(&self, record: &version::VersionRecord, data: &Path) -> Result<Vec<PathBuf>> {
        Ok(vec![self.package(&record.digest)?.path.join(MODEL), data.into()])
    }
}

/// Reads and understands the files on a thread of its own: parsing and counting must not hold up the runtime.
async fn prepare(paths: Vec<PathBuf>, corrections: Corrections) -> Result<Prepared> {
    let work = tokio::task::spawn_blocking(move || prepare_now(&paths, &corrections));
    work.await.map_err(|error| Error::failed("internal", error.to_string(), "Report this as a bug"))?
}

fn prepare_now(paths: &[PathBuf], corrections: &Corrections) -> Result<Prepared> {
    let sources = source::sort(paths)?;
    let Inspection { facts, mut signature, mut findings, model, model_changed, original, external, .. } =
        flightdeck_onnx::inspect(&sources.model, &flightdeck_onnx::Limits::default())?;
    if model_changed {
        findings.push(Finding::new(
            "zipmap-removed",
            Severity::Info,
            "The last operator, a ZipMap, was taken out: scores come as one tensor",
            "Nothing has to be done; the original file's digest stays in the lineage",
        ));
    }
    let baseline = match sources.baseline {
        Some(path) => {
            let mut matched = columns::matched(&path, &mut signature)?;
            findings.append(&mut matched.findings);
            Some((path, matched))
        }
        None => None,
    };
    if baseline.is_none() {
        findings.push(Finding::new(
            "no-baseline",
            Severity::Warning,
            "There is no training data with it, so drift cannot be judged",
            "Give the CSV or Parquet file it was trained on with it",
        ));
    }
    correct(&mut signature, corrections)?;
    let stem = sources.model.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = corrections.name.clone().unwrap_or_else(|| Name::suggest(&stem));
    let source = file_name(&sources.model);
    Ok(Prepared { name, source, model, facts, external, original, signature, findings, baseline })
}

/// Puts the user's corrections in place of what was proposed.
fn correct(signature: &mut Signature, corrections: &Corrections) -> Result<()> {
    signature.task = corrections.task.unwrap_or(signature.task);
    for (name, role) in &corrections.roles {
        let output = signature.outputs.iter_mut().find(|output| output.name == *name);
        output.ok_or_else(|| unknown("output", name))?.role = *role;
    }
    for (name, kind) in &corrections.kinds {
        let columns = signature.inputs.iter_mut().flat_map(|input| {
            let numeric = input.data_type != flightdeck_core::DataType::Bytes;
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

fn unknown(what: &str, name: &str) -> Error {
    Error::input("bad-correction", format!("The model has no {what} {name}"), "Use a name of the signature")
}

fn write_model(staging: &mut Staging, prepared: &Prepared, job: &Job) -> Result<()> {
    staging.write(MODEL, &prepared.model)?;
    let total: u64 = prepared.external.iter().map(|file| file.bytes).sum();
    for file in &prepared.external {
        let mut copied = |done| job.report(Progress::new("copy", done, total, Unit::Bytes));
        staging.copy(&file.location, &file.source, &mut copied)?;
        job.check()?;
    }
    Ok(())
}

async fn write_baseline(staging: &mut Staging, prepared: &mut Prepared, job: &Job) -> Result<()> {
    let Some((_, matched)) = &prepared.baseline else { return Ok(()) };
    job.report(Progress::new("baseline", 0, Some(matched.table.rows as u64), Unit::Rows));
    staging.write_json(BASELINE, &matched.freeze(&prepared.signature))?;
    let blocked = prepared.findings.iter().any(|finding| finding.severity == Severity::Blocking);
    if !blocked {
        job.report(Progress::new("golden-rows", 0, None, Unit::Rows));
        let model = staging.folder().join(MODEL);
        match golden::golden(&prepared.signature, matched, &model, job).await? {
            Ok(golden) => drop(staging.write_json(GOLDEN, &golden)?),
            Err(finding) => prepared.findings.push(finding),
        }
    }
    Ok(())
}

/// Nothing here names the user's files: the same input gives the same digest wherever it lay.
fn write_documents(staging: &mut Staging, prepared: &Prepared) -> Result<()> {
    let facts = serde_json::to_value(&prepared.facts)
        .map_err(|error| Error::failed("internal", error.to_string(), "Report this as a bug"))?;
    staging.write_json(MANIFEST, &Manifest { format: MANIFEST_FORMAT, model: MODEL.into(), facts })?;
    staging.write_json(SIGNATURE, &prepared.signature)?;
    let mut lineage = vec![LineageEntry {
        path: "original".into(),
        sha256: prepared.original,
        role: LineageRole::Original,
    }];
    for file in &prepared.external {
        let sha256 = digest_of(&file.source)?;
        lineage.push(LineageEntry { path: file.location.clone(), sha256, role: LineageRole::ExternalData });
    }
    if let Some((path, _)) = &prepared.baseline {
        let sha256 = digest_of(path)?;
        lineage.push(LineageEntry { path: "baseline".into(), sha256, role: LineageRole::Baseline });
    }
    staging.write_json(LINEAGE, &Lineage(lineage))?;
    Ok(())
}

fn digest_of(path: &Path) -> Result<Digest> {
    let unreadable = |error: std::io::Error| {
        let message = format!("{} can no longer be read: {error}", file_name(path));
        Error::input("unreadable", message, "Check that the file is still there")
    };
    let mut hash = Sha256::new();
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    std::io::copy(&mut file, &mut hash).map_err(unreadable)?;
    Ok(Digest::from_bytes(hash.finalize().into()))
}
