//! Where a converted model comes from: the record that stays on this computer, and the part of it that travels.

use crate::import::file_name;
use crate::views::{CandidateView, FileRow, MetricRow, OriginView};
use flightdeck_core::Digest;
use flightdeck_notebook::wire::{Candidate, Capture, Conversion, FileUse, Happened, Metric, Variant};
use flightdeck_package::{Environment, LineageEntry, LineageRole};
use std::collections::BTreeMap;
use std::path::Path;

/// What the capture says of where the model comes from; the caller adds the notebook's own part.
pub(crate) fn of_capture(capture: &Capture, candidate: &Candidate, numbers: &Numbers) -> OriginView {
    let pair = |name: &str, value: &str| (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()));
    let platform = &capture.platform;
    let memory =
        platform.memory_bytes.map(|bytes| format!("{:.0} GB", bytes as f64 / 1e9)).unwrap_or_default();
    let cpus = platform.cpus.map(|cpus| cpus.to_string()).unwrap_or_default();
    let system = format!("{} {}", platform.system, platform.release);
    let machine = [
        pair("System", system.trim()),
        pair("Machine", &platform.machine),
        pair("Processor", &platform.processor),
        pair("Cores", &cpus),
        pair("Memory", &memory),
    ];
    OriginView {
        source: capture.source.clone(),
        complete: capture.complete,
        candidate: Some(candidate_view(candidate, numbers)),
        steps: steps(candidate),
        folded: candidate.folded,
        packages: capture.packages.iter().map(|p| (p.name.clone(), p.version.clone())).collect(),
        machine: machine.into_iter().flatten().collect(),
        files: capture.files.iter().map(file_row).collect(),
        seeds: capture.seeds.iter().map(|seed| format!("{}({})", seed.call, seed.value)).collect(),
        blocked: happened(&capture.blocked, numbers),
        children: happened(&capture.children, numbers),
        network: capture.network.iter().map(|used| used.address.clone()).collect(),
        metrics: candidate.metrics.iter().map(metric_row).collect(),
        ..OriginView::default()
    }
}

/// How cells are counted by a person: from the position in the notebook to the number among the code cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers(pub(crate) BTreeMap<u32, u32>);

impl Numbers {
    pub(crate) fn of(&self, index: Option<u32>) -> Option<u32> {
        index.map(|index| self.0.get(&index).copied().unwrap_or(index + 1))
    }
}

pub(crate) fn candidate_view(candidate: &Candidate, numbers: &Numbers) -> CandidateView {
    let class = match candidate.describe.as_str() {
        "" => candidate.class.clone(),
        steps if steps == candidate.class => candidate.class.clone(),
        steps => format!("{}: {steps}", candidate.class),
    };
    let best = candidate.metrics.iter().find(|m| m.on == "evaluation").or(candidate.metrics.first());
    CandidateView {
        variable: candidate.variables.first().cloned().unwrap_or_else(|| candidate.id.clone()),
        class,
        cell: numbers.of(candidate.cell),
        metric: best.and_then(metric),
    }
}

fn metric(metric: &Metric) -> Option<String> {
    metric
        .value
        .map(|value| format!("{} {value:.3}", metric.name.trim_end_matches("_score").replace('_', " ")))
}

/// Columns are named where they begin: a step after another takes what that one gives.
fn steps(candidate: &Candidate) -> Vec<String> {
    let mut before: &[String] = &[];
    let mut said = Vec::new();
    for step in &candidate.chain {
        let columns = step.columns.as_slice();
        said.push(match columns {
            columns if columns.is_empty() || columns == before => step.class.clone(),
            columns => format!("{} on {}", step.class, listed(columns)),
        });
        before = columns;
    }
    said
}

fn listed(names: &[String]) -> String {
    match names.len() {
        0..=6 => names.join(", "),
        n => format!("{} and {} more", names[..6].join(", "), n - 6),
    }
}

fn happened(all: &[Happened], numbers: &Numbers) -> Vec<String> {
    let text = |one: &Happened| match numbers.of(one.cell) {
        Some(number) => format!("cell {number}: {}", one.what),
        None => one.what.clone(),
    };
    all.iter().map(text).collect()
}

fn file_row(file: &FileUse) -> FileRow {
    FileRow { path: file.path.clone(), mode: file.mode.clone(), sha256: sha256(file), bytes: file.bytes }
}

fn sha256(file: &FileUse) -> Option<Digest> {
    let hex = file.sha256.as_ref()?;
    format!("sha256:{hex}").parse().ok()
}

fn metric_row(metric: &Metric) -> MetricRow {
    MetricRow {
        name: metric.name.clone(),
        value: metric.value,
        rows: metric.rows,
        on: metric.on.clone(),
        before_refit: metric.before_refit,
    }
}

/// The files of a lineage: names without folders, each content once, in the order of their names. What the notebook wrote
/// itself is no source of it.
pub(crate) fn files_read(capture: &Capture) -> Vec<LineageEntry> {
    let written = |path: &str| capture.files.iter().any(|file| file.mode == "write" && file.path == path);
    let mut entries: Vec<LineageEntry> = capture
        .files
        .iter()
        .filter(|file| file.mode == "read" && !written(&file.path))
        .filter_map(|file| {
            let path = file_name(Path::new(&file.path));
            Some(LineageEntry { path, sha256: sha256(file)?, role: LineageRole::FileRead })
        })
        .collect();
    entries.sort_by(|a, b| (&a.path, a.sha256.to_string()).cmp(&(&b.path, b.sha256.to_string())));
    entries.dedup();
    entries
}

/// What the model was made with, without anything of the machine.
pub(crate) fn environment(capture: &Capture, conversion: &Conversion, variant: Variant) -> Environment {
    let mut packages: Vec<(String, String)> =
        capture.packages.iter().map(|p| (p.name.clone(), p.version.clone())).collect();
    packages.sort();
    packages.dedup();
    Environment {
        python: capture.python.version.clone(),
        packages,
        converter: conversion
            .versions
            .iter()
            .map(|(name, version)| (name.clone(), version.clone()))
            .collect(),
        variant: variant.as_str().into(),
    }
}
