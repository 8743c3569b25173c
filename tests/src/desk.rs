//! Somebody's desk: a home and a library of its own, and the command line on it.

use crate::keychain::Keychain;
use crate::programs::program;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A home, a library in it, and the programs. Dropping it ends what was started on it.
pub struct Desk {
    home: TempDir,
    library: PathBuf,
    keychain: Option<Keychain>,
}

/// What a command answered.
#[derive(Debug)]
pub struct Answer {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// The last line of standard output, or all of it, as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        let whole = serde_json::from_str(&self.out);
        let last = || serde_json::from_str(self.out.lines().last().unwrap_or_default());
        whole.or_else(|_| last()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

impl Desk {
    /// An empty desk.
    ///
    /// # Panics
    /// When the system has no room for it.
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let library = home.path().join("library");
        Self { home, library, keychain: None }
    }

    /// An empty desk of somebody who has logged in: with a session bus, and a keychain that is open.
    ///
    /// # Panics
    /// When they do not start.
    pub fn with_keychain() -> Self {
        let mut desk = Self::new();
        desk.keychain = Some(Keychain::start(desk.home()));
        desk
    }

    /// Its keychain.
    ///
    /// # Panics
    /// When it has none.
    pub fn keychain(&self) -> &Keychain {
        self.keychain.as_ref().unwrap_or_else(|| panic!("this desk has no keychain"))
    }

    /// Whether it has a session bus of its own.
    pub fn has_bus(&self) -> bool {
        self.keychain.is_some()
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The library.
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// A command of `flightdeck` on this library, not started.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(program("FLIGHTDECK_CLI", "flightdeck"));
        self.surround(&mut command);
        command.arg("--library").arg(&self.library).args(arguments);
        command
    }

    /// Gives a program this desk's surroundings.
    pub fn surround(&self, command: &mut Command) {
        // The fetched ONNX Runtime lies in the real cache: it is named before the home changes.
        if std::env::var_os("FLIGHTDECK_ONNXRUNTIME").is_none() {
            let library = crate::programs::cache().join("onnxruntime/1.32.0/libonnxruntime.so");
            command.env("FLIGHTDECK_ONNXRUNTIME", library);
        }
        command
            .env("FLIGHTDECK_RUNNER", program("FLIGHTDECK_RUNNER", "flightdeck-runner"))
            .env("FLIGHTDECK_SAMPLES", crate::sample(""))
            .env("FLIGHTDECK_CACHE", crate::programs::cache())
            .env("HOME", self.home.path())
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("VIRTUAL_ENV")
            .env_remove("CONDA_PREFIX")
            .env_remove("JUPYTER_RUNTIME_DIR");
        if let Some(keychain) = &self.keychain {
            keychain.surround(command);
        }
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Answer {
        let output = self.command(arguments).output().unwrap_or_else(|error| panic!("flightdeck: {error}"));
        Answer::of(&output)
    }

    /// Runs a command with `--json` that must succeed, and gives its document.
    ///
    /// # Panics
    /// When it fails.
    pub fn json<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Value {
        let output = self.command(arguments).arg("--json").output().unwrap_or_else(|error| panic!("{error}"));
        let answer = Answer::of(&output);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        answer.json()
    }

    /// Runs a command with `--json` that must be refused; gives its exit code and its error.
    ///
    /// # Panics
    /// When it succeeds.
    pub fn refused<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> (i32, Value) {
        let output = self.command(arguments).arg("--json").output().unwrap_or_else(|error| panic!("{error}"));
        let answer = Answer::of(&output);
        let error = answer.json()["error"].clone();
        for part in ["code", "message", "hint"] {
            assert!(error[part].is_string(), "{answer:?}");
        }
        assert!(!answer.err.contains("panicked"), "{answer:?}");
        match answer.code {
            Some(code @ (1 | 2)) => (code, error),
            _ => panic!("{answer:?}"),
        }
    }

    /// The process of this library's runner, when it runs.
    pub fn runner_pid(&self) -> Option<u32> {
        let list = self.json(["runner", "list"]);
        list["runners"][0]["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok())
    }
}

impl Answer {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if self.library.join("this-computer").is_dir() {
            let _ = self.command(["runner", "stop"]).output();
        }
    }
}
