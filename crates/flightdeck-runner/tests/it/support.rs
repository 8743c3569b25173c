//! A server of its own for each test, and packages for it.

use flightdeck_core::{Cancel, Digest, Name, Tensor, TensorData, Timestamp, TrafficPolicy};
use flightdeck_drift::{Sample, SampleData, freeze};
use flightdeck_onnx::{Limits, inspect};
use flightdeck_package::{
    Artifacts, BASELINE, GOLDEN, Golden, MANIFEST, MANIFEST_FORMAT, MODEL, Manifest, Package, SIGNATURE,
    Tolerance,
};
use flightdeck_protocol::oip::InferRequest;
use flightdeck_protocol::{
    Bound, Control, EndpointDesired, EndpointState, LocalFile, PackageFile, Serving, Telemetry, Token,
};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_flightdeck-runner");

pub(crate) fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(format!("{name}.onnx"))
}

/// A model that answers with what it is given: `whole` or `half` precision, see `tests/models/every_type.py`.
pub(crate) fn every_type(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(format!("{name}.onnx"))
}

/// A running server. Dropped, it is killed; its folder lives as long as the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) control: Control,
    pub(crate) base: String,
    pub(crate) data: PathBuf,
    /// What it said when it was bound.
    pub(crate) bound: Bound,
}

pub(crate) fn token() -> Token {
    Token::from_bytes([0xab; 32])
}

pub(crate) fn command(data: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("serve").arg("--data").arg(data);
    command
}

impl Server {
    /// Starts a server on a folder and waits until it is ready.
    pub(crate) async fn start(data: &Path) -> Self {
        let server = Self::begin(data);
        eventually(async || server.control.ready().await.unwrap()).await;
        server
    }

    /// Starts a server whose log goes into a pipe that is closed again.
    pub(crate) async fn start_with_log(data: &Path) -> Self {
        let mut server = Self::spawn(data, Stdio::piped());
        drop(server.child.stderr.take());
        eventually(async || server.control.ready().await.unwrap()).await;
        server
    }

    /// Starts a server on a folder.
    pub(crate) fn begin(data: &Path) -> Self {
        Self::spawn(data, Stdio::null())
    }

    fn spawn(data: &Path, log: Stdio) -> Self {
        Self::launch(command(data), data, log)
    }

    /// Starts a server with further arguments and waits until it is ready.
    pub(crate) async fn start_with(data: &Path, arguments: &[&str]) -> Self {
        let mut command = command(data);
        command.args(arguments);
        let server = Self::launch(command, data, Stdio::null());
        eventually(async || server.control.ready().await.unwrap()).await;
        server
    }

    /// Starts a server with a configuration file and waits until it is ready.
    pub(crate) async fn configured(data: &Path, settings: &str) -> Self {
        let file = data.join("runner.toml");
        std::fs::write(&file, settings).unwrap();
        Self::start_with(data, &["--config", file.to_str().unwrap()]).await
    }

    /// Starts the server that a command serves with.
    pub(crate) fn launch(mut command: Command, data: &Path, log: Stdio) -> Self {
        let mut child = command
            .arg("--token-stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{}", token().reveal()).unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let bound: Bound = serde_json::from_str(&line).unwrap();
        let (base, control) = match bound.key {
            None => {
                let base = format!("http://{}", bound.listen);
                (base.clone(), Control::new(base, Some(token())))
            }
            Some(key) => {
                let base = format!("https://{}", bound.listen.replace("0.0.0.0", "127.0.0.1"));
                (base.clone(), Control::pinned(base, Some(token()), Digest::from_bytes(key.0).into()))
            }
        };
        Self { child, control, base, data: data.into(), bound }
    }

    /// As a power cut would.
    pub(crate) fn kill(mut self) -> PathBuf {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.data.clone()
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// What it writes to standard error, when that is a pipe.
    pub(crate) fn take_log(&mut self) -> std::process::ChildStderr {
        self.child.stderr.take().unwrap()
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        self.base.split_once("//").unwrap().1
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A page of the server, asked for with the control token: its status, content type and text.
    pub(crate) async fn page(&self, path: &str, accept: &str) -> (u16, String, String) {
        let get = reqwest::Client::new().get(format!("{}{path}", self.base)).bearer_auth(token().reveal());
        let answer = get.header("accept", accept).send().await.unwrap();
        let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        (answer.status().as_u16(), kind.unwrap_or_default(), answer.text().await.unwrap())
    }

    pub(crate) async fn upload(&self, package: &Built) {
        let mut reports = Vec::new();
        let mut note = |progress| reports.push(progress);
        self.control.upload(package.root, &package.files, &mut note, &Cancel::default()).await.unwrap();
    }

    /// Uploads a package and deploys it.
    pub(crate) async fn deploy(&self, name: &str, package: &Built) -> EndpointState {
        self.upload(package).await;
        self.control.put_endpoint(&endpoint(name), &desired(package.root)).await.unwrap()
    }

    pub(crate) async fn infer(&self, name: &str, row: [f32; 4]) -> f32 {
        let answer = self.control.infer(&endpoint(name), &request(&[row])).await.unwrap();
        let TensorData::Fp32(values) = &answer.outputs[0].data else { panic!("{answer:?}") };
        values[0]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again, for a minute at most: other tests want the processor, too.
pub(crate) async fn eventually(mut question: impl AsyncFnMut() -> bool) {
    let asking = async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while !question().await {
            tick.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), asking).await.expect("it never happened");
}

pub(crate) fn endpoint(name: &str) -> Name {
    name.parse().unwrap()
}

pub(crate) fn desired(version: Digest) -> EndpointDesired {
    EndpointDesired {
        policy: TrafficPolicy::champion(version),
        window_seconds: 60,
        replay: false,
        serving: Serving::default(),
        telemetry: Telemetry::default(),
    }
}

pub(crate) fn request(rows: &[[f32; 4]]) -> InferRequest {
    InferRequest { inputs: vec![floats("x", 4, rows.concat())], ..InferRequest::default() }
}

pub(crate) fn floats(name: &str, width: usize, values: Vec<f32>) -> Tensor {
    Tensor::new(name, vec![values.len() / width, width], TensorData::Fp32(values)).unwrap()
}

/// What `linear.onnx` answers.
pub(crate) fn linear(row: [f32; 4]) -> f32 {
    row[0] + 2.0 * row[1] + 3.0 * row[2] + 4.0 * row[3] + 0.5
}

/// What `other.onnx` answers.
pub(crate) fn other(row: [f32; 4]) -> f32 {
    4.0 * row[0] + 3.0 * row[1] + 2.0 * row[2] + row[3] - 1.0
}

/// A package as a desktop would have made it.
pub(crate) struct Built {
    pub(crate) root: Digest,
    pub(crate) files: Vec<LocalFile>,
    pub(crate) package: Package,
    _folder: TempDir,
}

pub(crate) const GOLDEN_ROWS: [[f32; 4]; 3] =
    [[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0], [-1.0, 0.5, 2.0, 8.0]];

/// A package of `linear` or `other` with golden rows from the formula and a baseline of the numbers 0 to 99.
pub(crate) fn four_columns(name: &str, answer: fn([f32; 4]) -> f32) -> Built {
    let outputs = vec![floats("y", 1, GOLDEN_ROWS.map(answer).to_vec())];
    let golden = Golden {
        inputs: vec![floats("x", 4, GOLDEN_ROWS.concat())],
        original: None,
        local: outputs,
        tolerance: Tolerance { absolute: 1e-6, relative: 1e-5 },
    };
    build(&model(name), Some(golden), b"")
}

/// A package of any model. `salt` makes another version of the same model.
pub(crate) fn build(model: &Path, golden: Option<Golden>, salt: &[u8]) -> Built {
    let folder = tempfile::tempdir().unwrap();
    let inspection = inspect(model, &Limits::default()).unwrap();
    let values: Vec<f64> = (0..100).map(f64::from).collect();
    let cities = ["Bonn".to_owned(), "Rome".to_owned()];
    let codes: Vec<u32> = (0..100).map(|row| row % 2).collect();
    let samples: Vec<Sample<'_>> = inspection
        .signature
        .columns()
        .map(|(_, column)| Sample {
            name: &column.name,
            kind: column.kind,
            data: match column.kind {
                flightdeck_core::ColumnKind::Numeric => SampleData::Numbers { values: &values, nulls: 0 },
                flightdeck_core::ColumnKind::Categorical => {
                    SampleData::Values { codes: &codes, values: &cities, nulls: 0 }
                }
            },
        })
        .collect();
    let mut staging = Artifacts::open(folder.path()).unwrap().stage().unwrap();
    let facts = serde_json::to_value(&inspection.facts).unwrap();
    staging.write_json(MANIFEST, &Manifest { format: MANIFEST_FORMAT, model: MODEL.into(), facts }).unwrap();
    staging.write(MODEL, &inspection.model).unwrap();
    staging.write_json(SIGNATURE, &inspection.signature).unwrap();
    staging.write_json(BASELINE, &freeze(&samples, None)).unwrap();
    if let Some(golden) = golden {
        staging.write_json(GOLDEN, &golden).unwrap();
    }
    staging.write("salt", salt).unwrap();
    let package = staging.finish(None).unwrap();
    let local = |entry: &flightdeck_package::Entry| LocalFile {
        file: PackageFile { path: entry.path.clone(), sha256: entry.sha256, bytes: entry.bytes },
        source: package.path.join(&entry.path),
    };
    let files = package.files.iter().map(local).collect();
    Built { root: package.root, files, package, _folder: folder }
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}
