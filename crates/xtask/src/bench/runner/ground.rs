//! What is measured on: models of three sizes, imported and deployed as everybody does, and a data folder that servers are
//! started on, each alone on one core.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench::Bench;
use crate::bench::children::{Listen, Running};
use crate::bench::desk::Desk;
use crate::bench::http::Server;
use crate::bench::models::Kind;
use crate::process::{output, run};

/// The servers share a core, the generator has one of its own.
pub(super) const SERVER: [&str; 3] = ["taskset", "-c", "0"];
pub(super) const BOTH: [&str; 3] = ["taskset", "-c", "0,1"];
pub(super) const GENERATOR: [&str; 3] = ["taskset", "-c", "1"];
/// A server's control token.
const TOKEN: &str = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5";
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Ground<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) desk: Desk<'a>,
}

/// A server that answers somewhere; it ends when dropped.
pub(super) struct Side {
    pub(super) http: Server,
    /// Where gRPC is answered, if that is another port.
    pub(super) grpc: std::net::SocketAddr,
    pub(super) is_tls: bool,
    pub(super) running: Running,
}

impl Side {
    /// taskset becomes the program that it starts: its process is the server's.
    pub(super) fn pid(&self) -> u32 {
        self.running.pid()
    }
}

impl<'a> Ground<'a> {
    pub(super) fn prepare(bench: &'a Bench<'a>) -> Result<Self> {
        let desk = Desk::new(bench, "runner")?;
        fs::create_dir_all(desk.path("models"))?;
        for kind in Kind::ALL.into_iter().chain([Kind::Convolution]) {
            kind.write(&desk.path("models"))?;
        }
        Ok(Self { bench, desk })
    }

    pub(super) fn model(&self, kind: Kind) -> PathBuf {
        self.desk.path("models").join(format!("{}.onnx", kind.name()))
    }

    /// Imports a model; `baseline` names its training rows. Gives the version's digest.
    pub(super) fn import(&self, kind: Kind, baseline: &Path) -> Result<String> {
        let mut import = self.desk.flightdeck(&["--json", "import", "--name", kind.name()]);
        let answer = output(import.arg(self.model(kind)).arg("--baseline").arg(baseline))?;
        let answer: Value = serde_json::from_str(answer.lines().last().unwrap_or_default())?;
        Ok(answer["digest"].as_str().context("the import names no digest")?.to_owned())
    }

    pub(super) fn training(&self, kind: Kind) -> PathBuf {
        self.desk.path("models").join(format!("{}.csv", kind.name()))
    }

    /// Deploys versions as endpoints and ends the runner again: its data folder is what servers are started on.
    pub(super) fn deploy(&self, endpoints: &[(&str, &str)]) -> Result<PathBuf> {
        output(&mut self.desk.through(&SERVER, &["--json", "runner", "start"]))?;
        for (version, endpoint) in endpoints {
            output(&mut self.desk.flightdeck(&["--json", "deploy", version, "--endpoint", endpoint]))?;
        }
        output(&mut self.desk.flightdeck(&["runner", "stop"]))?;
        Ok(self.desk.library().join("this-computer/data"))
    }

    /// Another folder with the same contents.
    pub(super) fn copy(&self, data: &Path, name: &str) -> Result<PathBuf> {
        let copy = self.desk.path(name);
        run(Command::new("cp").arg("-r").arg(data).arg(&copy))?;
        Ok(copy)
    }

    /// Starts our server on a data folder and waits until it is ready. `more` are further arguments.
    pub(super) fn serve(&self, pinned: [&str; 3], data: &Path, more: &[&str]) -> Result<Side> {
        let side = self.begin(pinned, data, more)?;
        side.http.until("GET", "/v2/health/ready", "", PATIENCE)?;
        Ok(side)
    }

    /// The same without waiting.
    pub(super) fn begin(&self, pinned: [&str; 3], data: &Path, more: &[&str]) -> Result<Side> {
        let mut command = through(pinned, &self.bench.product.runner);
        self.desk.surround(&mut command);
        command.arg("serve").arg("--data").arg(data).arg("--token-stdin").args(more);
        let running = Running::told(&mut command, Listen::Out, Some(TOKEN))?;
        let bound = running.line(PATIENCE, |line| serde_json::from_str::<Value>(line).ok())?;
        let address: std::net::SocketAddr =
            bound["listen"].as_str().and_then(|text| text.parse().ok()).context("no address")?;
        let grpc = bound["grpc"].as_str().and_then(|text| text.parse().ok()).unwrap_or(address);
        let http = Server { address, token: Some(TOKEN.into()) };
        Ok(Side { http, grpc, is_tls: more.contains(&"--tls"), running })
    }

    /// Starts the bare server with a model.
    pub(super) fn bare(&self, program: &Path, kind: Kind) -> Result<Side> {
        let mut command = through(SERVER, program);
        self.desk.surround(&mut command);
        let running = Running::start(command.arg(self.model(kind)), Listen::Out)?;
        let (address, grpc) = running.line(PATIENCE, |line| {
            let (http, grpc) = line.split_once(' ')?;
            Some((http.parse().ok()?, grpc.parse().ok()?))
        })?;
        Ok(Side { http: Server { address, token: None }, grpc, is_tls: false, running })
    }
}

pub(super) fn through([program, rest @ ..]: [&str; 3], pinned: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(rest).arg(pinned);
    command
}
