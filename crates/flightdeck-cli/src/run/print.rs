//! Answers in words and tables.

mod notebook;
mod runner;

pub(crate) use notebook::{kernels, watch, watches};
pub(crate) use runner::{deployed, removed, revoked, runners, token, tokens, undeployed};

use crate::table::{Table, bytes, duration, figure};
use flightdeck_app::Comparison;
use flightdeck_app::views::{
    AlertView, BaselineView, DriftView, ImportView, LiveView, ModelView, PredictView, ProfileView, ShowView,
    VersionRow, VersionState,
};
use flightdeck_core::{Finding, Severity};
use serde::Serialize;

/// How many of the dearest operators are shown.
const OPERATORS: usize = 5;

/// A word of a closed list, as its JSON says it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(|w| w.replace('_', " "))).unwrap_or_default()
}

/// `1 row`, `2 rows`.
fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn findings(findings: &[Finding]) {
    for finding in findings {
        let mark = match finding.severity {
            Severity::Info => "·",
            Severity::Warning => "▲",
            Severity::Blocking => "✕",
        };
        say!("{mark} {}", finding.message);
        say!("  {}", finding.hint);
    }
}

pub(crate) fn imported(view: &ImportView) {
    let again = if view.already { ", imported before" } else { "" };
    say!("{} version {}{again}", view.model, view.version);
    say!("{}", view.digest);
    if let Some(parity) = &view.parity {
        notebook::parity(parity);
    }
    findings(&view.findings);
}

pub(crate) fn failed(error: &flightdeck_app::Error) {
    say!("✕ {}", error.message);
    say!("  {}", error.hint);
    findings(&error.findings);
}

fn state(row: &VersionRow) -> String {
    match row.state {
        VersionState::Ready => "ready".into(),
        VersionState::Blocked => "✕ blocked".into(),
        VersionState::Serving => "● serving".into(),
        VersionState::Drifting => "▲ drift".into(),
    }
}

pub(crate) fn models(models: &[ModelView]) {
    if models.is_empty() {
        say!("No models yet. Import one: flightdeck import MODEL.onnx --baseline TRAINING.csv");
        return;
    }
    let mut table =
        Table::new(&["Model", ">Version", "From", "Kind", ">p99 here", ">Size", "Endpoints", "State"]);
    for model in models {
        for row in &model.versions {
            let endpoints: Vec<&str> = row.endpoints.iter().map(flightdeck_core::Name::as_str).collect();
            table.row([
                model.model.to_string(),
                row.version.to_string(),
                row.from.clone(),
                row.kind.clone(),
                duration(row.p99_us),
                bytes(row.bytes),
                endpoints.join(", "),
                state(row),
            ]);
        }
    }
    table.print();
}

pub(crate) fn show(view: &ShowView) {
    say!("{} version {} · {} · {}", view.model, view.row.version, view.row.kind, state(&view.row));
    say!("{}", view.row.digest);
    say!("{}", view.path);
    say!("");
    let mut table = Table::new(&["Column", "Input", "Type", "Counted as"]);
    for (input, column) in view.signature.columns() {
        table.row([column.name.clone(), input.name.clone(), input.data_type.to_string(), word(&column.kind)]);
    }
    table.print();
    say!("");
    let mut table = Table::new(&["Output", "Type", "Role", "Classes"]);
    for output in &view.signature.outputs {
        let classes = output.classes.join(", ");
        table.row([output.name.clone(), output.data_type.to_string(), word(&output.role), classes]);
    }
    table.print();
    say!("");
    if let Some(baseline) = &view.baseline {
        self::baseline(baseline);
    }
    if let Some(parity) = &view.parity {
        notebook::parity(parity);
    }
    findings(&view.findings);
    if let Some(origin) = &view.origin {
        notebook::origin(origin);
    }
    if let Some(difference) = &view.difference {
        notebook::difference(difference);
    }
    for row in &view.lineage {
        say!("{} {} {}", row.role, row.path, row.sha256.short());
    }
    if let Some(profile) = &view.profile {
        say!("");
        self::profile(profile);
    }
}

/// What was inferred of the data it was trained on, to be looked at before anybody relies on it.
fn baseline(view: &BaselineView) {
    let period = view.period.map_or_else(String::new, |[first, last]| format!(", {first} to {last}"));
    say!("Baseline of {}{period}", count(view.rows, "row"));
    let mut table = Table::new(&["Column", "Counted as", ">Missing", "Values"]);
    for column in &view.columns {
        table.row([
            column.name.clone(),
            word(&column.kind),
            column.nulls.to_string(),
            column.summary.clone(),
        ]);
    }
    table.print();
    say!("");
}

pub(crate) fn profile(view: &ProfileView) {
    say!("{} version {} on {}", view.model, view.version, view.machine);
    let mut table = Table::new(&[">Rows per run", ">p50", ">p90", ">p99"]);
    for latency in &view.latency_us {
        let quantiles = [latency.p50, latency.p90, latency.p99].map(|us| duration(Some(us)));
        table.row(std::iter::once(latency.batch.to_string()).chain(quantiles));
    }
    table.print();
    say!(
        "{:.0} rows per second · loads in {:.1} ms · {} at most in memory · {} on disk",
        view.rows_per_s,
        view.load_ms,
        bytes(view.peak_bytes),
        bytes(view.bytes)
    );
    if let Some(flops) = view.flops {
        say!("{flops} floating-point operations for one row");
    }
    let one_row = view.operators.first().map(|first| first.batch);
    let dearest: Vec<_> =
        view.operators.iter().filter(|o| Some(o.batch) == one_row).take(OPERATORS).collect();
    if !dearest.is_empty() {
        let mut table = Table::new(&["Operator", ">Times", ">One row", ">Share"]);
        for operator in dearest {
            let share = format!("{:.0} %", operator.share * 100.0);
            table.row([
                operator.operator.clone(),
                operator.count.to_string(),
                duration(Some(operator.us)),
                share,
            ]);
        }
        table.print();
    }
}

pub(crate) fn live(view: &LiveView) {
    let age = if view.reachable { String::new() } else { format!(" · as of {}", view.as_of) };
    say!("{} on {}{age}", view.endpoint, view.runner);
    say!("{}", view.url);
    let mut table = Table::new(&[">Requests", ">Rows", ">Errors", ">p50", ">p90", ">p99", "Last window"]);
    let latency = &view.latency_us;
    table.row([
        view.requests.to_string(),
        view.rows.to_string(),
        view.errors.to_string(),
        duration(latency.p50),
        duration(latency.p90),
        duration(latency.p99),
        view.last_window.map_or_else(|| "–".into(), |at| at.to_string()),
    ]);
    table.print();
    runner::versions(view);
    for gap in &view.gaps {
        say!("Not counted for certain: {} to {} ({})", gap.from, gap.to, gap.reason);
    }
}

pub(crate) fn predicted(view: &PredictView) {
    let written = view.out.as_ref().map_or_else(String::new, |out| format!(", written to {out}"));
    say!("{} answered by {}{written}", count(view.rows, "row"), view.endpoint);
}

pub(crate) fn drift(view: &DriftView) {
    say!("{} · {} counted, {} judged", view.endpoint, count(view.rows, "row"), count(view.windows, "step"));
    let mut table = Table::new(&[
        "Feature",
        "Verdict",
        "Size",
        ">PSI adj.",
        ">Evidence",
        ">Alarm at",
        ">Missing",
        ">Outside",
    ]);
    for feature in &view.features {
        let percent =
            |share: Option<f64>| share.map_or_else(|| "–".into(), |share| format!("{:.1} %", share * 100.0));
        table.row([
            feature.name.clone(),
            feature.verdict.replace('_', " "),
            feature.severity.clone(),
            figure(feature.psi_adjusted, 3),
            figure(feature.evidence_log, 1),
            figure(Some(feature.alarm_log), 1),
            percent(feature.null_rate),
            percent(feature.out_of_range),
        ]);
    }
    table.print();
    say!("");
    alerts(&view.alerts);
    say!("{}", view.promise);
}

pub(crate) fn alerts(alerts: &[AlertView]) {
    if alerts.is_empty() {
        say!("No alerts");
    }
    for alert in alerts {
        let end = alert.closed_at.map_or_else(|| "open".into(), |at| format!("closed {at}"));
        say!("▲ {} · {} · {} · {end}", alert.opened_at, alert.endpoint, alert.severity);
        say!("  {}", alert.sentence);
    }
}

pub(crate) fn comparison(view: &Comparison) {
    say!("{} then, {} now", count(view.baseline_rows, "row"), count(view.current_rows, "row"));
    let mut table =
        Table::new(&["Column", "Kind", "Verdict", "Size", ">PSI adj.", ">KS", ">Wasserstein", ">p adjusted"]);
    for column in &view.columns {
        table.row([
            column.name.clone(),
            word(&column.kind),
            word(&column.verdict),
            word(&column.severity),
            figure(column.psi_adjusted, 3),
            figure(column.ks, 3),
            figure(column.wasserstein, 3),
            column.p_adjusted.map_or_else(|| "–".into(), p_value),
        ]);
    }
    table.print();
    match view.drifted.as_slice() {
        [] => say!("No column drifted"),
        drifted => say!("Drifted: {}", drifted.join(", ")),
    }
}

/// Doubles end near 1e-308: what is smaller is said to be.
fn p_value(p: f64) -> String {
    match p {
        ..1e-300 => "< 1e-300".into(),
        ..0.001 => format!("{p:.1e}"),
        _ => format!("{p:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        let all = [0, 1, 2].map(|number| count(number, "row"));
        assert_eq!(all, ["0 rows", "1 row", "2 rows"]);
    }
}
