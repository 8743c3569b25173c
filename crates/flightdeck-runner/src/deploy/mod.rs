//! Changing what an endpoint serves: tried in a child, loaded, warmed, written down, and switched in one step.
//!
//! Whatever goes wrong before the switch, the versions that served before serve on and nothing was written. A version
//! that is loaded already only changes its role: promoting a shadow and going back to the champion before load nothing.

mod lineup;
mod load;

use crate::app::App;
use crate::control::blocking;
use crate::problem::Problem;
use crate::serving::{Condition, Endpoint, Lineup, Shadow};
use crate::state::StoredEndpoint;
use axum::http::StatusCode;
use flightdeck_core::{Digest, Name, Principal};
use flightdeck_protocol::{EndpointDesired, Phase, Preflight, Telemetry, check_window_seconds};
use lineup::Crew;
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
    let current = existing.as_ref().and_then(|endpoint| endpoint.lineup());
    let current = current.as_deref();
    let crew = Crew::gather(app, &desired, current).await?;
    let previous = previous(existing.as_deref(), desired.policy.champion);
    let stored = StoredEndpoint { name, previous, desired, changed_at: app.now() };
    let condition = Condition { stored: stored.clone(), phase: Phase::Ready, error: None };
    let endpoint = existing.unwrap_or_else(|| Arc::new(Endpoint::new(condition.clone())));
    let lineup = crew.line_up(&endpoint, &stored.desired, current)?;
    let answering = Resting::begin(current, &lineup).await;
    if let Err(problem) = write(app, principal, &stored).await {
        answering.resume();
        return Err(problem);
    }
    endpoint.serve(Some(Arc::new(lineup)));
    endpoint.set_condition(condition);
    app.endpoints.insert(&endpoint);
    Ok((endpoint, crew.preflight))
}

/// Shadows that will answer: they let go of their sessions first.
struct Resting<'a>(Vec<&'a Arc<Shadow>>);

impl<'a> Resting<'a> {
    async fn begin(current: Option<&'a Lineup>, next: &Lineup) -> Self {
        let shadows = current.map_or(&[][..], |current| current.shadows.as_slice()).iter();
        let answers = |shadow: &&Arc<Shadow>| {
            next.answering().any(|served| Arc::ptr_eq(&served.model, &shadow.served.model))
        };
        let resting: Vec<_> = shadows.filter(answers).collect();
        for shadow in &resting {
            shadow.rest().await;
        }
        Self(resting)
    }

    fn resume(&self) {
        self.0.iter().for_each(|shadow| shadow.resume());
    }
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
        // It may have been taken away meanwhile, or be another one by now.
        let is_there =
            app.endpoints.get(endpoint.name.as_str()).is_some_and(|now| Arc::ptr_eq(&now, &endpoint));
        if condition.phase != Phase::Loading || !is_there {
            continue;
        }
        let (name, desired) = (&condition.stored.name, &condition.stored.desired);
        let restored = async {
            let (crew, left_out) = Crew::restore(&app, desired).await?;
            Ok::<_, Problem>((crew.line_up(&endpoint, desired, None)?, left_out))
        };
        let problem = match restored.await {
            Ok((lineup, left_out)) => {
                endpoint.serve(Some(Arc::new(lineup)));
                condition.phase = Phase::Ready;
                left_out
            }
            Err(problem) => {
                condition.phase = Phase::Failed;
                Some(problem)
            }
        };
        if let Some(problem) = problem {
            tracing::error!(endpoint = %name, "cannot serve: {}", problem.message);
            condition.error = Some(problem.body());
        }
        endpoint.set_condition(condition);
    }
}

fn check(desired: &EndpointDesired) -> Result<(), Problem> {
    let wrong = |code, message: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, message);
    check_window_seconds(desired.window_seconds).map_err(|error| wrong("bad-window", error.to_string()))?;
    desired.telemetry.check().map_err(|error| wrong("bad-sampling", error.to_string()))?;
    desired.policy.check().map_err(|error| wrong("bad-policy", error.to_string()))?;
    desired.serving.check().map_err(|error| wrong("bad-serving", error.to_string()))?;
    if desired.policy.challengers.len() <= MOST_CHALLENGERS {
        return Ok(());
    }
    let message = format!("an endpoint has at most {MOST_CHALLENGERS} challengers");
    Err(wrong("challengers", message).hint("Each of them is loaded. Deploy fewer at once."))
}

/// Versions beside a champion: each has a session and sees the traffic.
const MOST_CHALLENGERS: usize = 8;

fn previous(existing: Option<&Endpoint>, champion: Digest) -> Option<Digest> {
    let stored = existing?.condition().stored;
    let before = stored.desired.policy.champion;
    if before == champion { stored.previous } else { Some(before) }
}

async fn write(app: &App, principal: &Principal, stored: &StoredEndpoint) -> Result<(), Problem> {
    let (database, actor, stored) = (app.database.clone(), principal.id().to_owned(), stored.clone());
    let policy = &stored.desired.policy;
    let challengers = serde_json::to_value(&policy.challengers);
    let challengers = challengers.map_err(|error| Problem::internal("write the policy", &error))?;
    let serving = serde_json::to_value(stored.desired.serving);
    let serving = serving.map_err(|error| Problem::internal("write the settings", &error))?;
    blocking(move || {
        Ok(database.act(&actor, "deploy", stored.name.as_str(), |act| {
            act.note("version", stored.desired.policy.champion.to_string());
            act.note("previous", stored.previous.map(|digest| digest.to_string()));
            act.note("challengers", challengers);
            act.note("window_seconds", stored.desired.window_seconds);
            act.note("replay", stored.desired.replay);
            let Telemetry { sample, ids } = &stored.desired.telemetry;
            act.note("ids", *ids);
            act.note("sample", serde_json::to_value(sample).unwrap_or_default());
            act.note("serving", serving);
            stored.put(act)
        })?)
    })
    .await
}
