//! From a package that was checked to a version that is warm.

use crate::app::App;
use crate::control::blocking;
use crate::counting::no_baseline;
use crate::model_file::with_model;
use crate::problem::Problem;
use crate::serving::{Lane, Model};
use axum::http::StatusCode;
use flightdeck_core::{Cancel, Digest, Signature, Tensor};
use flightdeck_drift::Baseline;
use flightdeck_engine::client::Watch;
use flightdeck_engine::runtime::{Runtime, Session, SessionOptions};
use flightdeck_engine::{PreflightRequest, rows, synthesise};
use flightdeck_package::{BASELINE, GOLDEN, Golden, MANIFEST, Manifest, Package, SIGNATURE};
use flightdeck_protocol::{Comparison, Preflight, Serving, Verdict};
use std::sync::Arc;

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
    let runtime = app.runtime().await?.clone();
    let loaded_at = app.now();
    let open = move || {
        let (version, bytes) = (package.root, package.files.iter().map(|entry| entry.bytes).sum());
        let Loaded { signature, baseline, lane, load_ms } = open(&runtime, &package)?;
        let (version_text, lane) = (version.hex(), Arc::new(lane));
        Ok(Model { version, version_text, serving, signature, baseline, lane, loaded_at, load_ms, bytes })
    };
    Ok(Arc::new(blocking(open).await?))
}

struct Loaded {
    signature: Signature,
    baseline: Baseline,
    lane: Lane,
    load_ms: f64,
}

fn open(runtime: &Runtime, package: &Package) -> Result<Loaded, Problem> {
    let manifest: Manifest = package.read(MANIFEST)?;
    let signature: Signature = package.read(SIGNATURE)?;
    let baseline = if package.entry(BASELINE).is_some() { package.read(BASELINE)? } else { no_baseline() };
    let path = package.path.join(&manifest.model);
    let session = with_model(&path, |model| runtime.session(model, SessionOptions::default()))?;
    check_signature(&session, &signature)?;
    let load_ms = session.load_ms();
    let lane = Lane::new(session, &signature, &sample(package, &signature)?)?;
    Ok(Loaded { signature, baseline, lane, load_ms })
}

/// A row to warm the model with: one that it knows, or an invented one.
fn sample(package: &Package, signature: &Signature) -> Result<Vec<Tensor>, Problem> {
    if package.entry(GOLDEN).is_some() {
        let golden: Golden = package.read(GOLDEN)?;
        let batched = signature.inputs.iter().all(|input| input.batch_axis == Some(0));
        let row = |tensor: &Tensor| if batched { rows::cycle(tensor, 1) } else { tensor.clone() };
        return Ok(golden.inputs.iter().map(row).collect());
    }
    synthesise(signature, 1).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unsupported-type", error.to_string())
    })
}

fn check_signature(session: &Session, signature: &Signature) -> Result<(), Problem> {
    let stated = signature.inputs.iter().map(|input| (&input.name, input.data_type));
    let found = session.inputs().iter().map(|input| (&input.name, input.data_type));
    if stated.eq(found) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "signature-differs",
        "the package's signature does not describe its model",
    )
    .hint("Import the model again."))
}
