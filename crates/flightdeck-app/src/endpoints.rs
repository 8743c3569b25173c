//! The endpoints that this library knows, and how they are addressed.

use crate::drift::of;
use crate::views::EndpointRow;
use crate::{App, Error, Result};
use flightdeck_store::endpoint::{self, EndpointRecord};
use flightdeck_store::version;

impl App {
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
        let reachable = self.reachable().await?;
        let row = |record: &EndpointRecord| self.endpoint_row(record, reachable.contains(&record.runner));
        self.read(endpoint::all)?.iter().map(row).collect()
    }

    pub(crate) fn endpoint_row(&self, record: &EndpointRecord, reachable: bool) -> Result<EndpointRow> {
        let version = self.read(|c| version::by_digest(c, &record.digest))?.into_iter().next();
        let alerts = self.read(flightdeck_store::alert::all)?;
        let open = alerts.iter().filter(|alert| alert.closed_at.is_none() && of(record, alert));
        Ok(EndpointRow {
            address: record.address(),
            serving: crate::serving::view(record),
            endpoint: record.endpoint.clone(),
            runner: record.runner.clone(),
            model: version.as_ref().map(|version| version.model.clone()),
            version: version.map(|version| version.version),
            open_alerts: open.count() as u32,
            reachable,
        })
    }
}
