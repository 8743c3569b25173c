//! Bringing a version to a runner and making it answer; taking an endpoint away.

use crate::drift::of;
use crate::embedded::{Attached, THIS_COMPUTER};
use crate::jobs::Job;
use crate::judge::watched;
use crate::snippets;
use crate::views::{DeployRequest, DeployView, EndpointRow, RuleStep};
use crate::{App, Error, Result};
use flightdeck_core::{
    Challenge, Challenger, Digest, Finding, Name, Progress, Severity, Signature, Timestamp, TrafficPolicy,
    Unit,
};
use flightdeck_package::{Package, SIGNATURE};
use flightdeck_protocol::{
    ControlError, EndpointDesired, EndpointState, LocalFile, PackageFile, Serving, Telemetry,
    check_window_seconds,
};
use flightdeck_store::endpoint::{self, EndpointRecord};
use flightdeck_store::version::{self, VersionRecord};
use flightdeck_store::{alert, monitor, window};

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
        let known = self.read(|c| endpoint::find(c, &request.runner, &name))?;
        let desired = desired(request, known.as_ref(), &name, &record.digest)?;
        job.report(Progress::new(STAGES[0], 0, None, Unit::Steps));
        let attached = self.runner_for(&request.runner).await?;
        job.check()?;
        upload(&attached, &package, job).await?;
        job.check()?;
        job.report(Progress::new(STAGES[2], 0, None, Unit::Steps));
        let state = attached.control.put_endpoint(&name, &desired).await?;
        job.report(Progress::new(STAGES[3], 1, Some(1), Unit::Steps));
        let step = request.step.map(RuleStep::seconds);
        self.keep_deployed("deploy", &request.runner, step, &state)?;
        self.deployed(&request.runner, record, &state)
    }

    /// Makes the shadow answer. It is loaded already: all requests before the switch are the old version's, all after it
    /// the new one's.
    pub async fn promote(&self, address: &str) -> Result<DeployView> {
        let known = self.endpoint(address)?;
        let shadow = known.shadow.ok_or_else(|| {
            let message = format!("Nothing runs beside what answers at {}", known.endpoint);
            Error::input("no-shadow", message, "Deploy a version there as a shadow first")
        })?;
        self.switch("promote", &known, shadow).await
    }

    /// Makes the version before answer again.
    pub async fn rollback(&self, address: &str) -> Result<DeployView> {
        let known = self.endpoint(address)?;
        let previous = known.previous.ok_or_else(|| {
            let message = format!("No other version has answered at {} before", known.endpoint);
            Error::input("no-previous", message, "Deploy the version you want")
        })?;
        self.switch("rollback", &known, previous).await
    }

    async fn switch(&self, action: &str, known: &EndpointRecord, to: Digest) -> Result<DeployView> {
        let version = self.read(|c| version::by_digest(c, &to))?.into_iter().next().ok_or_else(|| {
            let message = format!("{to} is not in this library");
            Error::failed("no-version", message, "Deploy the version you want")
        })?;
        let package = self.package(&to)?;
        let attached = self.runner_for(&known.runner).await?;
        upload(&attached, &package, &Job::unwatched()).await?;
        let desired = EndpointDesired {
            policy: TrafficPolicy::champion(to),
            window_seconds: known.window_seconds,
            replay: known.replay,
            serving: Serving::default(),
            telemetry: Telemetry::default(),
        };
        let state = attached.control.put_endpoint(&known.endpoint, &desired).await?;
        self.keep_deployed(action, &known.runner, None, &state)?;
        self.deployed(&known.runner, version, &state)
    }

    fn deployed(&self, runner: &Name, version: VersionRecord, state: &EndpointState) -> Result<DeployView> {
        let package = self.package(&version.digest)?;
        let signature: Signature = package.read(SIGNATURE)?;
        let rows = self.example_row(&package, &signature)?;
        Ok(DeployView {
            curl: snippets::curl(&state.predict_url, &rows),
            python: snippets::python(&state.predict_url, &rows),
            endpoint: state.name.clone(),
            runner: runner.clone(),
            url: state.url.clone(),
            predict_url: state.predict_url.clone(),
            grpc: None,
            model: version.model,
            version: version.version,
            digest: version.digest,
            previous: state.previous.filter(|previous| *previous != version.digest),
        })
    }

    fn keep_deployed(
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
            None => before.as_ref().and_then(|before| before.previous),
        };
        let record = EndpointRecord {
            runner: runner.clone(),
            endpoint: state.name.clone(),
            digest: policy.champion,
            shadow: policy.challengers.iter().find(|c| c.challenge == Challenge::Shadow).map(|c| c.version),
            previous,
            window_seconds: state.desired.window_seconds,
            replay: state.desired.replay,
            step_seconds: step.unwrap_or(RuleStep::default().seconds()),
            deployed_at: state.changed_at,
            figures: None,
        };
        self.act(action, &format!("{runner}/{}", state.name), |act| {
            act.note("digest", policy.champion.to_string());
            if let Some(shadow) = record.shadow {
                act.note("shadow", shadow.to_string());
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

    /// The runner of this name, started if it is this computer's.
    pub(crate) async fn runner_for(&self, name: &Name) -> Result<Attached> {
        Self::known_runner(name)?;
        self.started().await
    }

    /// Refuses names of runners that nobody knows.
    pub(crate) fn known_runner(name: &Name) -> Result<()> {
        if name.as_str() == THIS_COMPUTER {
            return Ok(());
        }
        Err(Error::input(
            "no-runner",
            format!("There is no runner {name}"),
            "Only this computer's runner, this-computer, is known here",
        ))
    }

    /// The endpoint with this address: `RUNNER/ENDPOINT`, or the endpoint alone when only one runner has it.
    pub(crate) fn endpoint(&self, address: &str) -> Result<EndpointRecord> {
        let (runner, name) = address.split_once('/').map_or((None, address), |(r, n)| (Some(r), n));
        let all = self.read(endpoint::all)?;
        let fits = |e: &&EndpointRecord| {
            e.endpoint.as_str() == name && runner.is_none_or(|r| e.runner.as_str() == r)
        };
        let found: Vec<&EndpointRecord> = all.iter().filter(fits).collect();
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => {
                let known: Vec<&str> = all.iter().map(|e| e.endpoint.as_str()).collect();
                let hint = match known.as_slice() {
                    [] => "Deploy a version first".to_owned(),
                    known => format!("There is {}", known.join(", ")),
                };
                Err(Error::input("no-endpoint", format!("There is no endpoint {address}"), hint))
            }
            _ => {
                let message = format!("{} runners have an endpoint {name}", found.len());
                Err(Error::input("ambiguous-endpoint", message, "Name it as RUNNER/ENDPOINT"))
            }
        }
    }

    /// All endpoints that were deployed from this library.
    pub async fn endpoints(&self) -> Result<Vec<EndpointRow>> {
        let reachable = self.attach().await.is_ok();
        self.read(endpoint::all)?.iter().map(|record| self.endpoint_row(record, reachable)).collect()
    }

    fn endpoint_row(&self, record: &EndpointRecord, reachable: bool) -> Result<EndpointRow> {
        let version = self.read(|c| version::by_digest(c, &record.digest))?.into_iter().next();
        let alerts = self.read(flightdeck_store::alert::all)?;
        let open = alerts.iter().filter(|alert| alert.closed_at.is_none() && of(record, alert));
        Ok(EndpointRow {
            endpoint: record.endpoint.clone(),
            runner: record.runner.clone(),
            model: version.as_ref().map(|version| version.model.clone()),
            version: version.map(|version| version.version),
            open_alerts: open.count() as u32,
            reachable,
        })
    }
}

/// What the endpoint should be: the version as its champion, or as a shadow beside the one that answers.
fn desired(
    request: &DeployRequest,
    known: Option<&EndpointRecord>,
    name: &Name,
    version: &Digest,
) -> Result<EndpointDesired> {
    if !request.shadow {
        refuse_other_times(known, name, request.replay)?;
        let window_seconds = window_length(request.window_seconds)?;
        let policy = TrafficPolicy::champion(*version);
        return Ok(EndpointDesired {
            policy,
            window_seconds,
            replay: request.replay,
            serving: Serving::default(),
            telemetry: Telemetry::default(),
        });
    }
    let known = known.ok_or_else(|| {
        let message = format!("Nothing answers at {name}, so nothing can run beside it");
        Error::input("no-endpoint", message, "Deploy a version there first")
    })?;
    if known.digest == *version {
        let message = format!("This version is the one that answers at {name}");
        return Err(Error::input("already-answers", message, "Run another version beside it"));
    }
    let challengers = vec![Challenger { version: *version, challenge: Challenge::Shadow }];
    let policy = TrafficPolicy { champion: known.digest, challengers };
    let (window_seconds, replay) = (known.window_seconds, known.replay);
    Ok(EndpointDesired {
        policy,
        window_seconds,
        replay,
        serving: Serving::default(),
        telemetry: Telemetry::default(),
    })
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

async fn upload(attached: &Attached, package: &Package, job: &Job) -> Result<()> {
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
