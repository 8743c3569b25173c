//! Runners, tokens, and what answers where.

use super::{count, word};
use crate::output;
use crate::table::{Table, bytes};
use flightdeck_app::views::{
    AgreementView, DeployView, EndpointRow, LiveVersion, LiveView, RemovedView, RunnerView, ServingView,
    TokenMade, TokenView,
};
use flightdeck_core::{Timestamp, VersionRole};

pub(crate) fn runners(runners: &[RunnerView]) {
    let mut table =
        Table::new(&["Runner", "State", "Address", ">Endpoints", "Version", "Last contact", ">Process"]);
    let none = || "–".to_owned();
    for runner in runners {
        table.row([
            runner.name.to_string(),
            word(&runner.state),
            runner.url.clone().unwrap_or_else(none),
            runner.endpoints.to_string(),
            runner.version.clone().unwrap_or_else(none),
            time(runner.last_contact),
            runner.pid.map_or_else(none, |pid| pid.to_string()),
        ]);
    }
    table.print();
    for problem in runners.iter().filter_map(|runner| runner.problem.as_ref()) {
        say!("✕ {}", problem.message);
        say!("  {}", problem.hint);
    }
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "–".into(), |at| at.to_string())
}

pub(crate) fn removed(view: &RemovedView) {
    let token = if view.revoked {
        "its token was taken back"
    } else {
        "it could not be asked to take its token back: revoke it there"
    };
    say!("{} is no longer known here; {token}", view.name);
    if view.endpoints > 0 {
        say!(
            "{} answering there",
            count(u64::from(view.endpoints), "endpoint goes on").replace("goes ons", "go on")
        );
    }
}

pub(crate) fn token(view: &TokenMade) {
    say!("{}", view.token);
    say!("This is the only time it is shown. {}", holder(&view.info));
    say!("Send it as `Authorization: Bearer`; take it back with its id, {}", view.info.id);
}

pub(crate) fn tokens(tokens: &[TokenView]) {
    if tokens.is_empty() {
        return say!("Nobody was let in");
    }
    let mut table = Table::new(&["Id", "Name", "Role", "Where", "Made", "Until", "Taken back"]);
    for token in tokens {
        table.row([
            token.id.clone(),
            token.name.clone(),
            word(&token.role),
            place(token),
            time(Some(token.created_at)),
            token.expires_at.map_or_else(|| "for ever".into(), |at| at.to_string()),
            time(token.revoked_at),
        ]);
    }
    table.print();
}

pub(crate) fn revoked(token: &TokenView) {
    say!("{} is let in no longer", token.name);
}

fn holder(token: &TokenView) -> String {
    let until = token.expires_at.map_or_else(String::new, |at| format!(", until {at}"));
    format!("{} may do what a {} may, {}{until}", token.name, word(&token.role), place(token))
}

fn place(token: &TokenView) -> String {
    match (&token.endpoint, &token.model) {
        (Some(endpoint), _) => format!("at {endpoint}"),
        (None, Some(model)) => format!("with {model}"),
        (None, None) => "everywhere".into(),
    }
}

pub(crate) fn deployed(view: &DeployView) {
    let does = match view.role {
        VersionRole::Champion if view.share == 100 => "answers".to_owned(),
        VersionRole::Champion | VersionRole::Canary => format!("answers {} % of the requests", view.share),
        VersionRole::Shadow => "runs as a shadow".into(),
    };
    say!("{} version {} {does} at", view.model, view.version);
    say!("{}", view.predict_url);
    if let Some(grpc) = &view.grpc {
        say!("{grpc} (gRPC)");
    }
    say!("");
    if view.token_needed {
        say!(
            "Clients need a token: flightdeck runner token {} --role caller --endpoint {} --name CLIENT",
            view.runner,
            view.endpoint
        );
    }
    say!("Try it:");
    // The command's own line breaks; those in its values are escaped as JSON.
    view.curl.lines().for_each(output::say);
}

pub(crate) fn undeployed(row: &EndpointRow) {
    say!("{} no longer answers; its history stays", row.endpoint);
}

/// Who answers how much, how the versions beside agree, and how the models run.
pub(super) fn versions(view: &LiveView) {
    let mut table = Table::new(&["Version", "Role", ">Share", ">Rows", "Beside the one that answers"]);
    for version in &view.versions {
        table.row([
            version.version.map_or_else(|| version.digest.short(), |number| number.to_string()),
            word(&version.role),
            share(version),
            version.rows.to_string(),
            version.agreement.as_ref().map(agreement).unwrap_or_default(),
        ]);
    }
    table.print();
    if let Some(how) = serving(&view.serving) {
        say!("Runs {how}");
    }
}

fn share(version: &LiveVersion) -> String {
    if version.role == VersionRole::Shadow { "–".into() } else { format!("{:.0} %", version.share) }
}

fn agreement(agreement: &AgreementView) -> String {
    let same = agreement.equal.map(|equal| format!("{equal} of {} the same", agreement.rows));
    let apart = agreement.mean_abs.map(|apart| format!("{apart:.4} apart on average"));
    same.into_iter().chain(apart).collect::<Vec<_>>().join(", ")
}

fn serving(view: &ServingView) -> Option<String> {
    let parts = [
        view.never_batch.then(|| "each request alone".to_owned()),
        view.isolate.then(|| "in a process of its own".to_owned()),
        view.max_rows.map(|rows| format!("{} at most", count(u64::from(rows), "row"))),
        view.memory_bytes.map(|memory| format!("with {} of memory", bytes(memory))),
    ];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    if said.is_empty() { None } else { Some(said.join(", ")) }
}
