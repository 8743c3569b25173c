//! Running pip without touching the environment that it runs in, whether that has a pip or not.

use super::child::{Bounds, ChildError, python, run};
use super::{EnvironmentError, Probe, Watch};
use flightdeck_core::{Progress, Unit};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What an installation may use.
const BOUNDS: Bounds = Bounds { time: Duration::from_mins(30), output_bytes: 64 << 20, output_lines: true };

/// Where packages come from, and which pips may be asked.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// A folder of wheels; with it no network is asked.
    pub wheels: Option<PathBuf>,
    /// Interpreters whose pip may install for another one; tried last.
    pub others: Vec<PathBuf>,
}

/// A pip that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pip {
    program: PathBuf,
    /// pip's own wheel, from which it runs.
    wheel: Option<PathBuf>,
    /// The interpreter that is installed for, when it is another one.
    target: Option<PathBuf>,
}

impl Pip {
    /// The nearest pip for an interpreter: its own, the one that came with Python, or another interpreter's.
    pub(crate) fn for_interpreter(probe: &Probe, origin: &Origin) -> Option<Self> {
        let own = probe.interpreter.clone();
        if probe.pip {
            return Some(Self { program: own, wheel: None, target: None });
        }
        let given = origin.wheels.as_deref().and_then(pip_wheel);
        if let Some(wheel) = given.or_else(|| probe.bundled_pip.clone()) {
            return Some(Self { program: own, wheel: Some(wheel), target: None });
        }
        let other = origin.others.iter().find(|other| **other != own && has_pip(other))?;
        Some(Self { program: other.clone(), wheel: None, target: Some(own) })
    }

    fn arguments(&self, rest: &[OsString], origin: &Origin) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-m".into(), "pip".into()];
        if let Some(target) = &self.target {
            arguments.extend(["--python".into(), target.into()]);
        }
        arguments.push("install".into());
        if let Some(wheels) = &origin.wheels {
            arguments.extend(["--no-index".into(), "--find-links".into(), wheels.into()]);
        }
        arguments.extend(rest.iter().cloned());
        arguments
    }

    /// What a person can run instead.
    pub(crate) fn command_line(&self, rest: &[OsString], origin: &Origin) -> String {
        let wheel = self.wheel.iter().map(|wheel| format!("PYTHONPATH={} ", quote(wheel.as_os_str())));
        let program = std::iter::once(quote(self.program.as_os_str()));
        let arguments = self.arguments(rest, origin);
        let words: Vec<String> = program.chain(arguments.iter().map(|argument| quote(argument))).collect();
        wheel.chain([words.join(" ")]).collect()
    }

    /// Installs; every line that pip prints is given on.
    pub(crate) fn install(
        &self,
        rest: &[OsString],
        origin: &Origin,
        watch: &mut Watch<'_>,
    ) -> Result<(), EnvironmentError> {
        let mut command = python(&self.program);
        command.args(self.arguments(rest, origin));
        if let Some(wheel) = &self.wheel {
            command.env("PYTHONPATH", wheel);
        }
        quiet(&mut command);
        let mut lines = 0;
        let (progress, line) = (&mut *watch.progress, &mut *watch.line);
        let mut heard = |text: &str| {
            lines += 1;
            line(text);
            progress(Progress::new("install", lines, None, Unit::Steps));
        };
        let answer = run(command, Vec::new(), BOUNDS, (watch.cancel, &mut heard))
            .map_err(|error: ChildError| EnvironmentError::of_child(error, &self.program))?;
        if answer.status.success() {
            return Ok(());
        }
        Err(EnvironmentError::Install {
            unreachable: is_unreachable(&answer.tail),
            tail: cause(&answer.tail),
            command: self.command_line(rest, origin),
        })
    }
}

/// Settings of the person that would send the packages elsewhere, or ask questions, do not count; their index does.
fn quiet(command: &mut Command) {
    for (name, value) in [
        ("PIP_USER", "0"),
        ("PIP_REQUIRE_VIRTUALENV", "0"),
        ("PIP_NO_INPUT", "1"),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        ("PIP_ROOT_USER_ACTION", "ignore"),
        ("PIP_PROGRESS_BAR", "off"),
        ("PIP_RETRIES", "2"),
    ] {
        command.env(name, value);
    }
    for name in ["PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_DRY_RUN"] {
        command.env_remove(name);
    }
}

fn pip_wheel(folder: &Path) -> Option<PathBuf> {
    let names = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let is_pip = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("pip-") && path.extension().is_some_and(|ending| ending == "whl")
    };
    names.filter(is_pip).max()
}

/// Whether an interpreter has a pip that can install for another one (22.3 or newer).
fn has_pip(interpreter: &Path) -> bool {
    let mut command = python(interpreter);
    command.args(["-m", "pip", "--version"]);
    let bounds = Bounds { time: Duration::from_secs(20), output_bytes: 64 << 10, output_lines: false };
    let Ok(answer) = run(command, Vec::new(), bounds, (&flightdeck_core::Cancel::default(), &mut |_| {}))
    else {
        return false;
    };
    let text = String::from_utf8_lossy(&answer.output).into_owned();
    // "pip 23.2.1 from …"
    let version = text.split_whitespace().nth(1).unwrap_or_default();
    let numbers: Vec<u32> = version.split('.').map_while(|number| number.parse().ok()).collect();
    answer.status.success() && numbers >= vec![22, 3]
}

/// pip has no exit status for it: its words are what there is.
fn is_unreachable(tail: &str) -> bool {
    let signs = [
        "NewConnectionError",
        "Failed to establish a new connection",
        "name resolution",
        "Name or service not known",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ProxyError",
        "Network is unreachable",
        "Could not fetch URL",
        "NameResolutionError",
        "Max retries exceeded",
    ];
    signs.iter().any(|sign| tail.contains(sign))
}

/// The last line that pip calls an error.
fn cause(tail: &str) -> String {
    let said = tail.lines().rev().find_map(|line| line.split_once("ERROR: ").map(|(_, rest)| rest));
    let line =
        said.or_else(|| tail.lines().rev().find(|line| !line.trim().is_empty())).unwrap_or("no message");
    line.trim().chars().take(500).collect()
}

fn quote(word: &std::ffi::OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = word.chars().all(|c| c.is_alphanumeric() || "-_./=:,@+\\".contains(c)) && !word.is_empty();
    if plain { word.into_owned() } else { format!("\"{}\"", word.replace('"', "\\\"")) }
}
