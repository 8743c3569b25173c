//! The programs that make up the product, built together, and the environment in which they find each other.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::place::Place;
use crate::process::run;
use crate::setup::Ready;

/// The window's own feature: pages come from inside the program, not from a development server.
pub(crate) const WINDOW_FEATURE: &str = "flightdeck-desktop/custom-protocol";

/// How the programs are built.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// Fast to build; what the tests use.
    Debug,
    /// Fast to run; what people and measurements use.
    Release,
}

/// Where the built programs are.
pub(crate) struct Product {
    /// `flightdeck-runner`: the server and the worker.
    pub(crate) runner: PathBuf,
    /// `flightdeck`: the command line.
    pub(crate) cli: PathBuf,
    /// `flightdeck-desktop`: the window.
    pub(crate) desktop: PathBuf,
}

impl Product {
    /// The programs' paths, built or not.
    pub(crate) fn at(place: &Place, mode: Mode) -> Self {
        let folder = place.target.join(match mode {
            Mode::Debug => "debug",
            Mode::Release => "release",
        });
        let program = |name: &str| folder.join(format!("{name}{EXE_SUFFIX}"));
        Self {
            runner: program("flightdeck-runner"),
            cli: program("flightdeck"),
            desktop: program("flightdeck-desktop"),
        }
    }

    /// Builds the front end and the three programs as they are shipped.
    ///
    /// Each is built by itself: together, Cargo would give all of them the runner's inference engine.
    pub(crate) fn build(place: &Place, mode: Mode) -> Result<Self> {
        run(place.npm().args(["run", "--silent", "build"]))?;
        Self::build_only(place, mode, &["flightdeck-runner", "flightdeck-cli", "flightdeck-desktop"])
    }

    /// Builds the programs that need no window.
    pub(crate) fn build_windowless(place: &Place, mode: Mode) -> Result<Self> {
        Self::build_only(place, mode, &["flightdeck-runner", "flightdeck-cli"])
    }

    fn build_only(place: &Place, mode: Mode, packages: &[&str]) -> Result<Self> {
        for package in packages.iter().copied() {
            let mut build = place.cargo();
            build.args(["build", "--package", package]);
            if matches!(mode, Mode::Release) {
                build.arg("--release");
            }
            if package == "flightdeck-desktop" {
                build.args(["--features", WINDOW_FEATURE]);
            }
            run(&mut build)?;
        }
        Ok(Self::at(place, mode))
    }

    /// One of the programs, with the others within its reach.
    pub(crate) fn command(&self, program: &Path, ready: &Ready) -> Command {
        let mut command = Command::new(program);
        self.reach(&mut command, ready);
        command
    }

    /// Lets a command and its children find every built and fetched part.
    pub(crate) fn reach(&self, command: &mut Command, ready: &Ready) {
        command
            .env("FLIGHTDECK_RUNNER", &self.runner)
            .env("FLIGHTDECK_CLI", &self.cli)
            .env("FLIGHTDECK_DESKTOP", &self.desktop)
            .env("FLIGHTDECK_ONNXRUNTIME", &ready.onnxruntime);
        if let Some(driver) = &ready.tauri_driver {
            command.env("FLIGHTDECK_TAURI_DRIVER", driver);
        }
        if let Some(python) = &ready.python {
            command.env("FLIGHTDECK_TEST_PYTHON", python);
        }
    }
}
