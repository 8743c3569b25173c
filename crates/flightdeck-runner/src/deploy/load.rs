//! From a package that was checked to a version that is warm.

use crate::app::App;
use crate::control::blocking;
use crate::counting::no_baseline;
use crate::model_file::with_model;
use crate::problem::Problem;
use crate::serving::{Apart, Engine, Lane, Model, Sample};
use axum::http::StatusCode;
use flightdeck_core::{Cancel, Digest, Signature};
use flightdeck_engine::client::{Watch, Worker};
use flightdeck_engine::runtime::{Runtime, SessionOptions};
use flightdeck_engine::{PreflightRequest, synthesise};
use flightdeck_package::{BASELINE, GOLDEN, Golden, MANIFEST, Manifest, Package, SIGNATURE, Tolerance};
use flightdeck_protocol::{Comparison, Isolation, Preflight, Serving, Verdict};
use std::sync::Arc;
use std::time::Duration;

/// The package, every byte of it checked.
pub(super) async fn package(app: &App, version: Digest) -> Result<Package, Problem> {
    let artifacts = app.artifacts.clone();
    blocking(move || {
        if !artifacts.contains(&version) {
            let message = format!("the package {version} is not on this runner");
            return Err(
                Problem::new(StatusCode::CONFLICT, "package-missing", message).hint("Upload it first.")
            );
        }
        let package = artifacts.package(&version)?;
        package.verify()?;
        Ok(package)
    })
    .await
}

pub(super) async fn preflight(app: &App, package: &Package, serving: Serving) -> Result<Preflight, Problem> {
    let request = PreflightRequest { package: package.path.clone() };
    let watch = Watch { progress: &mut |_| {}, cancel: &Cancel::default() };
    let found = app.worker.with_memory(serving.memory_bytes).preflight(request, watch).await?;
    if let Some(comparison) =
        found.comparison.as_ref().filter(|c| c.verdict == flightdeck_engine::Verdict::Differ)
    {
        let (beyond, rows) = (comparison.beyond, comparison.rows);
        let first = comparison.first.as_deref().unwrap_or("the outputs have another form");
        let message = format!("{beyond} of {rows} golden rows come out differently here: {first}");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "preflight-differs", message)
            .hint("Import the model again; if it stays, this computer computes it differently."));
    }
    let comparison = found.comparison.map(|c| Comparison {
        rows: c.rows,
        beyond: c.beyond,
        max_abs: c.max_abs,
        verdict: Verdict::Agree,
        first: c.first,
    });
    Ok(Preflight { load_ms: found.load_ms, peak_bytes: found.peak_bytes, comparison })
}

pub(super) async fn load(app: &App, package: Package, serving: Serving) -> Result<Arc<Model>, Problem> {
    let host = match serving.isolation {
        Isolation::InProcess => Host::Here(app.runtime().await?.clone()),
        Isolation::Process => Host::Apart(app.worker.with_memory(serving.memory_bytes)),
    };
    let (loaded_at, time) = (app.now(), app.worker.time());
    let open = move || {
        let (version, bytes) = (package.root, package.files.iter().map(|entry| entry.bytes).sum());
        let signature: Signature = package.read(SIGNATURE)?;
        let baseline =
            if package.entry(BASELINE).is_some() { package.read(BASELINE)? } else { no_baseline() };
        let engine = host.open(&package)?;
        check_signature(&engine, &signature)?;
        let load_ms = engine.load_ms();
        let lane = Lane::new(engine, (&signature, &serving), &sample(&package, &signature, time)?)?;
        let version_text = version.hex();
        Ok(Model { version, version_text, serving, signature, baseline, lane, loaded_at, load_ms, bytes })
    };
    let model = blocking(open).await?;
    app.watch.add(&model.lane);
    Ok(Arc::new(model))
}

/// Where a model will run.
enum Host {
    Here(Runtime),
    Apart(Worker),
}

impl Host {
    fn open(self, package: &Package) -> Result<Engine, Problem> {
        match self {
            Self::Here(runtime) => {
                let manifest: Manifest = package.read(MANIFEST)?;
                let path = package.path.join(&manifest.model);
                let session = with_model(&path, |model| runtime.session(model, SessionOptions::default()))?;
                Ok(Engine::Here(session))
            }
            Self::Apart(worker) => Ok(Engine::Apart(Apart::start(worker, package.path.clone())?)),
        }
    }
}

/// Rows to warm the model with: some that it knows, or invented ones.
fn sample(package: &Package, signature: &Signature, time: Duration) -> Result<Sample, Problem> {
    if package.entry(GOLDEN).is_some() {
        let Golden { inputs, tolerance, .. } = package.read(GOLDEN)?;
        return Ok(Sample { inputs, tolerance, time });
    }
    let inputs = synthesise(signature, INVENTED_ROWS).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unsupported-type", error.to_string())
    })?;
    Ok(Sample { inputs, tolerance: Tolerance { absolute: 1e-5, relative: 1e-4 }, time })
}

/// Rows to try together where the package has none.
const INVENTED_ROWS: usize = 4;

fn check_signature(engine: &Engine, signature: &Signature) -> Result<(), Problem> {
    let stated = signature.inputs.iter().map(|input| (input.name.clone(), input.data_type));
    if stated.eq(engine.inputs()) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "signature-differs",
        "the package's signature does not describe its model",
    )
    .hint("Import the model again."))
}
