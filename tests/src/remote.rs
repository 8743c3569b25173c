//! A runner elsewhere, as far as a desk can tell: a process of its own with TLS on, known by its address and a code.

use crate::programs::{cache, program};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A runner that nobody here started. It ends with its value.
pub struct Remote {
    data: TempDir,
    child: Child,
    /// `https://host:port`.
    pub url: String,
    /// The code that it showed when it started, if any.
    pub code: Option<String>,
}

impl Remote {
    /// Starts one on a free port of loopback, with TLS.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Self {
        let data = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let (child, bound) = serve(data.path(), "127.0.0.1:0");
        Self { url: url(&bound), code: bound["code"].as_str().map(str::to_owned), data, child }
    }

    /// Stops it and starts it again on the same port; with `anew`, with an empty folder, as if it were installed anew.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self, anew: bool) {
        self.stop();
        if anew {
            self.data = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        }
        let address = self.url.trim_start_matches("https://").to_owned();
        let (child, bound) = serve(self.data.path(), &address);
        self.child = child;
        self.code = bound["code"].as_str().map(str::to_owned);
    }

    /// Ends it at once, as a power cut would.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// A new pairing code, made beside the running server.
    ///
    /// # Panics
    /// When none is made.
    pub fn pair(&self) -> String {
        let output = runner().args(["pair", "--data"]).arg(self.data.path()).output();
        let output = output.unwrap_or_else(|error| panic!("{error}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let code = serde_json::from_str::<serde_json::Value>(&said)
            .ok()
            .and_then(|said| said["code"].as_str().map(str::to_owned));
        code.unwrap_or_else(|| panic!("no code: {said}"))
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.stop();
    }
}

fn runner() -> Command {
    let mut command = Command::new(program("FLIGHTDECK_RUNNER", "flightdeck-runner"));
    if std::env::var_os("FLIGHTDECK_ONNXRUNTIME").is_none() {
        command.env("FLIGHTDECK_ONNXRUNTIME", cache().join("onnxruntime/1.32.0/libonnxruntime.so"));
    }
    command
}

fn serve(data: &Path, listen: &str) -> (Child, serde_json::Value) {
    let mut child = runner()
        .args(["serve", "--tls", "on", "--listen", listen, "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{error}"));
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        BufReader::new(output).read_line(&mut line).unwrap_or_else(|error| panic!("{error}"));
    }
    let bound =
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("the runner says \"{line}\": {error}"));
    (child, bound)
}

fn url(bound: &serde_json::Value) -> String {
    format!("https://{}", bound["listen"].as_str().unwrap_or_default())
}
