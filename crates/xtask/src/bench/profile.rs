//! What `flightdeck profile` says of a model against ONNX Runtime in a loop on the same file and rows, by turns.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Bench;
use super::desk::Desk;
use super::figures::{Figure, Sides};
use crate::process::output;

const ROUNDS: usize = 5;
const BATCHES: [u64; 3] = [1, 8, 32];
/// How long the loop runs per batch size: as long as a profile does.
const BUDGET_MS: &str = "500";

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let bare = bench.example("flightdeck-engine", "bare_loop", &["flightdeck-engine/runtime"])?;
    let mut figures = Vec::new();
    for (model, folder, file) in [
        ("flights-late", "flights", "flights-late.onnx"),
        ("diabetes", "diabetes", "diabetes-progression.onnx"),
    ] {
        let desk = Desk::new(bench, "profile")?;
        desk.import(model, folder, file)?;
        let mut floor = Command::new(&bare);
        desk.surround(&mut floor);
        let package = desk.package()?;
        floor.arg(package.join("model.onnx")).arg(package.join("golden.json")).arg(BUDGET_MS);
        floor.args(BATCHES.map(|batch| batch.to_string()));
        let mut sides: BTreeMap<u64, Sides> = BTreeMap::new();
        for _ in 0..ROUNDS {
            let profile = output(&mut desk.flightdeck(&["--json", "profile", model]))?;
            let (profile, bare) = (parsed(&profile)?, parsed(&output(&mut floor)?)?);
            for batch in BATCHES {
                let side = sides.entry(batch).or_default();
                let bare = bare[batch.to_string()].as_f64().context("the loop printed no figure")?;
                side.add(p50_us(&profile, batch)?, bare);
            }
        }
        figures.extend(sides.iter().map(|(batch, sides)| {
            let what = format!("p50 of {model} at batch {batch} against a bare loop");
            Figure::ratio("profile", what, sides, "µs")
        }));
    }
    Ok(figures)
}

fn parsed(text: &str) -> Result<Value> {
    Ok(serde_json::from_str(text)?)
}

fn p50_us(profile: &Value, batch: u64) -> Result<f64> {
    let latency = profile["latency_us"].as_array().into_iter().flatten();
    let found = latency.clone().find(|latency| latency["batch"].as_u64() == Some(batch));
    found.and_then(|latency| latency["p50"].as_f64()).with_context(|| format!("no p50 for batch {batch}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_found_by_its_size() {
        let profile = serde_json::json!({"latency_us": [{"batch": 1, "p50": 2.5}, {"batch": 8, "p50": 4.0}]});
        assert_eq!(p50_us(&profile, 8).unwrap(), 4.0);
        assert!(p50_us(&profile, 32).is_err());
    }
}
