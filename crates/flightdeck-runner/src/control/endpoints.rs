//! Endpoints: what they should be, what they are, what they do now.

use super::blocking;
use crate::app::App;
use crate::deploy;
use crate::http::{Answer, Call, json};
use crate::problem::Problem;
use crate::serving::Endpoint;
use flightdeck_core::{Timestamp, VersionRole};
use flightdeck_protocol::{
    Counts, EndpointDesired, EndpointList, EndpointState, LatencyUs, LiveFigures, LiveVersion, OpenWindow,
    PREFIX, Preflight, ServedVersion,
};
use std::sync::Arc;

pub(crate) async fn endpoints(app: Arc<App>, _call: Call) -> Answer {
    let endpoints = app.endpoints.all().iter().map(|endpoint| state(&app, endpoint, None)).collect();
    json(&EndpointList { endpoints })
}

pub(crate) async fn endpoint(app: Arc<App>, call: Call) -> Answer {
    let endpoint = app.endpoint(call.name()?.as_str())?;
    json(&state(&app, &endpoint, None))
}

/// Goes on when the client leaves: a deployment that was begun ends in one state or the other.
pub(crate) async fn put_endpoint(app: Arc<App>, mut call: Call) -> Answer {
    let name = call.name()?;
    let desired: EndpointDesired = call.json().await?;
    let deploying = Arc::clone(&app);
    let deployment =
        tokio::spawn(async move { deploy::put(&deploying, &call.principal, name, desired).await });
    let done = deployment.await.map_err(|error| Problem::internal("deploy", &error))?;
    let (endpoint, preflight) = done?;
    json(&state(&app, &endpoint, preflight))
}

pub(crate) async fn remove_endpoint(app: Arc<App>, call: Call) -> Answer {
    let name = call.name()?;
    let endpoint = deploy::remove(&app, &call.principal, &name).await?;
    json(&state(&app, &endpoint, None))
}

pub(crate) async fn live(app: Arc<App>, call: Call) -> Answer {
    let endpoint = app.endpoint(call.name()?.as_str())?;
    let since = app.started;
    json(&blocking(move || Ok(figures(&endpoint, since))).await?)
}

fn state(app: &App, endpoint: &Endpoint, preflight: Option<Preflight>) -> EndpointState {
    let condition = endpoint.condition();
    let served = endpoint.served().map(|served| ServedVersion {
        version: served.version,
        role: VersionRole::Champion,
        signature: (*served.signature).clone(),
        loaded_at: served.loaded_at,
        load_ms: served.load_ms,
    });
    let (address, name) = (app.address, &endpoint.name);
    EndpointState {
        name: name.clone(),
        desired: condition.stored.desired,
        phase: condition.phase,
        error: condition.error,
        versions: served.into_iter().collect(),
        previous: condition.stored.previous,
        url: format!("http://{address}/v2/models/{name}"),
        predict_url: format!("http://{address}{PREFIX}/endpoints/{name}/predict"),
        changed_at: condition.stored.changed_at,
        preflight,
    }
}

fn figures(endpoint: &Endpoint, since: Timestamp) -> LiveFigures {
    let champion = endpoint.served().map(|served| served.version);
    let mut all = crate::counting::Totals::default();
    let versions = endpoint.totals().into_iter().map(|(version, role, totals)| {
        all.add(&totals);
        let share = if champion == Some(version) { 100.0 } else { 0.0 };
        LiveVersion { version, role, share, rows: totals.rows }
    });
    let versions = versions.collect();
    let quantile = |q| all.latency.quantile(q);
    LiveFigures {
        endpoint: endpoint.name.clone(),
        since,
        requests: all.requests,
        rows: all.rows,
        errors: all.errors,
        latency_us: LatencyUs { p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99) },
        versions,
        last_window: endpoint.last_window(),
        open: open_windows(endpoint),
    }
}

fn open_windows(endpoint: &Endpoint) -> Vec<OpenWindow> {
    let windows = endpoint.counting_versions().into_iter().flat_map(|(served, _)| {
        let open = served.counting.open();
        let window = |(start, counts): (&Timestamp, &flightdeck_drift::WindowCounts)| OpenWindow {
            key: served.counting.key(*start),
            counts: Counts(counts.encode()),
        };
        open.windows.iter().map(window).collect::<Vec<_>>()
    });
    windows.collect()
}
