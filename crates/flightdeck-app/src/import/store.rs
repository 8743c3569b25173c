//! Writing what was understood: the package, its documents, the row in the library.

use super::golden;
use super::prepared::Prepared;
use crate::jobs::Job;
use crate::views::ImportView;
use crate::words::model_kind;
use crate::{App, Error, Result};
use flightdeck_core::{Digest, Progress, Unit};
use flightdeck_package::{
    BASELINE, ENVIRONMENT, FORMAT_OF_FILES, FORMAT_OF_ORIGINALS, GOLDEN, LINEAGE, Lineage, MANIFEST, MODEL,
    Manifest, SIGNATURE, Staging,
};
use flightdeck_store::origin::{self, OriginRecord};
use flightdeck_store::version::{self, VersionRecord};
use flightdeck_table::Table;

impl App {
    /// Makes a version of it: the package appears whole or not at all, and with it the row and the audit entry.
    pub(crate) async fn store(&self, mut prepared: Prepared, job: &Job) -> Result<ImportView> {
        job.check()?;
        let mut staging = self.inner.artifacts.stage()?;
        write_model(&mut staging, &prepared, job)?;
        write_baseline(&mut staging, &mut prepared, job).await?;
        write_documents(&mut staging, &prepared)?;
        job.check()?;
        job.report(Progress::new("store", 0, None, Unit::Steps));
        let package = staging.finish(None)?;
        let record = VersionRecord {
            model: prepared.name.clone(),
            version: 0,
            digest: package.root,
            imported_at: self.now(),
            source: prepared.source.clone(),
            baseline: prepared.training.as_ref().map(|training| training.name.clone()),
            original: prepared.original,
            task: prepared.signature.task,
            kind: model_kind(&prepared.facts, &prepared.signature),
            bytes: package.bytes(),
            findings: prepared.findings.clone(),
        };
        let kept = prepared.made.as_ref().map(|made| {
            let parity = made.parity.as_ref().map(serde_json::to_string).transpose()?;
            Ok::<_, serde_json::Error>(OriginRecord {
                document: serde_json::to_string(&made.origin)?,
                parity,
            })
        });
        let kept = kept.transpose().map_err(|error| bug(&error))?;
        let (version, already) = self.act("import-version", prepared.name.as_str(), |act| {
            act.note("digest", package.root.to_string());
            act.note("original", prepared.original.to_string());
            let (version, already) = version::add(act, &record)?;
            if let Some(kept) = &kept {
                origin::add(act, &record.model, version, kept)?;
            }
            Ok((version, already))
        })?;
        if let Some(evaluation) = prepared.made.as_ref().and_then(|made| made.evaluation.as_ref()) {
            self.keep_evaluation(&package.root, evaluation)?;
        }
        let (parity, origin) = match prepared.made {
            Some(made) => (made.parity, Some(Box::new(made.origin))),
            None => (None, None),
        };
        Ok(ImportView {
            model: prepared.name,
            version,
            digest: package.root,
            already,
            signature: prepared.signature,
            parity,
            findings: prepared.findings,
            origin,
        })
    }
}

impl App {
    /// Keeps the rows that a version was evaluated on, as CSV in the library: what its performance is estimated from. They
    /// are people's rows and never leave this computer with the package.
    fn keep_evaluation(&self, digest: &Digest, rows: &Table) -> Result<()> {
        let folder = self.inner.library.join("evaluation");
        let written =
            std::fs::create_dir_all(&folder).and_then(|()| tempfile::NamedTempFile::new_in(&folder));
        let mut file = written.map_err(|error| unwritable(&error))?;
        let header: Vec<String> = rows.names().into_iter().map(str::to_owned).collect();
        let mut out = std::io::BufWriter::new(file.as_file_mut());
        flightdeck_table::write_csv(&mut out, &header, (0..rows.rows).map(|row| rows.row(row)))?;
        drop(out);
        file.persist(folder.join(format!("{}.csv", digest.hex())))
            .map_err(|error| unwritable(&error.error))?;
        Ok(())
    }
}

fn unwritable(error: &std::io::Error) -> Error {
    Error::failed("library-unreachable", format!("The library cannot be written: {error}"), "Free some space")
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
    if let Some(training) = &prepared.training {
        let rows = training.matched.table.rows as u64;
        job.report(Progress::new("baseline", 0, Some(rows), Unit::Rows));
        staging.write_json(BASELINE, &training.matched.freeze(&prepared.signature))?;
    }
    if let Some(golden) = prepared.made.as_ref().and_then(|made| made.golden.as_ref()) {
        staging.write_json(GOLDEN, golden)?;
        return Ok(());
    }
    let Some(training) = prepared.training.as_ref().filter(|_| !prepared.is_blocked()) else {
        return Ok(());
    };
    job.report(Progress::new("golden-rows", 0, None, Unit::Rows));
    let model = staging.folder().join(MODEL);
    match golden::golden(&prepared.signature, &training.matched, &model, job).await? {
        Ok(golden) => drop(staging.write_json(GOLDEN, &golden)?),
        Err(finding) => prepared.findings.push(finding),
    }
    Ok(())
}

/// Nothing here names the user's files: the same input gives the same digest wherever it lay.
fn write_documents(staging: &mut Staging, prepared: &Prepared) -> Result<()> {
    let facts = serde_json::to_value(&prepared.facts).map_err(|error| bug(&error))?;
    let format = if prepared.made.is_some() { FORMAT_OF_ORIGINALS } else { FORMAT_OF_FILES };
    staging.write_json(MANIFEST, &Manifest { format, model: MODEL.into(), facts })?;
    staging.write_json(SIGNATURE, &prepared.signature)?;
    if let Some(made) = &prepared.made {
        staging.write_json(ENVIRONMENT, &made.environment)?;
    }
    staging.write_json(LINEAGE, &Lineage(prepared.lineage()?))?;
    Ok(())
}

fn bug(error: &serde_json::Error) -> Error {
    Error::failed("internal", error.to_string(), "Report this as a bug")
}
