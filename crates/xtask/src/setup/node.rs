//! Node and the front end's packages, exactly as the lock file has them.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::place::Place;
use crate::process::{output, run};

/// The oldest Node that the front end's tools work with.
const OLDEST: (u32, u32) = (20, 19);

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
    let hint = format!("Install Node {}.{} or newer, then run the command again", OLDEST.0, OLDEST.1);
    let answer = output(Command::new("node").arg("--version")).with_context(|| hint.clone())?;
    match version(&answer) {
        Some(version) if version >= OLDEST => Ok(()),
        _ => bail!("this is Node {}. {hint}", answer.trim()),
    }
}

/// `v20.20.2` → (20, 20).
fn version(answer: &str) -> Option<(u32, u32)> {
    let mut numbers = answer.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_and_minor_version_are_read() {
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert!(version("v9.99.0") < Some(OLDEST) && version("v22.0.0") > Some(OLDEST));
        assert_eq!(version("node 20"), None);
    }
}
