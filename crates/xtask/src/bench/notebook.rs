//! From a dropped notebook to its first answered prediction, in the real window, where no network is.
//!
//! Each run has a home, a library and a window of its own. Two things are done by hand: the drop, and the press on
//! "Deploy to this computer". All of it happens in a network namespace that has nothing but itself, so that nothing could
//! be fetched; the converter's packages are there already, since set-up brings them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Bench;
use super::figures::{Figure, quantile};
use crate::process::output;

const RUNS: usize = 20;
const MEDIAN_S: f64 = 30.0;
const P95_S: f64 = 60.0;
/// A shell's words for: only this computer, and the program that follows.
const WITHOUT_ROUTE: &str = "ip link set lo up && exec \"$@\"";

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    ensure!(cfg!(target_os = "linux"), "this needs Linux, whose network can be taken away from one program");
    let python = bench.ready.python.as_ref().context("the Python environments were not set up")?.join("new");
    let by_hand = bench.example("flightdeck-journeys", "notebook_by_hand", &[])?;
    let mut runs = Vec::new();
    for number in 1..=RUNS {
        let run = Run::of(&output(&mut in_namespace(bench, &by_hand, &python))?)?;
        eprintln!("run {number} of {RUNS}: {:.1} s", run.total);
        runs.push(run);
    }
    Ok(figures(&runs))
}

fn in_namespace(bench: &Bench<'_>, by_hand: &Path, python: &Path) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--map-root-user", "--net", "--", "sh", "-c", WITHOUT_ROUTE, "sh"])
        .arg(by_hand)
        .arg(python);
    bench.product.reach(&mut command, bench.ready);
    command.env("FLIGHTDECK_CACHE", &bench.place.cache);
    command
}

/// One run: seconds from the drop to the answer, and where they went.
struct Run {
    total: f64,
    stages: Vec<(String, f64)>,
}

impl Run {
    fn of(line: &str) -> Result<Self> {
        let run: Value = serde_json::from_str(line.trim())?;
        let stages = run["stages"].as_array().context("no stages were told")?;
        let stage = |stage: &Value| Some((stage[0].as_str()?.to_owned(), stage[1].as_f64()?));
        Ok(Self {
            total: run["seconds"].as_f64().context("no time was told")?,
            stages: stages.iter().filter_map(stage).collect(),
        })
    }
}

fn figures(runs: &[Run]) -> Vec<Figure> {
    let totals: Vec<f64> = runs.iter().map(|run| run.total).collect();
    let what = "drop to first answered prediction, in the window, no network";
    let note = format!("{} runs, two input events each", runs.len());
    let median = Figure::of("notebook", what, "s", &totals).at_most(MEDIAN_S).note(note);
    let p95 =
        Figure::of("notebook", "the same, 95th percentile", "s", &[quantile(&totals, 0.95)]).at_most(P95_S);
    let mut figures = vec![median, p95];
    for (name, _) in runs.first().map(|run| run.stages.as_slice()).unwrap_or_default() {
        let same = |run: &Run| run.stages.iter().find(|stage| stage.0 == *name).map(|stage| stage.1);
        let seconds: Vec<f64> = runs.iter().filter_map(same).collect();
        figures.push(Figure::of("notebook", format!("· {name}"), "s", &seconds));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seconds: f64) -> Run {
        Run::of(&format!("{{\"seconds\": {seconds}, \"stages\": [[\"run\", 2.5], [\"capture\", 0.5]]}}\n"))
            .unwrap()
    }

    #[test]
    fn each_stage_has_its_line() {
        let figures = figures(&[run(4.0), run(6.0), run(5.0)]);
        assert_eq!(figures.iter().map(Figure::median).collect::<Vec<_>>(), [5.0, 6.0, 2.5, 0.5]);
    }

    #[test]
    fn a_run_that_tells_nothing_is_an_error() {
        assert!(Run::of("{}").is_err() && Run::of("").is_err());
    }
}
