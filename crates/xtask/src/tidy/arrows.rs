//! Which crate may know which: the arrows of the house, and what must never be reached at all.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::place::Place;
use crate::process::output;
use crate::product::WINDOW_FEATURE;

/// Leaves: they know the vocabulary and nobody else.
const LEAVES: &[&str] = &[
    "flightdeck-charts",
    "flightdeck-drift",
    "flightdeck-engine",
    "flightdeck-formats",
    "flightdeck-grpc",
    "flightdeck-kernel",
    "flightdeck-notebook",
    "flightdeck-onnx",
    "flightdeck-package",
    "flightdeck-proof",
    "flightdeck-protocol",
    "flightdeck-report",
    "flightdeck-secrets",
    "flightdeck-sqlite",
    "flightdeck-table",
];

/// What the server is made of.
const RUNNER: &[&str] = &[
    "flightdeck-drift",
    "flightdeck-engine",
    "flightdeck-grpc",
    "flightdeck-onnx",
    "flightdeck-package",
    "flightdeck-proof",
    "flightdeck-protocol",
    "flightdeck-sqlite",
];

/// What journeys read with.
const JOURNEYS: &[&str] = &["flightdeck-engine", "flightdeck-notebook", "flightdeck-protocol"];

/// Nothing of the desktop reaches the server, not even through others.
const NOT_IN_RUNNER: &[&str] = &["tauri", "typst", "plotters", "keyring", "notify"];

/// Inference happens in the worker only.
const NOT_IN_SHELLS: &[&str] = &["ort"];

/// A member of the workspace and the members it declares, dependencies of its tests and build script included.
struct Member {
    name: String,
    knows: Vec<Known>,
}

struct Known {
    name: String,
    features: Vec<String>,
}

pub(super) fn check(place: &Place) -> Result<Vec<String>> {
    let members = members(&place.metadata()?)?;
    let mut complaints: Vec<String> = members.iter().flat_map(wrong_arrows).collect();
    for (package, families) in [
        ("flightdeck-runner", NOT_IN_RUNNER),
        ("flightdeck-app", NOT_IN_SHELLS),
        ("flightdeck-cli", NOT_IN_SHELLS),
        ("flightdeck-desktop", NOT_IN_SHELLS),
    ] {
        complaints.extend(forbidden(package, &reached(place, package)?, families));
    }
    Ok(complaints)
}

fn wrong_arrows(member: &Member) -> Vec<String> {
    let Member { name, knows } = member;
    let mut complaints = Vec::new();
    for known in knows {
        match may_know(name, &known.name) {
            None => {
                return vec![format!(
                    "{name}: this crate has no place in the house; give it one in xtask's arrows.rs"
                )];
            }
            Some(false) => {
                complaints.push(format!("{name} → {}: this arrow is not in the house", known.name));
            }
            Some(true) => {}
        }
        if known.name == "flightdeck-engine" && name != "flightdeck-runner" && !known.features.is_empty() {
            complaints.push(format!("{name} → {}: only the runner takes its features", known.name));
        }
    }
    complaints
}

/// Whether the arrow exists; nothing for a crate that the house does not know.
fn may_know(from: &str, to: &str) -> Option<bool> {
    let core = to == "flightdeck-core";
    match from {
        "flightdeck-core" | "xtask" => Some(false),
        "flightdeck-store" => Some(core || to == "flightdeck-sqlite"),
        "flightdeck-app" => Some(core || to == "flightdeck-store" || LEAVES.contains(&to)),
        "flightdeck-runner" => Some(core || RUNNER.contains(&to)),
        "flightdeck-cli" | "flightdeck-desktop" => Some(core || to == "flightdeck-app"),
        // Journeys look from outside, but may prepare and read with the use cases, the wires and the worker's client.
        "flightdeck-journeys" => Some(core || to == "flightdeck-app" || JOURNEYS.contains(&to)),
        leaf if LEAVES.contains(&leaf) => Some(core),
        _ => None,
    }
}

fn forbidden(package: &str, reached: &BTreeSet<String>, families: &[&str]) -> Vec<String> {
    let belongs = |name: &str, family: &str| {
        name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    reached
        .iter()
        .filter(|name| families.iter().any(|family| belongs(name, family)))
        .map(|name| format!("{package} reaches {name}, which it must not; `cargo tree --package {package} --invert {name}` says how"))
        .collect()
}

/// Every crate that goes into a package when it is built by itself, on any platform.
fn reached(place: &Place, package: &str) -> Result<BTreeSet<String>> {
    let mut tree = place.cargo();
    tree.args([
        "tree",
        "--package",
        package,
        "--edges",
        "normal,build",
        "--target",
        "all",
        "--prefix",
        "none",
    ]);
    if package == "flightdeck-desktop" {
        tree.args(["--features", WINDOW_FEATURE]);
    }
    let answer = output(&mut tree)?;
    Ok(answer.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

fn members(metadata: &Value) -> Result<Vec<Member>> {
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    Ok(packages.iter().map(member).collect())
}

fn member(package: &Value) -> Member {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let knows = dependencies
        // A path marks a member; everything else comes from outside.
        .filter(|dependency| dependency["path"].is_string())
        .map(|dependency| Known {
            name: text(&dependency["name"]),
            features: dependency["features"].as_array().into_iter().flatten().map(text).collect(),
        })
        .collect();
    Member { name: text(&package["name"]), knows }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn complaints(name: &str, knows: &[(&str, &[&str])]) -> Vec<String> {
        let known =
            |(name, features): &(&str, &[&str])| json!({"name": name, "path": "/x", "features": features});
        let package = json!({"name": name, "dependencies": knows.iter().map(known).collect::<Vec<_>>()});
        wrong_arrows(&member(&package))
    }

    #[test]
    fn a_leaf_knows_the_core_and_no_other_leaf() {
        assert!(complaints("flightdeck-onnx", &[("flightdeck-core", &[])]).is_empty());
        assert_eq!(complaints("flightdeck-table", &[("flightdeck-drift", &[])]).len(), 1);
    }

    #[test]
    fn the_store_stands_on_sqlite() {
        assert!(complaints("flightdeck-store", &[("flightdeck-sqlite", &[])]).is_empty());
        assert_eq!(complaints("flightdeck-store", &[("flightdeck-drift", &[])]).len(), 1);
    }

    #[test]
    fn the_runner_takes_the_engine_whole_and_others_only_its_client() {
        assert!(complaints("flightdeck-runner", &[("flightdeck-engine", &["runtime"])]).is_empty());
        assert!(complaints("flightdeck-app", &[("flightdeck-engine", &[])]).is_empty());
        assert_eq!(complaints("flightdeck-app", &[("flightdeck-engine", &["runtime"])]).len(), 1);
    }

    #[test]
    fn the_runner_does_not_know_desktop_rooms() {
        for room in ["flightdeck-store", "flightdeck-table", "flightdeck-charts", "flightdeck-app"] {
            assert_eq!(complaints("flightdeck-runner", &[(room, &[])]).len(), 1, "{room}");
        }
    }

    #[test]
    fn shells_know_the_use_cases_only() {
        assert!(
            complaints("flightdeck-cli", &[("flightdeck-app", &[]), ("flightdeck-core", &[])]).is_empty()
        );
        assert_eq!(complaints("flightdeck-desktop", &[("flightdeck-store", &[])]).len(), 1);
    }

    #[test]
    fn an_unknown_crate_has_no_place() {
        let [complaint] = &complaints("flightdeck-extra", &[("flightdeck-core", &[])])[..] else {
            panic!("one complaint")
        };
        assert!(complaint.contains("no place"), "{complaint}");
    }

    #[test]
    fn crates_from_outside_are_no_arrows() {
        let package = json!({"name": "flightdeck-onnx", "dependencies": [{"name": "serde", "path": null, "features": []}]});
        assert!(wrong_arrows(&member(&package)).is_empty());
    }

    #[test]
    fn a_family_is_a_name_and_what_follows_a_dash() {
        let reached = ["tauri-utils", "notify", "notifyier", "serde"].map(str::to_owned).into();
        let complaints = forbidden("flightdeck-runner", &reached, NOT_IN_RUNNER);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(complaints[0].contains("notify,") && complaints[1].contains("tauri-utils"), "{complaints:?}");
    }
}
