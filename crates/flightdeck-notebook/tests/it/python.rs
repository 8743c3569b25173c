//! The interpreters that tests use, and what stands in an environment.

use flightdeck_core::{Cancel, Progress};
use flightdeck_notebook::environment::{Probe, Watch, probe};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// The folder that holds the environments `new` and `old` and the overlay `converter`.
pub(crate) fn root() -> PathBuf {
    let set = std::env::var_os("FLIGHTDECK_TEST_PYTHON").map(PathBuf::from);
    set.unwrap_or_else(|| dirs::cache_dir().expect("a cache folder").join("flightdeck/python"))
}

/// The interpreter of an environment.
pub(crate) fn interpreter(name: &str) -> PathBuf {
    let path = root().join(name).join("bin/python");
    assert!(path.exists(), "{} is missing; run the set-up", path.display());
    path
}

/// Asks an environment about cells in a folder.
pub(crate) fn ask(interpreter: &Path, cells: &[&str], folder: &Path) -> Probe {
    let cells: Vec<(usize, &str)> = cells.iter().copied().enumerate().collect();
    probe(interpreter, &cells, folder, &Cancel::default()).expect("the interpreter answers")
}

/// A fresh environment, with or without pip, and without a trace of having been used.
pub(crate) fn fresh(folder: &Path, with_pip: bool) -> PathBuf {
    let mut command = Command::new(interpreter("new"));
    command.args(["-B", "-m", "venv"]).arg(folder);
    if !with_pip {
        command.arg("--without-pip");
    }
    assert!(command.status().expect("venv").success());
    for cache in walk(folder).keys().filter(|path| path.ends_with("__pycache__")) {
        fs::remove_dir_all(folder.join(cache)).expect("a cache is removed");
    }
    folder.join("bin/python")
}

/// Every path below a folder with its size and time of change.
pub(crate) fn walk(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let (mut found, mut open) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(place) = open.pop() {
        for entry in fs::read_dir(&place).expect("a folder").flatten() {
            let facts = entry.path().symlink_metadata().expect("an entry");
            let relative = entry.path().strip_prefix(folder).expect("below").to_owned();
            found.insert(relative, (facts.len(), facts.modified().expect("a time")));
            if facts.is_dir() {
                open.push(entry.path());
            }
        }
    }
    found
}

/// Runs a script of the test folder, and answers what it writes.
pub(crate) fn script(environment: &str, name: &str, arguments: &[&Path], input: &str) -> String {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/tests/probe");
    let mut command = Command::new(interpreter(environment));
    command.arg("-B").arg(scripts.join(name)).args(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect(name);
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("input is taken");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{name}");
    String::from_utf8(output.stdout).expect("text")
}

/// Follows nothing, and keeps what an installer prints.
#[derive(Default)]
pub(crate) struct Ears {
    pub(crate) lines: Vec<String>,
    pub(crate) stages: Vec<String>,
    pub(crate) cancel: Cancel,
}

impl Ears {
    /// Runs work that is followed.
    pub(crate) fn hear<T>(&mut self, work: impl FnOnce(&mut Watch<'_>) -> T) -> T {
        let (lines, stages) = (&mut self.lines, &mut self.stages);
        work(&mut Watch {
            progress: &mut |report: Progress| stages.push(report.stage),
            line: &mut |line: &str| lines.push(line.to_owned()),
            cancel: &self.cancel,
        })
    }
}
