//! Endpoints: what they should be, what they are, what they do now.

use super::blocking;
use crate::app::App;
use crate::counting::Totals;
use crate::deploy;
use crate::http::{Answer, Call, json};
use crate::problem::Problem;
use crate::serving::{Endpoint, Served, Watched};
use flightdeck_core::{Digest, Timestamp, VersionRole};
use flightdeck_protocol::{
    Agreement, Counts, EndpointDesired, EndpointList, EndpointState, LatencyUs, LiveFigures, LiveVersion,
    OpenWindow, PREFIX, Phase, Preflight, ServedVersion,
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
    let lineup = endpoint.lineup();
    let versions =
        lineup.iter().flat_map(|lineup| lineup.served()).map(|Served { model, counting }| ServedVersion {
            version: model.version,
            role: counting.role(),
            signature: model.signature.clone(),
            loaded_at: model.loaded_at,
            load_ms: model.load_ms,
            findings: model.lane.findings(),
        });
    let (base, name) = (app.base(), &endpoint.name);
    // A model that broke while it served is seen here before anybody changes the endpoint.
    let trouble = lineup.as_ref().and_then(|lineup| lineup.champion.model.lane.trouble());
    let phase = if trouble.is_some() { Phase::Failed } else { condition.phase };
    let error = trouble.map(|trouble| trouble.body()).or(condition.error);
    EndpointState {
        name: name.clone(),
        desired: condition.stored.desired,
        phase,
        error,
        versions: versions.collect(),
        previous: condition.stored.previous,
        url: format!("{base}/v2/models/{name}"),
        predict_url: format!("{base}{PREFIX}/endpoints/{name}/predict"),
        // One port speaks both.
        grpc: Some(app.address.to_string()),
        changed_at: condition.stored.changed_at,
        preflight,
    }
}

fn figures(endpoint: &Endpoint, since: Timestamp) -> LiveFigures {
    let lineup = endpoint.lineup();
    let mut all = Totals::default();
    let versions = endpoint.totals().into_iter().map(|(version, role, totals)| {
        // What a shadow saw was answered by somebody else.
        if role != VersionRole::Shadow {
            all.add(&totals);
        }
        let share = lineup.as_ref().map_or(0, |lineup| lineup.share(&version, role));
        live_version((version, role), share, totals)
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

fn live_version((version, role): (Digest, VersionRole), share: u8, totals: Totals) -> LiveVersion {
    let Watched { dropped, failed, agreement } = totals.watched;
    let agreement = agreement.map(|(champion, found)| Agreement {
        champion,
        rows: found.rows,
        equal: found.equal,
        mean_abs: (found.numbers > 0).then(|| found.sum_abs / found.numbers as f64),
    });
    LiveVersion { version, role, share: share.into(), rows: totals.rows, dropped, failed, agreement }
}

fn open_windows(endpoint: &Endpoint) -> Vec<OpenWindow> {
    let windows = endpoint.countings().into_iter().flat_map(|(counting, _)| {
        let open = counting.open();
        let window = |(start, counts): (&Timestamp, &flightdeck_drift::WindowCounts)| OpenWindow {
            key: counting.key(*start),
            counts: Counts(counts.encode()),
        };
        open.windows.iter().map(window).collect::<Vec<_>>()
    });
    windows.collect()
}
