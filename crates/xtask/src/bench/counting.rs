//! What counting a value costs, and judging a thousand features from counts.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Bench;
use super::figures::{Figure, Limit};
use crate::process::output;

const ROUNDS: usize = 5;
const COUNTING_NS: f64 = 15.0;
const COUNTING_AIM_NS: f64 = 8.0;
const VERDICTS_MS: f64 = 20.0;

/// The example's fields with what they say.
const LINES: [(&str, &str, &str, Option<f64>); 4] = [
    ("counting_ns_per_value", "numbers of a column, per value", "ns", Some(COUNTING_NS)),
    ("counting_single_ns_per_value", "numbers one at a time, per value", "ns", Some(COUNTING_NS)),
    ("counting_text_ns_per_value", "texts of 200 values, per value", "ns", Some(COUNTING_NS)),
    ("verdicts_1000_features_ms", "drift of 1,000 features from counts", "ms", Some(VERDICTS_MS)),
];

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let counting = bench.example("flightdeck-drift", "counting", &[])?;
    let mut rounds: Vec<Value> = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(serde_json::from_str(&output(&mut Command::new(&counting))?)?);
    }
    let figure = |(field, what, unit, target): (&str, &str, &'static str, Option<f64>)| {
        let values: Option<Vec<f64>> = rounds.iter().map(|round| round[field].as_f64()).collect();
        let values = values.with_context(|| format!("counting printed no `{field}`"))?;
        let figure = Figure::of("counting", what, unit, &values);
        Ok(match target {
            Some(COUNTING_NS) => figure.at_most(COUNTING_NS).aim(Limit::AtMost(COUNTING_AIM_NS)),
            Some(target) => figure.at_most(target),
            None => figure,
        })
    };
    LINES.into_iter().map(figure).collect()
}
