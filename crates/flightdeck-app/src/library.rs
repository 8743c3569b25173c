//! The library as it is shown: models, their versions, one version in full.

use crate::drift::of;
use crate::import::file_name;
use crate::views::{
    BaselineColumnView, BaselineView, FactsView, GoldenView, LineageRow, ModelView, ProfileView, ShowView,
    VersionRow, VersionState,
};
use crate::{App, Error, Result};
use flightdeck_core::{Digest, Name, Severity};
use flightdeck_drift::Counted;
use flightdeck_onnx::Facts;
use flightdeck_package::{
    GOLDEN, Golden, LINEAGE, Lineage, LineageRole, MANIFEST, Manifest, Package, SIGNATURE,
};
use flightdeck_store::alert::{self, AlertRecord};
use flightdeck_store::endpoint::{self, EndpointRecord};
use flightdeck_store::profile;
use flightdeck_store::version::{self, VersionRecord};

impl App {
    /// All models with their versions.
    pub fn models(&self) -> Result<Vec<ModelView>> {
        let context = self.context()?;
        let mut models: Vec<ModelView> = Vec::new();
        for record in self.read(version::all)? {
            let row = self.row(&record, &context)?;
            match models.last_mut() {
                Some(model) if model.model == record.model => model.versions.push(row),
                _ => models.push(ModelView { model: record.model, versions: vec![row] }),
            }
        }
        Ok(models)
    }

    /// Everything about one version; the newest when no number is given.
    pub fn show(&self, model: &Name, number: Option<u32>) -> Result<ShowView> {
        let record = self.version(model, number)?;
        let package = self.package(&record.digest)?;
        let context = self.context()?;
        let (origin, parity) = self.origin(&record)?.unzip();
        let parity = parity.flatten();
        let versions = self.read(version::all)?.into_iter().filter(|known| known.model == record.model);
        let versions = versions.map(|known| self.row(&known, &context)).collect::<Result<_>>()?;
        Ok(ShowView {
            model: record.model.clone(),
            row: self.row(&record, &context)?,
            path: package.path.display().to_string(),
            signature: package.read(SIGNATURE)?,
            findings: record.findings.clone(),
            profile: self.newest_profile(&record)?,
            parity,
            origin: origin.map(Box::new),
            difference: self.difference(&record)?.map(Box::new),
            watch: self.watch_of(model)?,
            lineage: lineage(&record, &package)?,
            golden: golden(&package)?,
            baseline: self.baseline_view(&record.digest)?,
            facts: facts(&package)?,
            versions,
        })
    }

    /// A version of a model, or why there is none.
    pub(crate) fn version(&self, model: &Name, number: Option<u32>) -> Result<VersionRecord> {
        if let Some(found) = self.read(|c| version::find(c, model.as_str(), number))? {
            return Ok(found);
        }
        let known = self.read(|c| version::find(c, model.as_str(), None))?;
        Err(match (known, number) {
            (Some(newest), Some(number)) => Error::input(
                "no-version",
                format!("{model} has no version {number}"),
                format!("Its newest version is {}", newest.version),
            ),
            _ => Error::input("no-model", format!("There is no model {model}"), "Import it first"),
        })
    }

    fn row(&self, record: &VersionRecord, context: &Context) -> Result<VersionRow> {
        let endpoints = context.endpoints.iter().filter(|endpoint| endpoint.digest == record.digest);
        let endpoints: Vec<Name> = endpoints.map(|endpoint| endpoint.endpoint.clone()).collect();
        let p99_us = self.newest_profile(record)?.and_then(|p| p.latency_us.first().map(|l| l.p99));
        let attention = record.findings.iter().filter(|finding| finding.severity > Severity::Info).count();
        Ok(VersionRow {
            version: record.version,
            digest: record.digest,
            imported_at: record.imported_at,
            from: record.source.clone(),
            task: record.task,
            state: context.state(record),
            kind: record.kind.clone(),
            bytes: record.bytes,
            p99_us,
            endpoints,
            warnings: attention as u32,
        })
    }

    pub(crate) fn newest_profile(&self, record: &VersionRecord) -> Result<Option<ProfileView>> {
        let document = self.read(|c| profile::newest(c, &record.digest))?;
        Ok(document.and_then(|document| serde_json::from_str(&document).ok()))
    }

    fn baseline_view(&self, digest: &Digest) -> Result<Option<BaselineView>> {
        let Some(baseline) = self.baseline(digest)? else { return Ok(None) };
        let columns = baseline.columns.iter().map(|column| BaselineColumnView {
            name: column.name.clone(),
            kind: column.kind(),
            nulls: column.nulls,
            summary: summary(&column.counted),
        });
        Ok(Some(BaselineView {
            rows: baseline.rows,
            columns: columns.collect(),
            period: baseline.period.map(|(first, last)| [first, last]),
        }))
    }

    fn context(&self) -> Result<Context> {
        Ok(Context { endpoints: self.read(endpoint::all)?, alerts: self.read(alert::all)? })
    }
}

/// What a version's state depends on besides itself.
struct Context {
    endpoints: Vec<EndpointRecord>,
    alerts: Vec<AlertRecord>,
}

impl Context {
    fn state(&self, record: &VersionRecord) -> VersionState {
        let open = |alert: &AlertRecord| {
            alert.closed_at.is_none() && self.endpoints.iter().any(|endpoint| of(endpoint, alert))
        };
        let drifts = || self.alerts.iter().any(|alert| alert.version == record.digest && open(alert));
        if record.findings.iter().any(|finding| finding.severity == Severity::Blocking) {
            VersionState::Blocked
        } else if !self.endpoints.iter().any(|endpoint| endpoint.digest == record.digest) {
            VersionState::Ready
        } else if drifts() {
            VersionState::Drifting
        } else {
            VersionState::Serving
        }
    }
}

fn lineage(record: &VersionRecord, package: &Package) -> Result<Vec<LineageRow>> {
    let lineage: Lineage = package.read(LINEAGE)?;
    let rows = lineage.0.into_iter().map(|entry| {
        let (path, role) = match entry.role {
            LineageRole::Original => (record.source.clone(), "model"),
            LineageRole::ExternalData => (entry.path, "external-data"),
            LineageRole::Notebook => (record.source.clone(), "notebook"),
            LineageRole::TrainingData => (entry.path, "training-data"),
            LineageRole::FileRead => (entry.path, "file-read"),
            LineageRole::OriginalModel => (entry.path, "original-model"),
            LineageRole::Baseline => (record.baseline.clone().unwrap_or(entry.path), "baseline"),
        };
        LineageRow { path: file_name(path.as_ref()), sha256: entry.sha256, role: role.into() }
    });
    Ok(rows.collect())
}

fn golden(package: &Package) -> Result<Option<GoldenView>> {
    if package.entry(GOLDEN).is_none() {
        return Ok(None);
    }
    let golden: Golden = package.read(GOLDEN)?;
    let rows = golden.inputs.first().and_then(|tensor| tensor.shape.first().copied()).unwrap_or(0);
    Ok(Some(GoldenView { file: GOLDEN.into(), rows }))
}

fn facts(package: &Package) -> Result<FactsView> {
    let manifest: Manifest = package.read(MANIFEST)?;
    let facts: Facts = serde_json::from_value(manifest.facts).map_err(|error| {
        Error::failed(
            "package-damaged",
            format!("The manifest cannot be read: {error}"),
            "Import the model again",
        )
    })?;
    let named = |domain: &str| if domain.is_empty() { "ai.onnx" } else { domain }.to_owned();
    let mut operators: Vec<(String, u64)> =
        facts.operators.into_iter().map(|operator| (operator.name, operator.count)).collect();
    operators.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(FactsView {
        producer: facts.producer,
        opsets: facts.opsets.iter().map(|set| format!("{} {}", named(&set.domain), set.version)).collect(),
        operators,
        parameters: facts.parameters,
        metadata: facts.metadata.into_iter().collect(),
    })
}

fn summary(counted: &Counted) -> String {
    match counted {
        Counted::Numeric(numeric) => match (numeric.min, numeric.max, crate::words::median(numeric)) {
            (Some(min), Some(max), Some(median)) => format!(
                "{} to {}, median {}",
                flightdeck_drift::words::number(min),
                flightdeck_drift::words::number(max),
                flightdeck_drift::words::number(median)
            ),
            _ => "no values".into(),
        },
        Counted::Categorical(categorical) => {
            let most = categorical.values.iter().max_by_key(|value| value.count);
            match most {
                Some(most) => format!("{} values, most often {}", categorical.distinct, most.value),
                None => "no values".into(),
            }
        }
    }
}
