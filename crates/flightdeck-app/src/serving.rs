//! Who shares the traffic of an endpoint, and how its models run: between what a person asks for and what a runner takes.

use crate::embedded::Attached;
use crate::views::ServingView;
use crate::{Error, Result};
use flightdeck_core::{Challenge, Challenger, Digest, Name, TrafficPolicy, VersionRole};
use flightdeck_protocol::{ControlError, EndpointDesired, EndpointState, Isolation, Serving, Telemetry};
use flightdeck_store::endpoint::EndpointRecord;

/// The endpoint as it is.
pub(crate) fn as_it_is(known: &EndpointRecord) -> EndpointDesired {
    EndpointDesired {
        policy: known.policy(),
        window_seconds: known.window_seconds,
        replay: known.replay,
        serving: settings(known),
        telemetry: Telemetry::default(),
    }
}

/// The endpoint as its runner has it, `None` when it has none. What somebody else set there is left as it is from here.
pub(crate) async fn there(attached: &Attached, endpoint: &Name) -> Result<Option<EndpointState>> {
    match attached.control.endpoint(endpoint).await {
        Ok(state) => Ok(Some(state)),
        Err(ControlError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What the endpoint keeps of its rows.
pub(crate) async fn telemetry(attached: &Attached, endpoint: &Name) -> Result<Telemetry> {
    Ok(there(attached, endpoint).await?.map(|state| state.desired.telemetry).unwrap_or_default())
}

/// What is known of an endpoint, with what its runner has by now: another desktop may have changed it.
pub(crate) fn up_to_date(known: EndpointRecord, state: &EndpointState) -> EndpointRecord {
    let desired = &state.desired;
    EndpointRecord {
        digest: desired.policy.champion,
        challengers: desired.policy.challengers.clone(),
        window_seconds: desired.window_seconds,
        replay: desired.replay,
        serving: document(&desired.serving),
        ..known
    }
}

/// The policy with this version beside the champion, in the place of what stood there in the same way.
pub(crate) fn beside(mut policy: TrafficPolicy, version: Digest, challenge: Challenge) -> TrafficPolicy {
    let is_alike = |other: &Challenger| {
        std::mem::discriminant(&other.challenge) == std::mem::discriminant(&challenge)
            || other.version == version
    };
    policy.challengers.retain(|other| !is_alike(other));
    policy.challengers.push(Challenger { version, challenge });
    policy
}

/// What a version is to the traffic, and how much of it it answers, in percent.
pub(crate) fn part(policy: &TrafficPolicy, version: &Digest) -> (VersionRole, u8) {
    let share = |challenger: &Challenger| match challenger.challenge {
        Challenge::Canary(percent) => (VersionRole::Canary, percent),
        Challenge::Shadow => (VersionRole::Shadow, 0),
    };
    if let Some(challenger) = policy.challengers.iter().find(|other| other.version == *version) {
        return share(challenger);
    }
    let taken: u8 = policy.challengers.iter().map(|other| share(other).1).sum();
    (VersionRole::Champion, 100 - taken.min(100))
}

/// The settings that are asked for; those of before when none are.
pub(crate) fn asked(asked: Option<ServingView>, known: Option<&EndpointRecord>) -> Result<Serving> {
    let before = known.map(settings).unwrap_or_default();
    let Some(asked) = asked else { return Ok(before) };
    let serving = Serving {
        batch: !asked.never_batch,
        max_rows: asked.max_rows,
        isolation: if asked.isolate { Isolation::Process } else { Isolation::InProcess },
        memory_bytes: asked.memory_bytes,
        ..before
    };
    serving.check().map_err(|error| {
        let hint = format!("Use {} to {}", error.allowed.start(), error.allowed.end());
        Error::input("bad-serving", format!("{} cannot be {}", words(error.name), error.given), hint)
    })?;
    Ok(serving)
}

fn words(setting: &str) -> &str {
    match setting {
        "max_rows" => "Rows of one run",
        "memory_bytes" => "Memory in bytes",
        other => other,
    }
}

fn settings(known: &EndpointRecord) -> Serving {
    known.serving.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The settings as they are kept; `None` when nothing is set.
pub(crate) fn document(serving: &Serving) -> Option<String> {
    if serving.is_default() { None } else { serde_json::to_string(serving).ok() }
}

/// The settings as a person sees them.
pub(crate) fn view(known: &EndpointRecord) -> ServingView {
    let serving = settings(known);
    ServingView {
        never_batch: !serving.batch,
        isolate: serving.isolation == Isolation::Process,
        max_rows: serving.max_rows,
        memory_bytes: serving.memory_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(n: u8) -> Digest {
        Digest::from_bytes([n; 32])
    }

    #[test]
    fn a_challenger_takes_the_place_of_one_like_it_and_leaves_the_other_alone() {
        let canary = Challenge::Canary(10);
        let policy = beside(TrafficPolicy::champion(version(1)), version(2), Challenge::Shadow);
        let policy = beside(policy, version(3), canary);
        assert_eq!(part(&policy, &version(1)), (VersionRole::Champion, 90));
        assert_eq!(part(&policy, &version(2)), (VersionRole::Shadow, 0));
        assert_eq!(part(&policy, &version(3)), (VersionRole::Canary, 10));
        let policy = beside(policy, version(4), Challenge::Canary(30));
        assert_eq!(policy.challengers.len(), 2, "the new canary replaced the old one");
        // The shadow begins to answer.
        let policy = beside(policy, version(2), Challenge::Canary(50));
        assert_eq!(
            policy.challengers,
            [Challenger { version: version(2), challenge: Challenge::Canary(50) }]
        );
        assert_eq!(part(&policy, &version(1)), (VersionRole::Champion, 50));
    }

    #[test]
    fn impossible_settings_are_refused_in_words() {
        let asked = |view| asked(Some(view), None);
        let few = asked(ServingView { max_rows: Some(0), ..ServingView::default() }).unwrap_err();
        assert_eq!((few.code.as_ref(), few.message.as_str()), ("bad-serving", "Rows of one run cannot be 0"));
        let good =
            ServingView { never_batch: true, isolate: true, max_rows: Some(8), memory_bytes: Some(1 << 30) };
        let serving = asked(good).unwrap();
        assert_eq!((serving.batch, serving.isolation), (false, Isolation::Process));
        assert_eq!(document(&Serving::default()), None);
    }
}
