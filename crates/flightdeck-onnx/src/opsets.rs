//! Whether ONNX Runtime knows what the model asks for. What it does not know is a finding, not an error: the model can
//! still be looked at.

use crate::display::display_safe;
use crate::facts::domain_shown;
use crate::message::Model;
use crate::operators::{ONNX, ONNX_ML};
use crate::reader::Reader;
use flightdeck_core::{Finding, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// Newest versions that ONNX Runtime 1.32 loads, each found by loading a model that asks for it and one that asks for the
/// next. The domains beyond the first two come with ONNX Runtime itself.
const NEWEST: [(&str, i64); 6] = [
    ("", 28),
    ("ai.onnx.ml", 5),
    ("com.microsoft", 1),
    ("com.microsoft.nchwc", 1),
    ("com.ms.internal.nhwc", 28),
    ("com.microsoft.experimental", 1),
];
const NEWEST_IR: i64 = 14;
/// More of one kind would only hide the first ones.
const MOST_FINDINGS: usize = 20;

pub(crate) fn findings(model: &Model<'_>, reader: &Reader<'_, '_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !(1..=NEWEST_IR).contains(&model.ir_version) {
        let message =
            format!("The file says it has IR version {}; 1 to {NEWEST_IR} can be run", model.ir_version);
        findings.push(blocking(
            "ir-version",
            message,
            "Export the model again with another version of onnx.",
        ));
    }
    let imported: BTreeMap<&str, i64> = model.function_opsets.iter().chain(&model.opsets).copied().collect();
    let functions: BTreeSet<_> = model.functions.iter().copied().collect();
    for (domain, version) in &imported {
        let newest = NEWEST.iter().find(|(known, _)| known == domain).map(|(_, newest)| *newest);
        if let Some(newest) = newest.filter(|newest| !(1..=*newest).contains(version)) {
            findings.push(unsupported_opset(domain, *version, newest));
        }
    }
    let unknown = reader.operators.keys().filter_map(|(domain, name)| match imported.get(domain) {
        _ if functions.contains(&(*domain, *name)) => None,
        None => Some(missing_opset(domain, name)),
        Some(version) => (!is_known(domain, name)).then(|| unknown_operator(domain, name, *version)),
    });
    findings.extend(unknown.take(MOST_FINDINGS));
    if model.opsets.is_empty() && findings.iter().all(|finding| finding.code != "no-opset") {
        findings.push(blocking("no-opset", "The model does not say which operator sets it uses", REEXPORT));
    }
    findings
}

fn is_known(domain: &str, name: &str) -> bool {
    match domain {
        "" => ONNX.binary_search(&name).is_ok(),
        "ai.onnx.ml" => ONNX_ML.binary_search(&name).is_ok(),
        _ => NEWEST.iter().any(|(known, _)| *known == domain),
    }
}

const REEXPORT: &str = "Export the model again; the file is damaged or was edited.";

fn unsupported_opset(domain: &str, version: i64, newest: i64) -> Finding {
    let domain = domain_shown(domain);
    blocking(
        "unsupported-opset",
        format!(
            "The model asks for version {version} of the operator set {domain}; 1 to {newest} can be run"
        ),
        "Export it again with a lower version (target_opset in skl2onnx, opset_version in torch.onnx.export).",
    )
}

fn missing_opset(domain: &str, name: &str) -> Finding {
    let (name, domain) = (display_safe(name, 200), domain_shown(domain));
    blocking(
        "no-opset",
        format!("The model uses {name} of {domain} but does not say which version of that operator set"),
        REEXPORT,
    )
}

fn unknown_operator(domain: &str, name: &str, version: i64) -> Finding {
    let (name, domain) = (display_safe(name, 200), domain_shown(domain));
    blocking(
        "unknown-operator",
        format!("The model uses {name} of {domain} (opset {version}), which ONNX Runtime does not know"),
        "Export the model without custom operators.",
    )
}

pub(crate) fn blocking(code: &str, message: impl Into<String>, hint: &str) -> Finding {
    Finding::new(code, Severity::Blocking, message, hint)
}
