//! `flightdeck-runner serve` against axum and ONNX Runtime with nothing around them: the same model, the same requests of
//! one row in JSON, each server alone on one core and the generator on another, by turns.
//!
//! The runner is deployed as everybody deploys, with authorization, counting, windows and audit on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Bench;
use super::children::{Listen, Running};
use super::desk::Desk;
use super::figures::{Figure, Sides};
use super::proc::cpu_s;
use crate::process::output;

const ROUNDS: usize = 5;
const CONNECTIONS: [u32; 3] = [1, 8, 32];
const SECONDS: &str = "2";
/// The servers share a core, the generator has one of its own.
const SERVER: [&str; 3] = ["taskset", "-c", "0"];
const GENERATOR: [&str; 3] = ["taskset", "-c", "1"];
const CPU_AT_LOAD: f64 = 1.5;
const P50_ALONE: f64 = 1.3;
const MODEL: &str = "diabetes";

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let cores = std::thread::available_parallelism()?.get();
    ensure!(cfg!(target_os = "linux") && cores >= 2, "this needs Linux and two cores, one for each side");
    let bare = bench.example("flightdeck-runner", "bare", &[])?;
    let load = bench.example("flightdeck-runner", "load", &[])?;
    let desk = Desk::new(bench, "runner")?;
    desk.import(MODEL, "diabetes", "diabetes-progression.onnx")?;
    let ours = deployed(&desk)?;
    let bare = Bare::start(&desk, &bare)?;
    let generator = Generator { load, body: body(&desk)? };
    let mut figures = Vec::new();
    for connections in CONNECTIONS {
        let mut measured = Measured::default();
        for round in 0..=ROUNDS {
            let theirs = generator.press(&bare.target, connections)?;
            let ours = generator.press(&ours, connections)?;
            // The first round only warms both.
            if round > 0 {
                measured.add(&ours, &theirs);
            }
        }
        figures.extend(measured.figures(connections));
    }
    Ok(figures)
}

/// A server that answers somewhere.
struct Target {
    pid: u32,
    url: String,
}

/// The bare server; it ends when dropped.
struct Bare {
    target: Target,
    _running: Running,
}

impl Bare {
    fn start(desk: &Desk<'_>, program: &Path) -> Result<Self> {
        let mut command = pinned(SERVER, program);
        desk.surround(&mut command);
        let running = Running::start(command.arg(desk.package()?.join("model.onnx")), Listen::Out)?;
        let ready = |line: &str| line.parse::<std::net::SocketAddr>().ok();
        let address = running.line(Duration::from_secs(20), ready)?;
        // taskset becomes the program that it starts: its process is the server's.
        let target = Target { pid: running.pid(), url: format!("http://{address}/v2/models/m/infer") };
        Ok(Self { target, _running: running })
    }
}

fn deployed(desk: &Desk<'_>) -> Result<Target> {
    output(&mut desk.through(&SERVER, &["--json", "runner", "start"]))?;
    let answer = output(&mut desk.flightdeck(&["--json", "deploy", MODEL]))?;
    let answer: Value = serde_json::from_str(&answer)?;
    let url = answer["url"].as_str().context("the deployment names no address")?;
    Ok(Target { pid: desk.runner_pid()?, url: format!("{url}/infer") })
}

/// The first golden row as a request.
fn body(desk: &Desk<'_>) -> Result<PathBuf> {
    let golden: Value = serde_json::from_slice(&fs::read(desk.package()?.join("golden.json"))?)?;
    let input = &golden["inputs"][0];
    let width = input["shape"][1].as_u64().context("the golden rows are no matrix")? as usize;
    let data = input["data"].as_array().and_then(|data| data.get(..width)).context("no golden row")?;
    let request = json!({"inputs": [
        {"name": input["name"], "shape": [1, width], "datatype": input["datatype"], "data": data}
    ]});
    let path = desk.path("row.json");
    fs::write(&path, request.to_string())?;
    Ok(path)
}

fn pinned([program, rest @ ..]: [&str; 3], pinned: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(rest).arg(pinned);
    command
}

struct Generator {
    load: PathBuf,
    body: PathBuf,
}

/// One server under one load.
struct Pressed {
    cpu_us: f64,
    p50_us: f64,
    rps: f64,
}

impl Generator {
    fn press(&self, target: &Target, connections: u32) -> Result<Pressed> {
        let mut load = pinned(GENERATOR, &self.load);
        load.arg(&target.url).arg(&self.body).args([&connections.to_string(), SECONDS]);
        let before = cpu_s(target.pid)?;
        let line: Value = serde_json::from_str(&output(&mut load)?)?;
        let cpu = cpu_s(target.pid)? - before;
        let number = |field: &str| line[field].as_f64().with_context(|| format!("load printed no `{field}`"));
        let (requests, errors) = (number("requests")?, number("errors")?);
        ensure!(errors == 0.0 && requests > 0.0, "{} answered badly: {line}", target.url);
        Ok(Pressed { cpu_us: cpu * 1e6 / requests, p50_us: number("p50_us")?, rps: number("rps")? })
    }
}

#[derive(Default)]
struct Measured {
    cpu: Sides,
    p50: Sides,
    rps: Sides,
}

impl Measured {
    fn add(&mut self, ours: &Pressed, theirs: &Pressed) {
        self.cpu.add(ours.cpu_us, theirs.cpu_us);
        self.p50.add(ours.p50_us, theirs.p50_us);
        self.rps.add(ours.rps, theirs.rps);
    }

    fn figures(&self, connections: u32) -> Vec<Figure> {
        let what = |of: &str| {
            let plural = if connections == 1 { "" } else { "s" };
            format!("{of}, {connections} connection{plural}, against a bare handler")
        };
        let cpu = Figure::ratio("runner", what("processor time per request"), &self.cpu, "µs");
        let p50 = Figure::ratio("runner", what("p50"), &self.p50, "µs");
        let rps = Figure::ratio("runner", what("requests per second"), &self.rps, "/s");
        if connections == 1 {
            vec![cpu, p50.at_most(P50_ALONE), rps]
        } else {
            vec![cpu.at_most(CPU_AT_LOAD), p50, rps]
        }
    }
}
