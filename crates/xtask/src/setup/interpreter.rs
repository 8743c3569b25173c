//! The Python that environments are made with: new enough for today's scikit-learn, old enough for yesterday's numpy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::environments::Environment;
use super::system;
use crate::process::output;

/// The oldest Python 3 that scikit-learn 1.9 runs with.
const OLDEST: u32 = 11;

/// Tried in this order: the version that everything is measured with first, what apt brings last.
const NAMES: &[&str] = if cfg!(windows) {
    &["python", "py"]
} else {
    &["python3.11", "python3.12", "python3.13", "python3", "/usr/bin/python3"]
};

/// Says its version, if it could make an environment with pip in it.
const VERSION: &str = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])";

/// An interpreter that can make environments.
pub(super) struct Python {
    pub(super) program: PathBuf,
    /// 11 for Python 3.11.
    pub(super) minor: u32,
}

/// The first that fits all of the environments; apt is asked for the system's own when none does.
pub(super) fn find(newest: u32, wanted: &[&Environment]) -> Result<Python> {
    if let Some(python) = first(newest) {
        return Ok(python);
    }
    if system::has_apt() {
        system::install(&["python3", "python3-venv"])?;
    }
    match first(newest) {
        Some(python) => Ok(python),
        None => bail!("{}", missing(newest, wanted)),
    }
}

fn missing(newest: u32, wanted: &[&Environment]) -> String {
    let names: Vec<String> = wanted
        .iter()
        .map(|environment| format!("`{}` (3.{OLDEST} to 3.{})", environment.name, environment.newest))
        .collect();
    let versions: Vec<String> = (OLDEST..=newest).map(|minor| format!("3.{minor}")).collect();
    format!(
        "no Python was found that the environments can be made with: {}. Looked at {}. \
         Install Python {} with its venv module, so that it is on PATH, then run the command again",
        names.join(", "),
        NAMES.join(", "),
        versions.join(" or ")
    )
}

fn first(newest: u32) -> Option<Python> {
    NAMES.iter().find_map(|name| {
        let answer = output(Command::new(name).args(["-I", "-c", VERSION])).ok()?;
        let minor = minor(&answer)?;
        fits(minor, newest).then(|| Python { program: name.into(), minor })
    })
}

pub(super) fn fits(minor: u32, newest: u32) -> bool {
    (OLDEST..=newest).contains(&minor)
}

/// The interpreter of an environment.
pub(super) fn inside(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// What an environment was made with, by its own note, so that nothing has to be started to know it.
pub(super) fn made_with(environment: &Path) -> Option<u32> {
    let note = fs::read_to_string(environment.join("pyvenv.cfg")).ok()?;
    note.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "version").then(|| minor(value)).flatten()
    })
}

/// `3.11.7` or `3.11` → 11; nothing for another Python than 3.
fn minor(version: &str) -> Option<u32> {
    let mut numbers = version.trim().split('.');
    (numbers.next()? == "3").then(|| numbers.next()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minor_version_is_read() {
        assert_eq!(
            (minor(" 3.11.7\n"), minor("3.12"), minor("2.7.18"), minor("3")),
            (Some(11), Some(12), None, None)
        );
    }

    #[test]
    fn too_old_and_too_new_do_not_fit() {
        let fit: Vec<u32> = (9..15).filter(|minor| fits(*minor, 12)).collect();
        assert_eq!(fit, [11, 12]);
    }
}
