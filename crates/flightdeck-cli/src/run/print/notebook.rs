//! Notebooks and what came of them: where a version comes from, how it compared, what is open, what is watched.

use super::count;
use crate::table::Table;
use flightdeck_app::views::{DifferenceView, KernelView, OriginView, ParityView, WatchView};

/// What was compared with the original, in words first.
pub(super) fn parity(view: &ParityView) {
    let rows = count(view.rows, "row");
    let largest =
        view.max_abs.map_or_else(String::new, |largest| format!(", largest difference {largest:.1e}"));
    match view.beyond {
        0 => say!("Equal to the original on {rows} ({}){largest}", view.compared),
        beyond => say!("{beyond} of {rows} differ from the original ({}){largest}", view.compared),
    }
}

pub(crate) fn kernels(kernels: &[KernelView]) {
    if kernels.is_empty() {
        say!("No notebook is open now");
        return;
    }
    let mut table = Table::new(&["Id", "Notebook", "State", "Language", "File"]);
    for kernel in kernels {
        let path = kernel.path.clone().unwrap_or_default();
        table.row([
            kernel.id.clone(),
            kernel.name.clone(),
            kernel.state.clone(),
            kernel.language.clone(),
            path,
        ]);
    }
    table.print();
}

pub(crate) fn watch(watch: &WatchView) {
    watches(std::slice::from_ref(watch));
}

pub(crate) fn watches(watches: &[WatchView]) {
    if watches.is_empty() {
        say!("Nothing is watched. Import a notebook first");
        return;
    }
    let mut table = Table::new(&["Model", "File", "Watched", "Then"]);
    for watch in watches {
        let then = [(watch.profile, "profile"), (watch.shadow, "run as shadow")];
        let then: Vec<&str> = then.iter().filter(|(on, _)| *on).map(|(_, what)| *what).collect();
        let on = if watch.on { "yes" } else { "no" };
        table.row([watch.model.to_string(), watch.path.clone(), on.into(), then.join(", ")]);
    }
    table.print();
}

/// Where a converted model comes from.
pub(super) fn origin(origin: &OriginView) {
    let how = match origin.source.as_str() {
        "live" => "Taken from an open notebook, which was not run again",
        "file" => "Converted from another program's file",
        _ => "From a notebook, run from top to bottom",
    };
    say!("{how}: {}", origin.path);
    if let Some(candidate) = &origin.candidate {
        let cell = candidate.cell.map_or_else(String::new, |cell| format!(", fitted in cell {cell}"));
        let metric = candidate.metric.as_ref().map_or_else(String::new, |metric| format!(", {metric}"));
        say!("  {} ({}){cell}{metric}", candidate.variable, candidate.class);
    }
    for (what, value) in origin.environment.iter().chain(&origin.machine) {
        say!("  {what}: {value}");
    }
    for seed in &origin.seeds {
        say!("  seed: {seed}");
    }
    for blocked in &origin.blocked {
        say!("  not run: {blocked}");
    }
    for row in &origin.conversion {
        let reason = row.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        say!("  {}: {}{reason}", row.variant, row.result);
    }
}

/// What is different from the version before.
pub(super) fn difference(view: &DifferenceView) {
    say!("Different from version {}:", view.previous);
    for cell in &view.cells {
        say!("  cell {} {}: {}", cell.number, cell.change, cell.title);
        for line in &cell.lines {
            say!("    {line}");
        }
    }
    for (column, moved) in &view.data {
        say!("  data, {column}: {moved}");
    }
    let figure = |value: &Option<f64>| value.map_or_else(|| "none".into(), |value| format!("{value:.4}"));
    for (name, before, now) in view.metrics.iter().filter(|(_, before, now)| before != now) {
        say!("  {name}: {}, was {}", figure(now), figure(before));
    }
    for change in &view.signature {
        say!("  {change}");
    }
    for (package, before, now) in &view.packages {
        let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".into());
        say!("  {package} {}, was {}", version(now), version(before));
    }
}
