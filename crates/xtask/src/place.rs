//! Where things are: the repository, the target folder and the cache that outlives both.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// The folders that every command works in.
pub(crate) struct Place {
    /// The repository's root.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever the environment puts it.
    pub(crate) target: PathBuf,
    /// Fetched once and kept between clones: `$XDG_CACHE_HOME/flightdeck` or its like.
    pub(crate) cache: PathBuf,
}

impl Place {
    pub(crate) fn find() -> Result<Self> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let mut place = Self { root, target: PathBuf::new(), cache: cache()? };
        let metadata = place.metadata()?;
        place.target =
            metadata["target_directory"].as_str().context("cargo metadata names no target folder")?.into();
        Ok(place)
    }

    /// Cargo, working in the repository.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root);
        command
    }

    /// npm, working in the front end's folder.
    pub(crate) fn npm(&self) -> Command {
        let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
        command.current_dir(self.root.join("ui"));
        command
    }

    /// The workspace's members and what they declare, as `cargo metadata` gives it.
    pub(crate) fn metadata(&self) -> Result<serde_json::Value> {
        let answer = process::output(self.cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
        Ok(serde_json::from_str(&answer)?)
    }
}

fn cache() -> Result<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("XDG_CACHE_HOME")
        .or_else(|| folder("LOCALAPPDATA").filter(|_| cfg!(windows)))
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .map(|base| base.join("flightdeck"))
        .context("neither XDG_CACHE_HOME nor HOME is set, so there is no place for a cache")
}
