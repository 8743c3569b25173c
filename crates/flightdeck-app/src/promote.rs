//! Who answers at an endpoint, changed in one step: forward to a version beside, and back.

use crate::deploy::upload;
use crate::jobs::Job;
use crate::serving;
use crate::views::DeployView;
use crate::{App, Error, Result};
use flightdeck_core::{Challenge, Digest, TrafficPolicy};
use flightdeck_protocol::EndpointDesired;
use flightdeck_store::endpoint::EndpointRecord;
use flightdeck_store::version::{self, VersionRecord};

impl App {
    /// Makes a version beside the one that answers take over: the one that was asked for, else the canary, else the shadow.
    /// It is loaded already: all requests before the switch are the old version's, all after it the new one's.
    pub async fn promote(&self, address: &str, version: Option<u32>) -> Result<DeployView> {
        let known = self.endpoint(address)?;
        let beside = || {
            let message = format!("Nothing runs beside what answers at {}", known.endpoint);
            Error::input("no-challenger", message, "Deploy a version there as a canary or as a shadow first")
        };
        let challenger = match version {
            Some(number) => self.challenger(&known, number)?,
            None => {
                known.canary().map(|(version, _)| version).or_else(|| known.shadow()).ok_or_else(beside)?
            }
        };
        self.switch("promote", &known, challenger).await
    }

    fn challenger(&self, known: &EndpointRecord, number: u32) -> Result<Digest> {
        for challenger in &known.challengers {
            let versions = self.read(|c| version::by_digest(c, &challenger.version))?;
            if versions.iter().any(|version| version.version == number) {
                return Ok(challenger.version);
            }
        }
        let message = format!("Version {number} does not run beside what answers at {}", known.endpoint);
        Err(Error::input("no-challenger", message, "See `flightdeck live` for the versions there"))
    }

    /// Goes back: a canary stops answering; without one, the version before answers again.
    pub async fn rollback(&self, address: &str) -> Result<DeployView> {
        let known = self.endpoint(address)?;
        if known.canary().is_some() {
            return self.end_canary(&known).await;
        }
        let previous = known.previous.ok_or_else(|| {
            let message = format!("No other version has answered at {} before", known.endpoint);
            Error::input("no-previous", message, "Deploy the version you want")
        })?;
        self.switch("rollback", &known, previous).await
    }

    async fn end_canary(&self, known: &EndpointRecord) -> Result<DeployView> {
        let mut policy = known.policy();
        policy.challengers.retain(|challenger| challenger.challenge == Challenge::Shadow);
        let version = self.version_of(&known.digest)?;
        let attached = self.runner_for(&known.runner).await?;
        let telemetry = serving::telemetry(&attached, &known.endpoint).await?;
        let desired = EndpointDesired { policy, telemetry, ..serving::as_it_is(known) };
        let state = attached.control.put_endpoint(&known.endpoint, &desired).await?;
        self.keep_deployed("end-canary", &known.runner, None, &state)?;
        self.deployed(&attached, version, &state)
    }

    fn version_of(&self, digest: &Digest) -> Result<VersionRecord> {
        self.read(|c| version::by_digest(c, digest))?.into_iter().next().ok_or_else(|| {
            let message = format!("{digest} is not in this library");
            Error::failed("no-version", message, "Deploy the version you want")
        })
    }

    async fn switch(&self, action: &str, known: &EndpointRecord, to: Digest) -> Result<DeployView> {
        let version = self.version_of(&to)?;
        let package = self.package(&to)?;
        let attached = self.runner_for(&known.runner).await?;
        upload(&attached, &package, &Job::unwatched()).await?;
        let telemetry = serving::telemetry(&attached, &known.endpoint).await?;
        // Who else runs beside stays where it is.
        let mut policy = TrafficPolicy { champion: to, ..known.policy() };
        policy.challengers.retain(|challenger| challenger.version != to);
        let desired = EndpointDesired { policy, telemetry, ..serving::as_it_is(known) };
        let state = attached.control.put_endpoint(&known.endpoint, &desired).await?;
        self.keep_deployed(action, &known.runner, None, &state)?;
        self.deployed(&attached, version, &state)
    }
}
