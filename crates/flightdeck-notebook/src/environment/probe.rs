//! One question to an interpreter: what it is, what is installed there, and what the cells need.

use super::EnvironmentError;
use super::child::{Bounds, python, run};
use super::distribution_of;
use crate::analysis::{Analysis, CellAnalysis};
use flightdeck_core::Cancel;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the probe may use.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(20), output_bytes: 32 << 20, output_lines: false };

/// Loads the probe's modules from the request. Nothing beside the notebook may stand in for a module of Python, so the
/// current folder leaves the path first.
const START: &str = "import sys
if sys.version_info < (3, 8): sys.exit('too-old %d.%d.%d' % sys.version_info[:3])
sys.path[:] = [place for place in sys.path if place]
import json, types
asked = json.loads(sys.stdin.buffer.read().decode('utf-8'))
for name, source in asked['modules']:
    sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name + '.py', 'exec'), sys.modules[name].__dict__)
answer = sys.modules['probe'].main(asked['request'])
sys.stdout.buffer.write(json.dumps(answer).encode('ascii'))
";

const MODULES: [(&str, &str); 4] = [
    ("probe_syntax", include_str!("../../python/probe_syntax.py")),
    ("probe_names", include_str!("../../python/probe_names.py")),
    ("probe_files", include_str!("../../python/probe_files.py")),
    ("probe", include_str!("../../python/probe.py")),
];

/// What an interpreter is and has, and what the cells need of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The interpreter that was asked.
    pub interpreter: PathBuf,
    /// Its version.
    pub version: (u8, u8, u8),
    /// `CPython`, `PyPy`.
    pub implementation: String,
    /// The folder of its environment.
    pub prefix: PathBuf,
    /// System and machine, such as `linux-x86_64`.
    pub platform: String,
    /// What is installed.
    pub distributions: Vec<Distribution>,
    /// The version of ipykernel, when it is there.
    pub ipykernel: Option<String>,
    /// Whether pip is there.
    pub pip: bool,
    /// The wheel of pip that came with this Python, for environments without pip.
    pub bundled_pip: Option<PathBuf>,
    /// What the cells do.
    pub analysis: Analysis,
    /// The modules that nothing provides.
    pub missing: Vec<Missing>,
    /// The distributions of everything that the cells import from outside of Python and of the notebook's folder.
    pub requires: Vec<String>,
}

impl Probe {
    /// The version of a distribution, by its name in any spelling.
    pub fn version_of(&self, name: &str) -> Option<&str> {
        let key = normal(name);
        self.distributions.iter().find(|own| normal(&own.name) == key).map(|own| own.version.as_str())
    }

    /// Name and version of everything that is installed.
    pub fn packages(&self) -> Vec<(String, String)> {
        self.distributions.iter().map(|own| (own.name.clone(), own.version.clone())).collect()
    }
}

/// The one spelling of a distribution's name.
pub(crate) fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

/// One installed distribution.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Distribution {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it came from, when not from an index: the content of its `direct_url.json`.
    pub direct_url: Option<serde_json::Value>,
}

/// A module that a cell imports and nothing provides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The module, such as `sklearn`.
    pub module: String,
    /// The distribution that usually has it.
    pub distribution: String,
    /// The first cell that imports it.
    pub cell: usize,
    /// The cell catches the failure.
    pub optional: bool,
}

#[derive(Serialize)]
struct Asked<'a> {
    modules: [(&'a str, &'a str); 4],
    request: Request<'a>,
}

#[derive(Serialize)]
struct Request<'a> {
    folder: &'a str,
    cells: &'a [(usize, &'a str)],
}

#[derive(Deserialize)]
struct Reply {
    version: (u8, u8, u8),
    implementation: String,
    prefix: PathBuf,
    platform: String,
    distributions: Vec<Distribution>,
    pip: bool,
    bundled_pip: Option<PathBuf>,
    cells: Vec<CellAnalysis>,
    missing: Vec<Absent>,
    outside: Vec<String>,
}

#[derive(Deserialize)]
struct Absent {
    module: String,
    cell: usize,
    optional: bool,
}

impl From<Absent> for Missing {
    fn from(absent: Absent) -> Self {
        let distribution = distribution_of(&absent.module).to_owned();
        let module = absent.module.split('.').next().unwrap_or_default().to_owned();
        Self { module, distribution, cell: absent.cell, optional: absent.optional }
    }
}

/// Asks an interpreter. `cells` are position and source of the code cells, `folder` is where the notebook lies.
///
/// None of the user's packages is imported and nothing is written, not even bytecode. At most 20 seconds.
pub fn probe(
    interpreter: &Path,
    cells: &[(usize, &str)],
    folder: &Path,
    cancel: &Cancel,
) -> Result<Probe, EnvironmentError> {
    let failed = |tail: String| EnvironmentError::Failed { interpreter: interpreter.to_owned(), tail };
    let folder = folder.to_string_lossy();
    let asked = Asked { modules: MODULES, request: Request { folder: &folder, cells } };
    let input = serde_json::to_vec(&asked).map_err(|error| failed(error.to_string()))?;
    let mut command = python(interpreter);
    command.args(["-c", START]).current_dir(std::env::temp_dir());
    let answer = run(command, input, BOUNDS, (cancel, &mut |_| {}))
        .map_err(|error| EnvironmentError::of_child(error, interpreter))?;
    if let Some(version) = answer.tail.trim().strip_prefix("too-old ") {
        return Err(EnvironmentError::TooOld {
            interpreter: interpreter.to_owned(),
            version: version.into(),
        });
    }
    if !answer.status.success() {
        return Err(failed(last_line(&answer.tail)));
    }
    let reply = parse(&answer.output).ok_or_else(|| failed("its answer is not understood".into()))?;
    Ok(resolve(reply, interpreter))
}

/// A `sitecustomize` may print before the answer does.
fn parse(output: &[u8]) -> Option<Reply> {
    let start = output.windows(12).rposition(|window| window == b"{\"version\": ")?;
    let raw: &RawValue = serde_json::from_slice(&output[start..]).ok()?;
    serde_json::from_str(raw.get()).ok()
}

fn resolve(reply: Reply, interpreter: &Path) -> Probe {
    let mut probe = Probe {
        interpreter: interpreter.to_owned(),
        version: reply.version,
        implementation: reply.implementation,
        prefix: reply.prefix,
        platform: reply.platform,
        distributions: reply.distributions,
        ipykernel: None,
        pip: reply.pip,
        bundled_pip: reply.bundled_pip,
        analysis: Analysis { cells: reply.cells },
        missing: reply.missing.into_iter().map(Missing::from).collect(),
        requires: requires(&reply.outside),
    };
    probe.ipykernel = probe.version_of("ipykernel").map(str::to_owned);
    probe
}

fn requires(modules: &[String]) -> Vec<String> {
    let mut names: Vec<String> = modules.iter().map(|module| distribution_of(module).to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

pub(crate) fn last_line(tail: &str) -> String {
    let line = tail.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    line.chars().take(500).collect()
}
