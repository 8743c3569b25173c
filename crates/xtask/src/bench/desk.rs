//! A folder of its own for one part: a home, a library, and the command line on it. Dropping it leaves nothing behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Bench;
use crate::process::{output, succeeds};

pub(super) struct Desk<'a> {
    bench: &'a Bench<'a>,
    folder: PathBuf,
}

impl<'a> Desk<'a> {
    /// An empty one.
    pub(super) fn new(bench: &'a Bench<'a>, name: &str) -> Result<Self> {
        let folder = bench.place.target.join("bench").join(format!("{name}-{}", std::process::id()));
        let desk = Self { bench, folder };
        for folder in [desk.home(), desk.path("run")] {
            fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        private(&desk.path("run"))?;
        Ok(desk)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// The library, made when first used.
    pub(super) fn library(&self) -> PathBuf {
        self.path("library")
    }

    /// Lets a command find the product, and nothing of the user's.
    pub(super) fn surround(&self, command: &mut Command) {
        self.bench.product.reach(command, self.bench.ready);
        command.env("HOME", self.home()).env("XDG_RUNTIME_DIR", self.path("run"));
        for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
    }

    /// A command of `flightdeck` on this library, through `before` such as `taskset`.
    pub(super) fn through(&self, before: &[&str], arguments: &[&str]) -> Command {
        let cli = &self.bench.product.cli;
        let mut command = match before {
            [program, rest @ ..] => {
                let mut command = Command::new(program);
                command.args(rest).arg(cli);
                command
            }
            [] => Command::new(cli),
        };
        self.surround(&mut command);
        command.arg("--library").arg(self.library()).args(arguments);
        command
    }

    pub(super) fn flightdeck(&self, arguments: &[&str]) -> Command {
        self.through(&[], arguments)
    }

    /// Imports a sample model with its training data.
    pub(super) fn import(&self, name: &str, folder: &str, file: &str) -> Result<()> {
        let (model, training) = (
            self.bench.sample(&format!("{folder}/{file}")),
            self.bench.sample(&format!("{folder}/training.csv")),
        );
        let mut import = self.flightdeck(&["--json", "import", "--name", name]);
        output(import.arg(model).arg("--baseline").arg(training)).map(drop)
    }

    /// The one package of this library.
    pub(super) fn package(&self) -> Result<PathBuf> {
        let packages = self.library().join("artifacts/packages");
        let mut entries = fs::read_dir(&packages).with_context(|| format!("no {}", packages.display()))?;
        Ok(entries.next().context("nothing was imported")??.path())
    }

    /// The process of this library's runner, which runs.
    pub(super) fn runner_pid(&self) -> Result<u32> {
        let answer: Value =
            serde_json::from_str(&output(&mut self.flightdeck(&["--json", "runner", "list"]))?)?;
        let pid = answer["runners"][0]["pid"].as_u64().context("the runner does not run")?;
        Ok(u32::try_from(pid)?)
    }
}

impl Drop for Desk<'_> {
    fn drop(&mut self) {
        if self.library().join("this-computer").is_dir() {
            succeeds(&mut self.flightdeck(&["runner", "stop"]));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Sessions refuse a folder that others may look into.
#[cfg(unix)]
fn private(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("cannot close {}", folder.display()))
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<()> {
    Ok(())
}
