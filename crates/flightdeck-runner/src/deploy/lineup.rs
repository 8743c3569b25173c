//! From a policy to versions in their roles. What is loaded already is not loaded again.

use super::load::{load, package, preflight};
use crate::app::App;
use crate::counting::Subject;
use crate::problem::Problem;
use crate::serving::{Canary, Endpoint, Lineup, Model, Served, Shadow, are_same, lacking};
use axum::http::StatusCode;
use flightdeck_core::{Challenge, Digest, Signature, VersionRole};
use flightdeck_package::{Package, SIGNATURE};
use flightdeck_protocol::{EndpointDesired, Preflight, Serving};
use std::sync::Arc;

/// The champion before is kept warm when its package is not larger than this.
const KEPT_BYTES: u64 = 128 << 20;

/// The versions of a policy, loaded.
pub(super) struct Crew {
    pub(super) champion: Arc<Model>,
    pub(super) challengers: Vec<(Challenge, Arc<Model>)>,
    /// What the trial of the first version that had to be tried found.
    pub(super) preflight: Option<Preflight>,
}

impl Crew {
    /// Tries and loads what is not there yet. Nothing is let in unless everything can be.
    pub(super) async fn gather(
        app: &App,
        desired: &EndpointDesired,
        current: Option<&Lineup>,
    ) -> Result<Self, Problem> {
        let EndpointDesired { policy, serving, .. } = desired;
        let mut trials = Trials { app, serving: *serving, current, found: None };
        let champion = trials.model(policy.champion, None).await?;
        let mut challengers = Vec::new();
        for challenger in &policy.challengers {
            let beside = Some((&champion.signature, challenger.challenge));
            let model = trials.model(challenger.version, beside).await?;
            challengers.push((challenger.challenge, model));
        }
        Ok(Self { champion, challengers, preflight: trials.found })
    }

    /// Loads what served before the server was stopped: it was tried then. A challenger that cannot be loaded is left
    /// out, and why is told.
    pub(super) async fn restore(
        app: &App,
        desired: &EndpointDesired,
    ) -> Result<(Self, Option<Problem>), Problem> {
        let EndpointDesired { policy, serving, .. } = desired;
        let champion = load(app, package(app, policy.champion).await?, *serving).await?;
        let (mut challengers, mut wrong) = (Vec::new(), None);
        for challenger in &policy.challengers {
            let loaded = async { load(app, package(app, challenger.version).await?, *serving).await };
            match loaded.await {
                Ok(model) => challengers.push((challenger.challenge, model)),
                Err(problem) => {
                    wrong.get_or_insert(problem);
                }
            }
        }
        Ok((Self { champion, challengers, preflight: None }, wrong))
    }

    /// Puts the versions into their roles. A shadow that stays goes on with what waits for it.
    pub(super) fn line_up(
        &self,
        endpoint: &Endpoint,
        desired: &EndpointDesired,
        current: Option<&Lineup>,
    ) -> Result<Lineup, Problem> {
        let served = |model: &Arc<Model>, role| served(endpoint, desired, (model, role));
        let (mut canaries, mut shadows) = (Vec::new(), Vec::new());
        for (challenge, model) in &self.challengers {
            match challenge {
                Challenge::Canary(percent) => {
                    canaries.push(Canary { percent: *percent, served: served(model, VersionRole::Canary) });
                }
                Challenge::Shadow => shadows.push(shadow(served(model, VersionRole::Shadow), current)?),
            }
        }
        let champion = served(&self.champion, VersionRole::Champion);
        Ok(Lineup::new(champion, canaries, shadows, self.kept(current)))
    }

    /// The champion before, unless it has a role still.
    fn kept(&self, current: Option<&Lineup>) -> Option<Arc<Model>> {
        let current = current?;
        let before = &current.champion.model;
        let kept = if before.version == self.champion.version { current.kept.as_ref()? } else { before };
        let mut models =
            std::iter::once(&self.champion).chain(self.challengers.iter().map(|(_, model)| model));
        let has_role = models.any(|model| model.version == kept.version);
        (!has_role && kept.bytes <= KEPT_BYTES).then(|| Arc::clone(kept))
    }
}

/// Versions for an endpoint, tried where nobody did.
struct Trials<'a> {
    app: &'a App,
    serving: Serving,
    current: Option<&'a Lineup>,
    /// What the first trial found.
    found: Option<Preflight>,
}

impl Trials<'_> {
    /// A version, warm. What is loaded is not tried again; with other settings it is loaded again.
    async fn model(
        &mut self,
        version: Digest,
        beside: Option<(&Signature, Challenge)>,
    ) -> Result<Arc<Model>, Problem> {
        let loaded = self.current.and_then(|current| current.model(&version));
        if let Some(model) = &loaded {
            beside.map_or(Ok(()), |beside| check_inputs(version, &model.signature, beside))?;
            if model.serving == self.serving {
                return Ok(Arc::clone(model));
            }
        }
        let package: Package = package(self.app, version).await?;
        if loaded.is_none() {
            if let Some(beside) = beside {
                check_inputs(version, &package.read(SIGNATURE)?, beside)?;
            }
            let found = preflight(self.app, &package, self.serving).await?;
            self.found.get_or_insert(found);
        }
        load(self.app, package, self.serving).await
    }
}

/// A canary answers requests that were written for the champion. A shadow is shown their rows, and needs only the columns.
fn check_inputs(
    version: Digest,
    challenger: &Signature,
    (champion, challenge): (&Signature, Challenge),
) -> Result<(), Problem> {
    if are_same(challenger, champion) {
        return Ok(());
    }
    let wrong = |message| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "challenger-inputs", message);
    let version = version.short();
    match (challenge, lacking(challenger, champion)) {
        (Challenge::Shadow, None) => Ok(()),
        (Challenge::Shadow, Some(lacking)) => {
            let lacking = lacking.escape_debug();
            Err(wrong(format!("version {version} takes \"{lacking}\", which the champion is not sent"))
                .hint("Deploy it to an endpoint of its own: a shadow is shown what was sent to the champion."))
        }
        (Challenge::Canary(_), _) => {
            Err(wrong(format!("version {version} takes other inputs than the champion")).hint(
                "A canary answers requests that were written for the champion. Export it with the same inputs, types and \
                 columns, or let it be a shadow.",
            ))
        }
    }
}

fn served(
    endpoint: &Endpoint,
    desired: &EndpointDesired,
    (model, role): (&Arc<Model>, VersionRole),
) -> Served {
    let counting = endpoint.counting(&Subject {
        endpoint: &endpoint.name,
        version: model.version,
        role,
        signature: &model.signature,
        baseline: &model.baseline,
        window_seconds: desired.window_seconds,
        replay: desired.replay,
    });
    Served { model: Arc::clone(model), counting }
}

fn shadow(served: Served, current: Option<&Lineup>) -> Result<Arc<Shadow>, Problem> {
    let same = |shadow: &&Arc<Shadow>| {
        Arc::ptr_eq(&shadow.served.counting, &served.counting)
            && Arc::ptr_eq(&shadow.served.model, &served.model)
    };
    if let Some(shadow) = current.and_then(|current| current.shadows.iter().find(same)) {
        return Ok(Arc::clone(shadow));
    }
    Shadow::new(served).map(Arc::new).map_err(|error| Problem::internal("start a shadow", &error))
}
