//! The Python environments of the tests, for notebooks and for other people's clients, and the converter's overlay:
//! pinned, made once, kept.
//!
//! What belongs in them is in `tests/python/*.txt`. How the product finds a user's environment is not here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::interpreter::{self, Python};
use super::{Purpose, contents, offered};
use crate::place::Place;
use crate::process::run;

/// Written last into what was made; holds what it was made of.
const STAMP: &str = ".flightdeck-pins";

/// A pinned environment and the newest Python 3 that all of its pins have wheels for.
pub(super) struct Environment {
    pub(super) name: &'static str,
    pub(super) newest: u32,
    test_only: bool,
    /// Whether Python's compiled files are made at once. Where most of a package is never opened they are half of it.
    compiled: bool,
}

/// All environments; notebooks run in the first two. In the order of the preference for whom a Python is looked for.
const ENVIRONMENTS: &[Environment] = &[
    Environment { name: "new", newest: 13, test_only: false, compiled: true },
    Environment { name: "old", newest: 12, test_only: true, compiled: true },
    Environment { name: "clients", newest: 13, test_only: true, compiled: false },
];

/// The overlay is filled by the Python of this environment, and serves every environment of the same version.
const CONVERTER: &str = "converter";

/// The folder that holds them all; whatever is not there as pinned is made anew.
pub(super) fn make(place: &Place, purpose: Purpose) -> Result<PathBuf> {
    let home = place.cache.join("python");
    let wanted: Vec<&Environment> = ENVIRONMENTS
        .iter()
        .filter(|environment| !environment.test_only || purpose == Purpose::Test)
        .collect();
    let newest = wanted.iter().map(|environment| environment.newest).min().unwrap_or_default();
    let pins = |name: &str| Pins::read(place, name);
    // One Python for all of them, since the overlay fits one version only. Looked for when one is to be made.
    let mut python = None;
    for environment in &wanted {
        let (folder, pins) = (home.join(environment.name), pins(environment.name)?);
        if !is_kept(&folder, &pins, newest)? {
            let python = match &python {
                Some(python) => python,
                None => python.insert(interpreter::find(newest, &wanted)?),
            };
            fill_environment(&folder, &pins, python, environment.compiled)?;
        }
    }
    let environment = home.join(ENVIRONMENTS[0].name);
    overlay(&home.join(CONVERTER), &pins(CONVERTER)?, &environment)?;
    offered::offer(&home.join(CONVERTER), &place.cache.join("overlays"), &interpreter::inside(&environment))?;
    Ok(home)
}

/// Whether the environment is there with these very packages. One made by hand is adopted if they are the same.
fn is_kept(folder: &Path, pins: &Pins, newest: u32) -> Result<bool> {
    let python = interpreter::inside(folder);
    let Some(minor) = interpreter::made_with(folder).filter(|_| python.is_file()) else { return Ok(false) };
    if !interpreter::fits(minor, newest) {
        return Ok(false);
    }
    if is_stamped(folder, pins, minor) {
        return Ok(true);
    }
    if !contents::equal(&python, folder, None, &pins.path) {
        return Ok(false);
    }
    stamp(folder, pins, minor).map(|()| true)
}

fn fill_environment(folder: &Path, pins: &Pins, python: &Python, compiled: bool) -> Result<()> {
    println!("making the Python environment `{}` with Python 3.{}", pins.name, python.minor);
    clear(folder)?;
    run(Command::new(&python.program).args(["-m", "venv"]).arg(folder))?;
    let mut fill = pip(&interpreter::inside(folder), pins);
    if !compiled {
        fill.arg("--no-compile");
    }
    run(&mut fill).with_context(|| needs_network(pins))?;
    stamp(folder, pins, python.minor)
}

/// Fills the converter's overlay with the pip of an environment that is there.
fn overlay(folder: &Path, pins: &Pins, environment: &Path) -> Result<()> {
    let minor = interpreter::made_with(environment).context("the environment for the converter is gone")?;
    if folder.is_dir() && is_stamped(folder, pins, minor) {
        return Ok(());
    }
    let python = interpreter::inside(environment);
    if !contents::equal(&python, folder, Some(folder), &pins.path) {
        println!("filling the converter's overlay for Python 3.{minor}");
        clear(folder)?;
        run(pip(&python, pins).arg("--target").arg(folder)).with_context(|| needs_network(pins))?;
    }
    // Two thirds of the whole, and only onnx's own tests read it.
    clear(&folder.join("onnx/backend/test/data"))?;
    stamp(folder, pins, minor)
}

/// pip, about to install the pins and nothing else; only wheels, since nothing of this may need a compiler.
fn pip(python: &Path, pins: &Pins) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary=:all:", "--requirement"])
        .arg(&pins.path);
    command
}

fn needs_network(pins: &Pins) -> String {
    format!("cannot install what {} names; this needs a network once", pins.path.display())
}

fn clear(folder: &Path) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))
}

fn is_stamped(folder: &Path, pins: &Pins, minor: u32) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|seen| seen == pins.stamp(minor))
}

fn stamp(folder: &Path, pins: &Pins, minor: u32) -> Result<()> {
    let path = folder.join(STAMP);
    fs::write(&path, pins.stamp(minor)).with_context(|| format!("cannot write {}", path.display()))
}

/// A requirement file.
struct Pins {
    name: String,
    path: PathBuf,
    digest: String,
}

impl Pins {
    fn read(place: &Place, name: &str) -> Result<Self> {
        let path = place.root.join("tests/python").join(format!("{name}.txt"));
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if text.is_empty() {
            bail!("{} pins nothing", path.display());
        }
        Ok(Self { name: name.to_owned(), path, digest: format!("{:x}", Sha256::digest(&text)) })
    }

    /// What tells one filling from another: the pins, and the Python that they were chosen for.
    fn stamp(&self, minor: u32) -> String {
        format!("{} 3.{minor}\n", self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(name: &str) -> Vec<String> {
        let place = Place::find().unwrap();
        let text = fs::read_to_string(Pins::read(&place, name).unwrap().path).unwrap();
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    #[test]
    fn every_package_is_pinned_to_one_version() {
        for name in ["new", "old", "clients", CONVERTER] {
            let lines = lines(name);
            assert!(!lines.is_empty());
            for line in lines {
                assert!(line.matches("==").count() == 1 && !line.contains('*'), "{name}: {line}");
            }
        }
    }

    #[test]
    fn the_overlay_shadows_nothing_that_a_model_is_made_of() {
        for package in ["numpy", "scipy", "scikit-learn", "pandas", "xgboost", "lightgbm", "joblib"] {
            let starts = |line: &String| line.starts_with(&format!("{package}=="));
            assert!(!lines(CONVERTER).iter().any(starts), "{package}");
            assert!(lines("new").iter().any(starts), "{package} is what the environment is for");
        }
    }

    #[test]
    fn other_pins_or_another_python_make_another_stamp() {
        let pins = |digest: &str| Pins { name: String::new(), path: PathBuf::new(), digest: digest.into() };
        assert_eq!(pins("a").stamp(11), pins("a").stamp(11));
        assert_ne!(pins("a").stamp(11), pins("b").stamp(11));
        assert_ne!(pins("a").stamp(11), pins("a").stamp(12));
    }
}
