//! A registry that behaves, and one that does not: a small server that answers what the test tells it.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use flightdeck_core::{Cancel, Progress};
use flightdeck_formats::mlflow::registry::{Access, Reference, Registry, RegistryError, Watch};
use flightdeck_formats::{How, Limits, recognise};
use serde_json::{Value, json};

use crate::ONNX;

const API: &str = "/api/2.0/mlflow";
const FILES: &str = "/api/2.0/mlflow-artifacts/artifacts";

/// What is answered to which path, and what was asked.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

type Answers = HashMap<String, (u16, Vec<u8>)>;

impl Server {
    fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        // Ends with the test's process: it waits for nobody.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                let request = String::from_utf8(request).unwrap();
                let path = request.split(' ').nth(1).unwrap().to_owned();
                let missing = (404, b"{}".to_vec());
                let (status, body) = answers.get(&path).unwrap_or(&missing);
                heard.lock().unwrap().push(request);
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nLocation: http://169.254.169.254/x\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                // The client may have gone, which is its right.
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
            }
        });
        Self { address, asked }
    }

    async fn fetch(&self, limits: Limits, into: &Path) -> Result<u64, RegistryError> {
        let registry = Registry::new(self.address.parse()?, Access::Token("canary".into()), limits)?;
        let cancel = Cancel::default();
        let wanted: Reference = "models:/my model@champion".parse()?;
        let version = registry.find(&wanted, &cancel).await?;
        assert_eq!((version.version.as_str(), version.run_id.as_deref()), ("3", Some("r1")));
        let mut done = 0;
        let mut progress = |progress: Progress| done = progress.done;
        registry.download(&version, into, Watch { cancel: &cancel, progress: &mut progress }).await?;
        Ok(done)
    }
}

fn good() -> Answers {
    let mlmodel = b"flavors:\n  onnx:\n    data: data/model.onnx\n";
    let json = |value: Value| (200, value.to_string().into_bytes());
    HashMap::from([
        (
            format!("{API}/registered-models/alias?name=my%20model&alias=champion"),
            json(json!({"model_version": {"version": "3", "run_id": "r1", "status": "READY"}})),
        ),
        (
            format!("{API}/model-versions/get-download-uri?name=my%20model&version=3"),
            json(json!({"artifact_uri": "mlflow-artifacts:/0/r1/artifacts/m"})),
        ),
        (
            format!("{FILES}?path=0%2Fr1%2Fartifacts%2Fm"),
            json(json!({"files": [
                {"path": "MLmodel", "is_dir": false, "file_size": mlmodel.len()},
                {"path": "data", "is_dir": true},
            ]})),
        ),
        (
            format!("{FILES}?path=0%2Fr1%2Fartifacts%2Fm%2Fdata"),
            json(
                json!({"files": [{"path": "model.onnx", "is_dir": false, "file_size": ONNX.len().to_string()}]}),
            ),
        ),
        (format!("{FILES}/0/r1/artifacts/m/MLmodel"), (200, mlmodel.to_vec())),
        (format!("{FILES}/0/r1/artifacts/m/data/model.onnx"), (200, ONNX.to_vec())),
    ])
}

/// The error when one answer is another, after a look that nothing is left.
async fn refusal(path: &str, status: u16, body: &[u8]) -> RegistryError {
    let mut answers = good();
    assert!(answers.insert(path.to_owned(), (status, body.to_vec())).is_some(), "{path}");
    let dir = tempfile::tempdir().unwrap();
    let error = Server::start(answers).fetch(Limits::default(), &dir.path().join("m")).await.unwrap_err();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{error}");
    error
}

#[tokio::test]
async fn a_version_is_fetched_whole_and_recognised() {
    let dir = tempfile::tempdir().unwrap();
    let into = dir.path().join("m");
    let server = Server::start(good());
    let done = server.fetch(Limits::default(), &into).await.unwrap();
    assert_eq!(done as usize, ONNX.len() + 43);
    let found = recognise(&into, &Limits::default()).unwrap();
    assert_eq!((found.model, found.converts), (into.join("data").join("model.onnx"), How::Directly));
    let asked = server.asked.lock().unwrap();
    assert!(asked.iter().all(|request| request.to_lowercase().contains("authorization: bearer canary")));
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_said() {
    let alias = format!("{API}/registered-models/alias?name=my%20model&alias=champion");
    // As MLflow 3.17 answers for a missing alias and a missing model.
    let missing = br#"{"error_code": "INVALID_PARAMETER_VALUE", "message": "Registered model alias champion not found."}"#;
    assert_eq!(refusal(&alias, 400, missing).await.code(), "registry-not-found");
    assert_eq!(
        refusal(&alias, 404, br#"{"error_code": "RESOURCE_DOES_NOT_EXIST"}"#).await.code(),
        "registry-not-found"
    );
    assert_eq!(refusal(&alias, 401, b"").await.code(), "registry-denied");
    assert_eq!(refusal(&alias, 500, b"\x1b[1m").await.code(), "registry-status");
    assert_eq!(refusal(&alias, 200, b"<html>").await.code(), "registry-answer");
    let pending = br#"{"model_version": {"version": "3", "status": "PENDING_REGISTRATION"}}"#;
    assert_eq!(refusal(&alias, 200, pending).await.code(), "registry-not-ready");
}

#[tokio::test]
async fn r15_nothing_is_fetched_from_another_host() {
    let file = format!("{FILES}/0/r1/artifacts/m/MLmodel");
    for status in [301, 302, 307, 308] {
        let error = refusal(&file, status, b"").await;
        assert!(
            error.code() == "registry-redirect" && error.to_string().contains("169.254.169.254"),
            "{error}"
        );
    }
    let place = format!("{API}/model-versions/get-download-uri?name=my%20model&version=3");
    for location in [
        "s3://bucket/m",
        "http://169.254.169.254/api/2.0/mlflow-artifacts/artifacts/m",
        "mlflow-artifacts://169.254.169.254/m",
        "file:///etc",
        "mlflow-artifacts:/a?x=/b",
        "mlflow-artifacts:",
    ] {
        let body = json!({"artifact_uri": location}).to_string();
        assert_eq!(refusal(&place, 200, body.as_bytes()).await.code(), "registry-elsewhere", "{location}");
    }
    let secret = json!({"artifact_uri": "sftp://me:canary@host/m"}).to_string();
    assert!(!refusal(&place, 200, secret.as_bytes()).await.to_string().contains("canary"));
}

#[tokio::test]
async fn z1_names_from_a_server_stay_in_the_folder() {
    let list = format!("{FILES}?path=0%2Fr1%2Fartifacts%2Fm");
    for (name, code) in [
        ("../x", "archive-name"),
        ("/etc/x", "archive-name"),
        ("C:x", "archive-name"),
        ("a/b", "registry-answer"),
    ] {
        let body = json!({"files": [{"path": name, "is_dir": false}]}).to_string();
        assert_eq!(refusal(&list, 200, body.as_bytes()).await.code(), code, "{name}");
    }
    let twice = json!({"files": [{"path": "a"}, {"path": "A"}]}).to_string();
    assert_eq!(refusal(&list, 200, twice.as_bytes()).await.code(), "archive-duplicate");
    assert_eq!(refusal(&list, 200, b"{}").await.code(), "registry-answer");
}

#[tokio::test]
async fn z2_sizes_from_a_server_are_held() {
    let file = format!("{FILES}/0/r1/artifacts/m/data/model.onnx");
    assert_eq!(refusal(&file, 200, &ONNX[..ONNX.len() - 1]).await.code(), "registry-size");
    let dir = tempfile::tempdir().unwrap();
    for limits in
        [Limits { total_bytes: 10, ..Limits::default() }, Limits { entries: 1, ..Limits::default() }]
    {
        let error = Server::start(good()).fetch(limits, &dir.path().join("m")).await.unwrap_err();
        assert!(["registry-too-large", "registry-too-many"].contains(&error.code()), "{error}");
        assert!(!dir.path().join("m").exists());
    }
    let mut endless = good();
    let list = json!({"files": [{"path": "d", "is_dir": true}]}).to_string().into_bytes();
    let mut path = format!("{FILES}?path=0%2Fr1%2Fartifacts%2Fm");
    for _ in 0..20 {
        endless.insert(path.clone(), (200, list.clone()));
        path.push_str("%2Fd");
    }
    let error = Server::start(endless).fetch(Limits::default(), &dir.path().join("m")).await.unwrap_err();
    assert_eq!(error.code(), "registry-too-many");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "https"] {
        let server = Server { address: format!("{scheme}://{gone}"), asked: Arc::default() };
        let error = server.fetch(Limits::default(), &dir.path().join("m")).await.unwrap_err();
        assert_eq!(error.code(), "registry-unreachable", "{error}");
    }
}

#[tokio::test]
async fn a_download_stops_when_asked() {
    let server = Server::start(good());
    let registry = Registry::new(server.address.parse().unwrap(), Access::Open, Limits::default()).unwrap();
    let cancel = Cancel::default();
    let wanted = "models:/my model@champion".parse().unwrap();
    let version = registry.find(&wanted, &cancel).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let into = dir.path().join("m");
    let stop = cancel.clone();
    let mut progress = |_| stop.cancel();
    let result = registry.download(&version, &into, Watch { cancel: &cancel, progress: &mut progress }).await;
    assert_eq!(result.unwrap_err().code(), "cancelled");
    assert!(!into.exists());
}
