//! A Python with pip, to fetch wheels with: the user's own, or the system's.

use std::process::Command;

use anyhow::{Result, bail};

use super::system;
use crate::process::succeeds;

/// The first is what the user calls Python; the second is what apt gives pip to.
const CANDIDATES: &[&str] = if cfg!(windows) { &["python", "py"] } else { &["python3", "/usr/bin/python3"] };

/// The name or path of an interpreter that has pip.
pub(super) fn with_pip() -> Result<&'static str> {
    if let Some(python) = first_with_pip() {
        return Ok(python);
    }
    if system::has_apt() {
        system::install(&["python3", "python3-pip"])?;
    }
    match first_with_pip() {
        Some(python) => Ok(python),
        None => bail!(
            "no Python with pip was found. Install Python 3.10 or newer with pip, then run the command again"
        ),
    }
}

fn first_with_pip() -> Option<&'static str> {
    CANDIDATES.iter().copied().find(|python| succeeds(Command::new(python).args(["-m", "pip", "--version"])))
}
