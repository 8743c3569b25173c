//! Bringing a version to a runner and making it answer; taking an endpoint away.

use crate::embedded::{Attached, THIS_COMPUTER};
use crate::jobs::Job;
use crate::judge::watched;
use crate::runners;
use crate::serving;
use crate::snippets::Snippet;
use crate::views::{DeployRequest, DeployView, EndpointRow, RuleStep};
use crate::{App, Error, Result};
use flightdeck_core::{
    Challenge, Digest, Finding, Name, Progress, Severity, Signature, Timestamp, TrafficPolicy, Unit,
};
use flightdeck_package::{Package, SIGNATURE};
use flightdeck_protocol::{
    ControlError, EndpointDesired, EndpointState, LocalFile, PackageFile, Telemetry, check_window_seconds,
};
use flightdeck_store::endpoint::{self, EndpointRecord};
use flightdeck_store::version::VersionRecord;
use flightdeck_store::{alert, monitor, runner, window};

/// The stages of a deployment, in their order.
pub const STAGES: [&str; 4] = ["start-runner", "upload", "preflight", "switch"];

impl App {
    /// Deploys a version: as the one that answers, or as a shadow beside it. What answered before keeps answering until
    /// the new one has proved itself, and on any failure.
    pub async fn deploy(&self, request: &DeployRequest, job: &Job) -> Result<DeployView> {
        let record = self.version(&request.model, request.version)?;
        let package = self.package(&record.digest)?;
        refuse_blocked(&record)?;
        let name = request.endpoint.clone().unwrap_or_else(|| record.model.clone());
        let mut known = self.read(|c| endpoint::find(c, &request.runner, &name))?;
        // What cannot be is said before a runner is started for it.
        desired(request, known.as_ref(), &name, &record.digest)?;
        job.report(Progress::new(STAGES[0], 0, None, Unit::Steps));
        let attached = self.runner_for(&request.runner).await?;
        job.check()?;
        upload(&attached, &package, job).await?;
        job.check()?;
        let there = serving::there(&attached, &name).await?;
        // This computer's runner belongs to this library; and an answer that was lost is no other person's endpoint.
        let is_ours = |state: &EndpointState| {
            request.runner.as_str() == THIS_COMPUTER || state.desired.policy.champion == record.digest
        };
        if known.is_none() && there.as_ref().is_some_and(|state| !is_ours(state)) {
            let message =
                format!("{} has an endpoint {name} that this library does not know", request.runner);
            return Err(Error::input("endpoint-taken", message, "Choose another name with --endpoint"));
        }
        if let (Some(state), Some(before)) = (&there, known.take()) {
            known = Some(serving::up_to_date(before, state));
        }
        let mut desired = desired(request, known.as_ref(), &name, &record.digest)?;
        desired.telemetry = there.map(|state| state.desired.telemetry).unwrap_or_default();
        job.report(Progress::new(STAGES[2], 0, None, Unit::Steps));
        let state = attached.control.put_endpoint(&name, &desired).await?;
        job.report(Progress::new(STAGES[3], 1, Some(1), Unit::Steps));
        let step = request.step.map(RuleStep::seconds);
        self.keep_deployed("deploy", &request.runner, step, &state)?;
        self.deployed(&attached, record, &state)
    }

    pub(crate) fn deployed(
        &self,
        attached: &Attached,
        version: VersionRecord,
        state: &EndpointState,
    ) -> Result<DeployView> {
        let package = self.package(&version.digest)?;
        let signature: Signature = package.read(SIGNATURE)?;
        let rows = self.example_row(&package, &signature)?;
        let pairing = self.read(|c| runner::find(c, &attached.name))?.and_then(|known| known.pairing);
        let snippet = Snippet::new(attached.control.base(), &state.name, pairing.as_ref());
        let (role, share) = serving::part(&state.desired.policy, &version.digest);
        Ok(DeployView {
            address: format!("{}/{}", attached.name, state.name),
            curl: snippet.curl(&rows),
            python: snippet.python(&rows),
            tritonclient: snippet.tritonclient(&signature, &rows),
            token_needed: pairing.is_some(),
            endpoint: state.name.clone(),
            runner: attached.name.clone(),
            url: snippet.url(),
            predict_url: snippet.predict_url(),
            grpc: Some(runners::grpc(attached.control.base())),
            model: version.model,
            version: version.version,
            digest: version.digest,
            role,
            share,
            previous: state.previous.filter(|previous| *previous != version.digest),
        })
    }

    pub(crate) fn keep_deployed(
        &self,
        action: &str,
        runner: &Name,
        step_seconds: Option<u32>,
        state: &EndpointState,
    ) -> Result<()> {
        let before = self.read(|c| endpoint::find(c, runner, &state.name))?;
        let policy = &state.desired.policy;
        let step = step_seconds.or(before.as_ref().map(|before| before.step_seconds));
        let replaced = before.as_ref().filter(|before| before.digest != policy.champion);
        let previous = match replaced {
            Some(replaced) => Some(replaced.digest),
            None => before.as_ref().and_then(|before| before.previous).or(state.previous),
        };
        let record = EndpointRecord {
            runner: runner.clone(),
            endpoint: state.name.clone(),
            digest: policy.champion,
            challengers: policy.challengers.clone(),
            previous,
            window_seconds: state.desired.window_seconds,
            replay: state.desired.replay,
            step_seconds: step.unwrap_or(RuleStep::default().seconds()),
            serving: serving::document(&state.desired.serving),
            deployed_at: state.changed_at,
            figures: None,
        };
        self.act(action, &format!("{runner}/{}", state.name), |act| {
            act.note("digest", policy.champion.to_string());
            if let Some(shadow) = record.shadow() {
                act.note("shadow", shadow.to_string());
            }
            if let Some((canary, percent)) = record.canary() {
                act.note("canary", canary.to_string());
                act.note("percent", percent);
            }
            if let Some(replaced) = replaced {
                alert::close_all(act, watched(replaced), self.now(), "another version took over")?;
            }
            let is_other_rule = |before: &EndpointRecord| {
                before.digest == record.digest && before.step_seconds != record.step_seconds
            };
            if before.as_ref().is_some_and(is_other_rule) {
                alert::close_all(act, watched(&record), self.now(), "the rule was changed")?;
                monitor::forget(act, watched(&record))?;
            }
            endpoint::put(act, &record)
        })
    }

    /// Takes an endpoint away. Its history stays.
    pub async fn undeploy(&self, address: &str) -> Result<EndpointRow> {
        let record = self.endpoint(address)?;
        let attached = self.runner_for(&record.runner).await?;
        match attached.control.remove_endpoint(&record.endpoint).await {
            // An undeployment that was interrupted: what was asked for is so.
            Err(ControlError::Refused { status: 404, .. }) | Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let _ = self.pull_from(&attached).await;
        let row = self.endpoint_row(&record, true)?;
        self.act("undeploy", &format!("{}/{}", record.runner, record.endpoint), |act| {
            // A later endpoint of this name begins anew; hours and days stay as they were.
            alert::close_all(act, watched(&record), self.now(), "undeployed")?;
            monitor::forget(act, watched(&record))?;
            window::forget(act, &record.runner, &record.endpoint, Timestamp::from_ms(i64::MAX))?;
            endpoint::remove(act, &record.runner, &record.endpoint)
        })?;
        Ok(row)
    }
}

/// What the endpoint should be: the version as its champion, or beside the one that answers.
fn desired(
    request: &DeployRequest,
    known: Option<&EndpointRecord>,
    name: &Name,
    version: &Digest,
) -> Result<EndpointDesired> {
    let serving = serving::asked(request.serving, known)?;
    let Some(challenge) = challenge(request)? else {
        refuse_other_times(known, name, request.replay)?;
        let before = known.map(|known| known.window_seconds);
        let window_seconds = window_length(request.window_seconds.or(before))?;
        let policy = TrafficPolicy::champion(*version);
        return Ok(EndpointDesired {
            policy,
            window_seconds,
            replay: request.replay,
            serving,
            telemetry: Telemetry::default(),
        });
    };
    let known = known.ok_or_else(|| {
        let message = format!("Nothing answers at {name}, so nothing can run beside it");
        Error::input("no-endpoint", message, "Deploy a version there first")
    })?;
    if known.digest == *version {
        let message = format!("This version is the one that answers at {name}");
        return Err(Error::input("already-answers", message, "Run another version beside it"));
    }
    let policy = serving::beside(known.policy(), *version, challenge);
    policy
        .check()
        .map_err(|error| Error::input("bad-canary", error.to_string(), "Give a share of 1 to 99 percent"))?;
    Ok(EndpointDesired { policy, serving, ..serving::as_it_is(known) })
}

/// How the version shall run beside the one that answers, if it shall.
fn challenge(request: &DeployRequest) -> Result<Option<Challenge>> {
    match (request.shadow, request.canary) {
        (false, None) => Ok(None),
        (true, None) => Ok(Some(Challenge::Shadow)),
        (false, Some(percent)) => Ok(Some(Challenge::Canary(percent))),
        (true, Some(_)) => {
            let message = "A version either answers a part or answers nothing";
            Err(Error::input("bad-arguments", message, "Deploy it as a canary or as a shadow"))
        }
    }
}

fn window_length(asked: Option<u32>) -> Result<u32> {
    let seconds = asked.unwrap_or(60);
    check_window_seconds(seconds).map_err(|error| {
        let [below, above] = error.nearest;
        let message =
            format!("A counting window divides an hour into equal parts, and {seconds} seconds do not");
        Error::input("bad-window", message, format!("Use {below} or {above} seconds"))
    })?;
    Ok(seconds)
}

/// Rows at their own dates and rows of today are two histories: one endpoint has one.
fn refuse_other_times(known: Option<&EndpointRecord>, name: &Name, replay: bool) -> Result<()> {
    let Some(known) = known.filter(|known| known.replay != replay) else { return Ok(()) };
    let how = if known.replay { "counts rows at their own times" } else { "counts rows when they arrive" };
    let message = format!("{name} {how}, and its history cannot be both");
    Err(Error::input("other-times", message, "Use another endpoint, or undeploy this one first"))
}

fn refuse_blocked(record: &VersionRecord) -> Result<()> {
    let blocking: Vec<Finding> =
        record.findings.iter().filter(|f| f.severity == Severity::Blocking).cloned().collect();
    match blocking.first() {
        None => Ok(()),
        Some(first) => {
            let message =
                format!("{} version {} cannot be deployed: {}", record.model, record.version, first.message);
            Err(Error::failed("not-deployable", message, first.hint.clone()).with_findings(blocking))
        }
    }
}

pub(crate) async fn upload(attached: &Attached, package: &Package, job: &Job) -> Result<()> {
    let files: Vec<LocalFile> = package
        .files
        .iter()
        .map(|entry| LocalFile {
            file: PackageFile { path: entry.path.clone(), sha256: entry.sha256, bytes: entry.bytes },
            source: package.path.join(&entry.path),
        })
        .collect();
    let mut report = |progress| job.report(progress);
    job.report(Progress::new(STAGES[1], 0, Some(package.bytes()), Unit::Bytes));
    attached.control.upload(package.root, &files, &mut report, &job.cancel).await?;
    Ok(())
}
