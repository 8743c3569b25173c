//! `flightdeck compare` on two Parquet files of 200,000 rows × 20 columns, start to exit.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use super::Bench;
use super::desk::Desk;
use super::figures::Figure;
use super::proc::cpu_of_ended_s;
use crate::process::{found, output, run};

const ROUNDS: usize = 9;
const WALL_S: f64 = 0.5;

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let tables = bench.example("flightdeck-table", "tables", &[])?;
    let desk = Desk::new(bench, "compare")?;
    let files = [desk.path("a.parquet"), desk.path("b.parquet")];
    run(Command::new(tables).args(&files))?;
    let command = || {
        let mut command = desk.flightdeck(&["--json", "compare"]);
        command.args(&files);
        command
    };
    // What the kernel keeps of the files afterwards is the same for every round.
    let answer: serde_json::Value = serde_json::from_str(&output(&mut command())?)?;
    let drifted = answer["drifted"].as_array().map(Vec::len).context("the answer names nothing drifted")?;
    anyhow::ensure!(drifted == 4, "4 columns drifted, compare found {drifted}");
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (before, start) = (cpu_of_ended_s()?, Instant::now());
        run(command().stdout(Stdio::null()))?;
        wall.push(start.elapsed().as_secs_f64());
        cpu.push(cpu_of_ended_s()? - before);
    }
    let mut figures = vec![
        Figure::of("compare", "200,000 rows × 20 columns, start to exit", "s", &wall).at_most(WALL_S),
        Figure::of("compare", "processor time of it", "s", &cpu),
    ];
    match peak_mib(&command())? {
        Some(peak) => figures.push(Figure::of("compare", "peak memory of it", "MiB", &[peak])),
        None => eprintln!("GNU time is not installed: the peak memory of compare is not measured"),
    }
    Ok(figures)
}

/// The most memory that a command held, when there is a program that says it.
fn peak_mib(command: &Command) -> Result<Option<f64>> {
    let Some(time) = found("time") else { return Ok(None) };
    let mut timed = Command::new(time);
    timed.args(["-f", "%M"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    let ended = timed.stdout(Stdio::null()).output()?;
    let words = String::from_utf8_lossy(&ended.stderr).into_owned();
    let kib = words.lines().last().and_then(|line| line.trim().parse::<f64>().ok());
    Ok(Some(kib.with_context(|| format!("time printed no memory: {words}"))? / 1024.0))
}
