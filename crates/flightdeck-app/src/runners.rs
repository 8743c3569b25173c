//! The runners that this desktop knows, and how they are.

use crate::remote::Standing;
use crate::views::{RunnerState, RunnerView};
use crate::{App, Result};
use flightdeck_core::Name;
use flightdeck_store::runner::{self, RunnerRecord};
use tokio::task::JoinSet;

impl App {
    /// The runners this desktop knows; this computer's is always one of them, and the first. All are asked at once; while
    /// somebody [watches](App::watch), what is known of those elsewhere is a few seconds old instead.
    pub async fn runners(&self) -> Result<Vec<RunnerView>> {
        let mut asked = JoinSet::new();
        for (place, record) in self.remote_records()?.into_iter().enumerate() {
            let app = self.clone();
            asked.spawn(async move { app.runner_view(&record, false).await.map(|view| (place, view)) });
        }
        let embedded = self.embedded_view().await?;
        let mut others = asked.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
        others.sort_by_key(|(place, _)| *place);
        Ok(std::iter::once(embedded).chain(others.into_iter().map(|(_, view)| view)).collect())
    }

    /// Whether each runner answers, asked as [`App::runners`] asks.
    pub(crate) async fn reachable(&self) -> Result<Vec<Name>> {
        let answers = |state| matches!(state, RunnerState::Ready | RunnerState::Starting);
        let runners = self.runners().await?.into_iter().filter(|view| answers(view.state));
        Ok(runners.map(|view| view.name).collect())
    }

    fn remote_records(&self) -> Result<Vec<RunnerRecord>> {
        Ok(self.read(runner::all)?.into_iter().filter(|record| record.pairing.is_some()).collect())
    }

    async fn embedded_view(&self) -> Result<RunnerView> {
        let name = Self::this_computer();
        let known = self.read(|c| runner::find(c, &name))?;
        let attached = self.attach().await;
        let endpoints = self.endpoints_on(&name)?.len() as u32;
        let state = match &attached {
            Ok(attached) => match attached.control.ready().await {
                Ok(true) => RunnerState::Ready,
                _ => RunnerState::Starting,
            },
            Err(_) if self.died() => RunnerState::Away,
            Err(_) => RunnerState::Stopped,
        };
        let attached = attached.ok();
        let url = attached.as_ref().map(|attached| attached.control.base().to_owned());
        Ok(RunnerView {
            name,
            grpc: url.as_deref().map(grpc),
            url,
            kind: "embedded".into(),
            state,
            pid: attached.as_ref().map(|attached| attached.handshake.pid),
            version: attached.as_ref().map(|attached| attached.handshake.version.clone()),
            last_contact: match attached {
                Some(_) => Some(self.now()),
                None => known.and_then(|known| known.last_contact),
            },
            endpoints,
            fingerprint: None,
            found: None,
            problem: None,
        })
    }

    /// How a runner elsewhere is; asked now when it is `fresh` or when nobody else keeps asking.
    pub(crate) async fn runner_view(&self, record: &RunnerRecord, fresh: bool) -> Result<RunnerView> {
        let name = &record.name;
        if fresh || !self.is_watching() || self.standing(name).is_none() {
            let _ = self.attach_to(name).await;
        }
        let standing = self.standing(name).unwrap_or_default();
        // What was heard meanwhile stands in the record.
        let record = self.read(|c| runner::find(c, name))?.unwrap_or_else(|| record.clone());
        Ok(RunnerView {
            name: record.name.clone(),
            grpc: record.url.as_deref().map(grpc),
            kind: record.kind,
            state: state(&standing),
            pid: None,
            version: record.version,
            last_contact: record.last_contact,
            endpoints: self.endpoints_on(&record.name)?.len() as u32,
            fingerprint: record.pairing.map(|pairing| pairing.pin),
            found: standing.problem.as_ref().and_then(|problem| problem.found),
            problem: standing.problem.map(|problem| problem.error.view()),
            url: record.url,
        })
    }
}

fn state(standing: &Standing) -> RunnerState {
    match &standing.problem {
        None if standing.ready => RunnerState::Ready,
        None => RunnerState::Starting,
        Some(problem) => match problem.error.code.as_ref() {
            "other-certificate" => RunnerState::OtherCertificate,
            "token-refused" => RunnerState::Refused,
            "no-token" | "no-keychain" | "keychain-locked" | "keychain-silent" | "keychain-failed" => {
                RunnerState::Locked
            }
            _ => RunnerState::Away,
        },
    }
}

/// Both protocols are spoken on one port.
pub(crate) fn grpc(url: &str) -> String {
    url.split_once("://").map_or(url, |(_, rest)| rest).to_owned()
}
