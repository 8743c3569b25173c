//! Node and the front end's packages, exactly as the lock file has them.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::place::Place;
use crate::process::{output, run};

/// The oldest Node that works.
const OLDEST: u32 = 20;

/// Installs the packages unless the ones there came from this very lock file.
pub(super) fn packages(place: &Place) -> Result<()> {
    check_version()?;
    let folder = place.root.join("ui");
    let lock = fs::read(folder.join("package-lock.json")).context("cannot read ui/package-lock.json")?;
    let digest = format!("{:x}", Sha256::digest(&lock));
    let stamp = folder.join("node_modules/.flightdeck-lock");
    if fs::read_to_string(&stamp).is_ok_and(|seen| seen == digest) {
        return Ok(());
    }
    println!("installing the front end's packages");
    run(place.npm().args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    fs::write(&stamp, digest).with_context(|| format!("cannot write {}", stamp.display()))
}

fn check_version() -> Result<()> {
    let hint = format!("Install Node {OLDEST} or newer, then run the command again");
    let answer = output(Command::new("node").arg("--version")).with_context(|| hint.clone())?;
    match major(&answer) {
        Some(version) if version >= OLDEST => Ok(()),
        _ => bail!("this is Node {}. {hint}", answer.trim()),
    }
}

/// `v20.20.2` → 20.
fn major(answer: &str) -> Option<u32> {
    answer.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v9.1.0"), Some(9));
        assert_eq!(major("node 20"), None);
    }
}
