//! Changing what an endpoint serves: tried in a child, loaded, warmed, written down, and switched in one step.
//!
//! Whatever goes wrong before the switch, the version that served before serves on and nothing was written.

use crate::app::App;
use crate::control::blocking;
use crate::counting::{Counting, Subject, no_baseline};
use crate::problem::Problem;
use crate::serving::{Condition, Endpoint, Lane, Served};
use crate::state::StoredEndpoint;
use axum::http::StatusCode;
use flightdeck_core::{Cancel, Digest, Name, Principal, Signature, Tensor};
use flightdeck_drift::Baseline;
use flightdeck_engine::client::Watch;
use flightdeck_engine::runtime::{Runtime, Session, SessionOptions};
use flightdeck_engine::{PreflightRequest, rows, synthesise};
use flightdeck_package::{BASELINE, GOLDEN, Golden, MANIFEST, Manifest, Package, SIGNATURE};
use flightdeck_protocol::{Comparison, EndpointDesired, Phase, Preflight, Verdict, check_window_seconds};
use std::sync::Arc;

/// Makes an endpoint what it should be.
pub(crate) async fn put(
    app: &Arc<App>,
    principal: &Principal,
    name: Name,
    desired: EndpointDesired,
) -> Result<(Arc<Endpoint>, Option<Preflight>), Problem> {
    check(&desired)?;
    let _turn = app.deploying.lock().await;
    let existing = app.endpoints.get(name.as_str());
    let champion = desired.policy.champion;
    let current = existing.as_ref().and_then(|endpoint| endpoint.served());
    let unchanged = current.filter(|served| served.version == champion);
    let (served, preflight) = if let Some(served) = unchanged {
        (renewed(app, &served, (&name, &desired)), None)
    } else {
        let package = package(app, champion).await?;
        let preflight = preflight(app, &package).await?;
        (load(app, package, (&name, &desired)).await?, Some(preflight))
    };
    let stored = StoredEndpoint {
        name,
        previous: previous(existing.as_deref(), champion),
        desired,
        changed_at: app.now(),
    };
    write(app, principal, &stored).await?;
    let condition = Condition { stored, phase: Phase::Ready, error: None };
    let endpoint = existing.unwrap_or_else(|| Arc::new(Endpoint::new(condition.clone())));
    endpoint.serve(Some(Arc::new(served)));
    endpoint.set_condition(condition);
    app.endpoints.insert(&endpoint);
    Ok((endpoint, preflight))
}

/// Takes an endpoint away. What it counted is closed and kept.
pub(crate) async fn remove(
    app: &Arc<App>,
    principal: &Principal,
    name: &Name,
) -> Result<Arc<Endpoint>, Problem> {
    let _turn = app.deploying.lock().await;
    let endpoint = app.endpoint(name.as_str())?;
    let (database, actor, removed) = (app.database.clone(), principal.id().to_owned(), name.clone());
    blocking(move || {
        Ok(database
            .act(&actor, "remove-endpoint", removed.as_str(), |act| StoredEndpoint::remove(act, &removed))?)
    })
    .await?;
    app.endpoints.remove(name);
    Ok(endpoint)
}

/// Loads what the endpoints should be, one after the other. Until then they are not ready; what cannot be loaded says
/// why.
pub(crate) async fn restore(app: Arc<App>) {
    for endpoint in app.endpoints.all() {
        let _turn = app.deploying.lock().await;
        let mut condition = endpoint.condition();
        if condition.phase != Phase::Loading {
            continue;
        }
        let (name, desired) = (&condition.stored.name, &condition.stored.desired);
        let loaded = async {
            let package = package(&app, desired.policy.champion).await?;
            load(&app, package, (name, desired)).await
        };
        match loaded.await {
            Ok(served) => {
                endpoint.serve(Some(Arc::new(served)));
                condition.phase = Phase::Ready;
            }
            Err(problem) => {
                tracing::error!(endpoint = %name, "cannot serve: {}", problem.message);
                condition.phase = Phase::Failed;
                condition.error = Some(problem.body());
            }
        }
        endpoint.set_condition(condition);
    }
}

fn check(desired: &EndpointDesired) -> Result<(), Problem> {
    let wrong = |code, message: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, message);
    check_window_seconds(desired.window_seconds).map_err(|error| wrong("bad-window", error.to_string()))?;
    desired.policy.check().map_err(|error| wrong("bad-policy", error.to_string()))?;
    if desired.policy.challengers.is_empty() {
        return Ok(());
    }
    Err(wrong("challengers", "this runner serves a champion alone".into())
        .hint("Deploy the other version to an endpoint of its own."))
}

fn previous(existing: Option<&Endpoint>, champion: Digest) -> Option<Digest> {
    let stored = existing?.condition().stored;
    let before = stored.desired.policy.champion;
    if before == champion { stored.previous } else { Some(before) }
}

async fn write(app: &App, principal: &Principal, stored: &StoredEndpoint) -> Result<(), Problem> {
    let (database, actor, stored) = (app.database.clone(), principal.id().to_owned(), stored.clone());
    blocking(move || {
        Ok(database.act(&actor, "deploy", stored.name.as_str(), |act| {
            act.note("version", stored.desired.policy.champion.to_string());
            act.note("previous", stored.previous.map(|digest| digest.to_string()));
            act.note("window_seconds", stored.desired.window_seconds);
            act.note("replay", stored.desired.replay);
            stored.put(act)
        })?)
    })
    .await
}

/// The package, every byte of it checked.
async fn package(app: &App, version: Digest) -> Result<Package, Problem> {
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

async fn preflight(app: &App, package: &Package) -> Result<Preflight, Problem> {
    let request = PreflightRequest { package: package.path.clone() };
    let watch = Watch { progress: &mut |_| {}, cancel: &Cancel::default() };
    let found = app.worker.preflight(request, watch).await?;
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

async fn load(app: &App, package: Package, to: (&Name, &EndpointDesired)) -> Result<Served, Problem> {
    let runtime = app.runtime().await?.clone();
    let version = package.root;
    let (signature, baseline, lane, load_ms) = blocking(move || open(&runtime, &package)).await?;
    Ok(served(app, (version, load_ms), (signature, baseline, lane), to))
}

type Loaded = (Arc<Signature>, Arc<Baseline>, Arc<Lane>, f64);

fn open(runtime: &Runtime, package: &Package) -> Result<Loaded, Problem> {
    let manifest: Manifest = package.read(MANIFEST)?;
    let signature: Signature = package.read(SIGNATURE)?;
    let baseline = if package.entry(BASELINE).is_some() { package.read(BASELINE)? } else { no_baseline() };
    let session = runtime.session(&package.path.join(&manifest.model), SessionOptions::default())?;
    check_signature(&session, &signature)?;
    let load_ms = session.load_ms();
    let lane = Lane::new(session, &signature, &sample(package, &signature)?)?;
    Ok((Arc::new(signature), Arc::new(baseline), Arc::new(lane), load_ms))
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

fn served(
    app: &App,
    (version, load_ms): (Digest, f64),
    (signature, baseline, lane): (Arc<Signature>, Arc<Baseline>, Arc<Lane>),
    (name, desired): (&Name, &EndpointDesired),
) -> Served {
    let counting = Counting::new(&Subject {
        endpoint: name,
        version,
        signature: &signature,
        baseline: &baseline,
        window_seconds: desired.window_seconds,
        replay: desired.replay,
    });
    Served {
        version,
        version_text: version.hex(),
        counting,
        signature,
        baseline,
        lane,
        loaded_at: app.now(),
        load_ms,
    }
}

/// The same version with other settings: what is loaded stays loaded.
fn renewed(app: &App, old: &Served, to: (&Name, &EndpointDesired)) -> Served {
    let parts = (Arc::clone(&old.signature), Arc::clone(&old.baseline), Arc::clone(&old.lane));
    Served { loaded_at: old.loaded_at, ..served(app, (old.version, old.load_ms), parts, to) }
}
