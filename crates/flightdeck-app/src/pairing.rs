//! Getting to know a runner elsewhere, meeting it again after it was installed anew, and parting from it.
//!
//! The keychain is asked before the code is used: a code can be used once, and must not be spent on a token that nobody
//! can keep.

use crate::embedded::{GREETING, THIS_COMPUTER};
use crate::jobs::Job;
use crate::views::{PairRequest, RemovedView, RunnerView};
use crate::{App, Error, Result};
use flightdeck_core::{Digest, Name, Progress, Unit};
use flightdeck_protocol::pairing::Code;
use flightdeck_protocol::{Control, ControlError, EndpointState, Introduction};
use flightdeck_secrets::Secret;
use flightdeck_store::endpoint;
use flightdeck_store::runner::{self, Pairing, RunnerRecord};
use flightdeck_store::version;
use std::time::Duration;

/// The stages of pairing, in their order.
pub const STAGES: [&str; 3] = ["keychain", "prove", "look"];

/// How long a runner may take to answer a proof.
const PATIENCE: Duration = Duration::from_secs(20);

impl App {
    /// Gets to know the runner at an address by a code that it showed.
    pub async fn runner_add(&self, request: &PairRequest, job: &Job) -> Result<RunnerView> {
        let name = &request.name;
        let taken = self.read(|c| runner::find(c, name))?.is_some();
        if taken || name.as_str() == THIS_COMPUTER {
            let hint = "Choose another name; a runner that was installed anew is paired again with `flightdeck runner pair`";
            return Err(Error::input("runner-exists", format!("There is a runner {name} already"), hint));
        }
        let url = request.url.as_deref().ok_or_else(|| {
            Error::input(
                "bad-address",
                "A runner is added by its address",
                "Give an address such as https://edge:8443",
            )
        })?;
        self.meet("add-runner", request, &address(url)?, job).await
    }

    /// Meets a known runner again, which has another key or another token now. Its endpoints and its history stay.
    pub async fn runner_pair(&self, request: &PairRequest, job: &Job) -> Result<RunnerView> {
        let known = self.runner_record(&request.name)?;
        if known.pairing.is_none() {
            let message = format!("{} is this computer's own and needs no pairing", known.name);
            return Err(Error::input("embedded-runner", message, "Start it, or deploy to it"));
        }
        let url = match &request.url {
            Some(url) => address(url)?,
            None => known.url.clone().unwrap_or_default(),
        };
        self.meet("pair-runner", request, &url, job).await
    }

    async fn meet(&self, action: &str, request: &PairRequest, url: &str, job: &Job) -> Result<RunnerView> {
        let name = &request.name;
        let code: Code = request.code.parse().map_err(|_| {
            let hint = "It is 20 letters and digits; `flightdeck-runner pair` on the runner's computer shows a new one";
            Error::input("bad-code", "This is not a pairing code", hint)
        })?;
        let stage = |stage: usize| job.report(Progress::new(STAGES[stage], 0, None, Unit::Steps));
        stage(0);
        let slot = random_slot()?;
        let placeholder = Secret::new("pairing".into());
        self.keep_secret(&slot, placeholder, request.session_only).await?;
        stage(1);
        let met = match self.introduce(name, url, &code).await {
            Ok(met) => met,
            Err(error) => {
                self.forget_secret(&slot).await;
                return Err(error);
            }
        };
        let token = Secret::new(met.token.reveal().to_owned());
        if let Err(error) = self.keep_secret(&slot, token, request.session_only).await {
            // It was there a moment ago. What it cannot keep is taken back, so that nobody holds it.
            revoke(url, &met).await;
            return Err(error.into());
        }
        let before = self.read(|c| runner::find(c, name))?.and_then(|known| known.pairing);
        if let Err(error) = self.keep_pairing(action, name, url, &met, slot.clone()) {
            revoke(url, &met).await;
            self.forget_secret(&slot).await;
            return Err(error);
        }
        if let Some(before) = before {
            self.forget_secret(&before.secret).await;
        }
        stage(2);
        self.disconnect(name);
        let attached = self.attach_to(name).await?;
        self.adopt(name, &attached.control.endpoints().await?)?;
        self.pull_of(name).await;
        self.runner_view(&self.runner_record(name)?, true).await
    }

    /// Proves the code and takes what is given for it; refuses a runner that is known by another name.
    async fn introduce(&self, name: &Name, url: &str, code: &Code) -> Result<Introduction> {
        let away = || {
            let message = format!("Nothing answers at {url}");
            Error::failed(
                "runner-away",
                message,
                "Check the address, and that the runner runs and can be reached",
            )
        };
        let introduced = tokio::time::timeout(PATIENCE, Control::pair(url, code, &label())).await;
        let met = introduced.map_err(|_| away())?.map_err(|error| match error {
            ControlError::Away { .. } => away(),
            other => other.into(),
        })?;
        let known = self.read(runner::all)?;
        let same =
            |other: &&RunnerRecord| other.producer.as_ref() == Some(&met.runner_id) && other.name != *name;
        let Some(other) = known.iter().find(same) else { return Ok(met) };
        revoke(url, &met).await;
        let message = format!("This runner is known already, as {}", other.name);
        Err(Error::input("runner-exists", message, "Use it under that name, or remove it first"))
    }

    fn keep_pairing(
        &self,
        action: &str,
        name: &Name,
        url: &str,
        met: &Introduction,
        slot: String,
    ) -> Result<()> {
        let pairing = Pairing {
            pin: met.pin.digest(),
            certificate: met.certificate.clone(),
            secret: slot,
            token_id: met.token_id.clone(),
        };
        self.act(action, name.as_str(), |act| {
            act.note("url", url);
            act.note("key", pairing.pin.to_string());
            let record = RunnerRecord {
                name: name.clone(),
                kind: "remote".into(),
                url: Some(url.into()),
                producer: Some(met.runner_id.clone()),
                version: None,
                last_contact: Some(self.now()),
                pairing: Some(pairing),
            };
            runner::put(act, &record)
        })
    }

    /// Takes over endpoints that answer there with versions of this library, and lets go of those that are gone.
    fn adopt(&self, runner: &Name, there: &[EndpointState]) -> Result<()> {
        for known in self.endpoints_on(runner)? {
            if !there.iter().any(|state| state.name == known.endpoint) {
                self.act("forget-endpoint", &format!("{runner}/{}", known.endpoint), |act| {
                    endpoint::remove(act, runner, &known.endpoint)
                })?;
            }
        }
        for state in there {
            let champion = &state.desired.policy.champion;
            let is_ours = !self.read(|c| version::by_digest(c, champion))?.is_empty();
            if is_ours && self.read(|c| endpoint::find(c, runner, &state.name))?.is_none() {
                self.keep_deployed("adopt-endpoint", runner, None, state)?;
            }
        }
        Ok(())
    }

    /// Parts from a runner elsewhere: its token is taken back when it answers, and forgotten in any case. Its endpoints go on
    /// answering there.
    pub async fn runner_remove(&self, name: &Name) -> Result<RemovedView> {
        let record = self.runner_record(name)?;
        let Some(pairing) = record.pairing else {
            let message = format!("{name} is this computer's own and belongs to the library");
            return Err(Error::input("embedded-runner", message, "Stop it instead"));
        };
        let revoked = match self.attach_to(name).await {
            Ok(attached) => attached.control.revoke_token(&pairing.token_id).await.is_ok(),
            Err(_) => false,
        };
        let endpoints = self.endpoints_on(name)?.len() as u32;
        self.act("remove-runner", name.as_str(), |act| {
            endpoint::remove_of(act, name)?;
            runner::remove(act, name)
        })?;
        self.forget_secret(&pairing.secret).await;
        self.disconnect(name);
        Ok(RemovedView { name: name.clone(), revoked, endpoints })
    }
}

/// Takes a token back that nobody could keep; it is worth nothing without its holder.
async fn revoke(url: &str, met: &Introduction) {
    let control = Control::pinned(url, Some(met.token.clone()), met.pin);
    let _ = tokio::time::timeout(GREETING, control.revoke_token(&met.token_id)).await;
}

/// The address of a runner as it is kept: `https://host:port`. Everything but loopback inside of this computer is spoken
/// to over TLS, and pairing is what TLS is for.
fn address(given: &str) -> Result<String> {
    let given = given.trim();
    let hint = "Give an address such as https://edge.example:8443";
    if given.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://")) {
        let message = "A runner elsewhere is spoken to over TLS, and this address is without it";
        return Err(Error::input("needs-tls", message, hint));
    }
    let host = match given.split_once("://") {
        Some((scheme, host)) if scheme.eq_ignore_ascii_case("https") => host,
        Some(_) => "",
        None => given,
    };
    let host = host.trim_end_matches('/');
    let odd = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '/' | '@' | '?' | '#' | '\\' | '"' | '\'')
    };
    if host.is_empty() || host.len() > 300 || host.contains(odd) {
        return Err(Error::input("bad-address", "This is not the address of a runner", hint));
    }
    Ok(format!("https://{}", host.to_ascii_lowercase()))
}

/// 128 random bits: what the keychain calls the token, without meaning elsewhere.
fn random_slot() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes[..16])
        .map_err(|error| Error::failed("no-randomness", error.to_string(), "Restart the computer"))?;
    Ok(Digest::from_bytes(bytes).hex()[..32].to_owned())
}

/// What the runner calls this computer.
fn label() -> String {
    let user = std::env::var("USER").or_else(|_| std::env::var("USERNAME")).unwrap_or_default();
    let host = sysinfo::System::host_name().unwrap_or_else(|| "desktop".into());
    let label = if user.is_empty() { host } else { format!("{user}@{host}") };
    label.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k5_an_address_is_one_of_tls_or_none() {
        for (given, kept) in [
            ("https://edge:8443", "https://edge:8443"),
            (" HTTPS://Edge:8443/ ", "https://edge:8443"),
            ("192.0.2.7:8443", "https://192.0.2.7:8443"),
            ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ] {
            assert_eq!(address(given).unwrap(), kept);
        }
        for (given, code) in [
            ("http://edge:8443", "needs-tls"),
            ("HTTP://edge", "needs-tls"),
            ("ftp://edge", "bad-address"),
            ("https://", "bad-address"),
            ("https://user@edge", "bad-address"),
            ("https://edge/path", "bad-address"),
            ("https://edge\n", "https"),
            ("ed ge", "bad-address"),
        ] {
            match address(given) {
                Err(error) => assert_eq!(error.code, code, "{given}"),
                Ok(kept) => assert!(kept.starts_with(code), "{given}"),
            }
        }
    }

    #[test]
    fn slots_are_random() {
        let slots = [random_slot().unwrap(), random_slot().unwrap()];
        assert_ne!(slots[0], slots[1]);
        assert_eq!(slots[0].len(), 32);
    }
}
