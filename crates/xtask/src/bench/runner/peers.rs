//! Other servers, each as its users install it, with the same models, core and generator in the same run.
//!
//! Their Python environments are made once, of the pins beside their scripts, and kept in the cache.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::ground::{SERVER, Side, through};
use super::press::{Cell, Form};
use super::{Field, SMALL, Scale};
use crate::bench::children::{Listen, Running};
use crate::bench::figures::{Figure, Limit, Sides};
use crate::bench::http::Server;
use crate::bench::models::Kind;
use crate::process::run;

/// A Python server is slow enough that less says little.
const SECONDS: f64 = 2.0;
const CONNECTIONS: usize = 32;
const PATIENCE: Duration = Duration::from_mins(2);

struct Peer {
    name: &'static str,
    /// The environment that it lives in.
    environment: &'static str,
    pins: &'static str,
    script: (&'static str, &'static str),
    start: fn(&Place<'_>) -> Result<Command>,
    path: &'static str,
    /// What our requests per second must be and should be of its, in one row and in 64 × 30 of JSON.
    single: Option<(f64, f64)>,
    many: Option<(f64, f64)>,
    /// The same for one row of its binary forms.
    binary: Option<(f64, f64)>,
}

const PEERS: [Peer; 5] = [
    Peer {
        name: "MLServer 1.7.1, 0 workers",
        environment: "mlserver",
        pins: include_str!("peers/mlserver.txt"),
        script: ("mlserver_runtime.py", include_str!("peers/mlserver_runtime.py")),
        start: |place| mlserver(place, 0),
        path: "/v2/models/m/infer",
        single: Some((15.0, 20.0)),
        many: Some((3.0, 4.0)),
        binary: None,
    },
    Peer {
        name: "MLServer 1.7.1, default",
        environment: "mlserver",
        pins: include_str!("peers/mlserver.txt"),
        script: ("mlserver_runtime.py", include_str!("peers/mlserver_runtime.py")),
        start: |place| mlserver(place, 1),
        path: "/v2/models/m/infer",
        single: Some((40.0, 60.0)),
        many: None,
        binary: None,
    },
    Peer {
        name: "KServe 0.21",
        environment: "kserve",
        pins: include_str!("peers/kserve.txt"),
        script: ("kserve_server.py", include_str!("peers/kserve_server.py")),
        start: kserve,
        path: "/v2/models/m/infer",
        single: Some((15.0, 22.0)),
        many: None,
        binary: Some((12.0, 16.0)),
    },
    Peer {
        name: "BentoML 1.4.40",
        environment: "bentoml",
        pins: include_str!("peers/bentoml.txt"),
        script: ("bentoml_service.py", include_str!("peers/bentoml_service.py")),
        start: bentoml,
        path: "/infer",
        single: None,
        many: None,
        binary: None,
    },
    Peer {
        name: "FastAPI 0.165",
        environment: "fastapi",
        pins: include_str!("peers/fastapi.txt"),
        script: ("fastapi_server.py", include_str!("peers/fastapi_server.py")),
        start: fastapi,
        path: "/v2/models/m/infer",
        single: Some((8.0, 11.0)),
        many: Some((4.0, 5.5)),
        binary: None,
    },
];

/// Where a peer is started, and with what.
struct Place<'a> {
    environment: PathBuf,
    folder: PathBuf,
    model: &'a Path,
    ports: [u16; 3],
}

impl Place<'_> {
    fn program(&self, name: &str) -> Command {
        let mut command = through(SERVER, &self.environment.join("bin").join(name));
        command.current_dir(&self.folder).env("HOME", &self.folder).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

pub(super) fn measure(field: &Field<'_>, ours: &Side, scale: &Scale) -> Vec<Figure> {
    let mut figures = Vec::new();
    for peer in &PEERS {
        eprintln!("beside {}", peer.name);
        match peer.measure(field, ours, scale) {
            Ok(more) => figures.extend(more),
            Err(error) => figures.push(Figure::failed("runner", format!("against {}", peer.name), &error)),
        }
    }
    figures
}

impl Peer {
    fn measure(&self, field: &Field<'_>, ours: &Side, scale: &Scale) -> Result<Vec<Figure>> {
        let single = Cell { connections: CONNECTIONS, ..SMALL };
        let many = Cell { kind: Kind::Boosting, rows: 64, ..single };
        let mut cells = vec![(single, self.single), (many, self.many)];
        if self.binary.is_some() {
            // Its JSON of many numbers is another measure; these are its two binary forms.
            cells.push((Cell { form: Form::Binary, ..single }, self.binary));
            cells.push((Cell { form: Form::Grpc, ..single }, self.binary));
        }
        let (mut figures, mut side) = (Vec::new(), None);
        for (cell, limits) in cells {
            if side.as_ref().is_none_or(|(kind, _)| *kind != cell.kind) {
                drop(side.take());
                side = Some((cell.kind, self.begin(field, cell.kind)?));
            }
            let Some((_, theirs)) = &side else { continue };
            figures.push(self.ratio(field, (ours, theirs), (cell, limits), scale)?);
        }
        Ok(figures)
    }

    fn ratio(
        &self,
        field: &Field<'_>,
        (ours, theirs): (&Side, &Side),
        (cell, limits): (Cell, Option<(f64, f64)>),
        scale: &Scale,
    ) -> Result<Figure> {
        let model = if cell.form == Form::Grpc { "m" } else { self.path };
        let seconds = SECONDS.min(scale.cell_s * 4.0);
        let mut rps = Sides::default();
        for round in 0..=scale.rounds {
            let theirs = field.generator.press(theirs, model, cell, seconds)?;
            let ours = field.generator.press(ours, cell.kind.name(), cell, scale.cell_s)?;
            if round > 0 {
                rps.add(ours.rps, theirs.rps);
            }
        }
        let Cell { kind, rows, form, connections } = cell;
        let what = format!(
            "requests/s, {} × {} {} c={connections}, against {}",
            rows,
            kind.columns(),
            form.name(),
            self.name
        );
        let figure = Figure::ratio("runner", what, &rps, "/s");
        Ok(match limits {
            Some((must, aim)) => figure.must(Limit::AtLeast(must)).aim(Limit::AtLeast(aim)),
            None => figure,
        })
    }

    /// Starts it with a model and waits until it answers.
    fn begin(&self, field: &Field<'_>, kind: Kind) -> Result<Side> {
        let environment = self.install(&field.ground.bench.place.cache.join("peers"))?;
        let folder = field.ground.desk.path(&format!("peer-{}", self.environment));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(self.script.0), self.script.1)?;
        let model = field.ground.model(kind);
        let ports = free_ports()?;
        let mut command = (self.start)(&Place { environment, folder, model: &model, ports })?;
        let running = Running::start(&mut command, Listen::Err)?;
        let [address, grpc, _] = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let http = Server { address, token: None };
        http.until("POST", self.path, &row(kind), PATIENCE)?;
        Ok(Side { http, grpc, is_tls: false, running })
    }

    /// The environment with exactly the pinned packages.
    fn install(&self, home: &Path) -> Result<PathBuf> {
        let folder = home.join(self.environment);
        let (stamp, list) = (folder.join(".flightdeck-pins"), folder.with_extension("txt"));
        if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == self.pins) {
            return Ok(folder);
        }
        eprintln!("installing {}", self.name);
        fs::create_dir_all(home)?;
        fs::write(&list, self.pins)?;
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        run(pip.arg("--requirement").arg(&list)).context("this needs a network once, and Python 3.11")?;
        fs::write(&stamp, self.pins)?;
        Ok(folder)
    }
}

fn free_ports() -> Result<[u16; 3]> {
    let listeners = [0; 3].map(|_| TcpListener::bind(("127.0.0.1", 0)));
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(listeners) {
        *port = listener?.local_addr()?.port();
    }
    Ok(ports)
}

/// One row for the question whether somebody answers.
pub(super) fn row(kind: Kind) -> String {
    let columns = kind.columns();
    let data = vec!["0.5"; columns].join(",");
    format!(r#"{{"inputs":[{{"name":"x","shape":[1,{columns}],"datatype":"FP32","data":[{data}]}}]}}"#)
}

fn mlserver(place: &Place<'_>, workers: usize) -> Result<Command> {
    let [http, grpc, metrics] = place.ports;
    let settings = serde_json::json!({
        "host": "127.0.0.1", "http_port": http, "grpc_port": grpc, "metrics_port": metrics,
        "parallel_workers": workers, "debug": false,
    });
    let model = serde_json::json!({
        "name": "m", "implementation": "mlserver_runtime.Onnx", "parameters": {"uri": place.model},
    });
    fs::write(place.folder.join("settings.json"), settings.to_string())?;
    fs::write(place.folder.join("model-settings.json"), model.to_string())?;
    let mut command = place.program("mlserver");
    command.args(["start", "."]).env("PYTHONPATH", &place.folder);
    Ok(command)
}

#[expect(clippy::unnecessary_wraps, reason = "others write files")]
fn kserve(place: &Place<'_>) -> Result<Command> {
    let [http, grpc, _] = place.ports;
    let mut command = place.program("python");
    command.arg("kserve_server.py").arg(place.model).args([http.to_string(), grpc.to_string()]);
    Ok(command)
}

#[expect(clippy::unnecessary_wraps, reason = "others write files")]
fn bentoml(place: &Place<'_>) -> Result<Command> {
    let mut command = place.program("bentoml");
    command
        .args(["serve", "bentoml_service:Onnx", "--host", "127.0.0.1", "--port"])
        .arg(place.ports[0].to_string())
        .env("FLIGHTDECK_MODEL", place.model)
        .env("BENTOML_DO_NOT_TRACK", "1");
    Ok(command)
}

#[expect(clippy::unnecessary_wraps, reason = "others write files")]
fn fastapi(place: &Place<'_>) -> Result<Command> {
    let mut command = place.program("python");
    command.arg("fastapi_server.py").arg(place.model).arg(place.ports[0].to_string());
    Ok(command)
}
