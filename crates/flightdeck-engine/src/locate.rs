//! Where the parts of an installation lie: the runner's program and ONNX Runtime's library.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The version of ONNX Runtime that everything is tried with.
const VERSION: &str = "1.32.0";

/// A part of the installation is not where it should be.
#[derive(Debug, Error)]
#[error("{part} was not found; looked at {}", tried(.looked_at))]
pub struct MissingPart {
    /// What it is.
    pub part: &'static str,
    /// Where it was looked for, in that order.
    pub looked_at: Vec<PathBuf>,
}

impl MissingPart {
    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        "Install Flightdeck again, or run `cargo xtask setup` in a source folder"
    }
}

fn tried(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The program `flightdeck-runner`: `FLIGHTDECK_RUNNER`, else beside this executable, else beside the folder that a test's
/// executable lies in, else in the bundle's resources.
pub fn runner() -> Result<PathBuf, MissingPart> {
    let name = format!("flightdeck-runner{}", env::consts::EXE_SUFFIX);
    let mut places = Vec::new();
    if let Some(folder) = executable_folder() {
        places.push(folder.join(&name));
        if let Some(outside) =
            folder.parent().filter(|_| folder.ends_with("deps") || folder.ends_with("examples"))
        {
            places.push(outside.join(&name));
        }
        places.extend(resources(&folder).map(|resources| resources.join(&name)));
    }
    pick("the runner (flightdeck-runner)", env::var_os("FLIGHTDECK_RUNNER"), places)
}

/// ONNX Runtime's library: `FLIGHTDECK_ONNXRUNTIME`, else beside this executable, else in the bundle's resources, else in
/// the cache that `cargo xtask setup` fills.
pub fn library() -> Result<PathBuf, MissingPart> {
    let name = library_name();
    let mut places = Vec::new();
    if let Some(folder) = executable_folder() {
        places.push(folder.join(name));
        places.extend(resources(&folder).map(|resources| resources.join(name)));
    }
    places.extend(cache().map(|cache| cache.join("flightdeck").join("onnxruntime").join(VERSION).join(name)));
    pick("ONNX Runtime", env::var_os("FLIGHTDECK_ONNXRUNTIME"), places)
}

const fn library_name() -> &'static str {
    if cfg!(target_os = "windows") {
        "onnxruntime.dll"
    } else if cfg!(target_os = "macos") {
        "libonnxruntime.dylib"
    } else {
        "libonnxruntime.so"
    }
}

/// A stated path is the only place looked at: who names one wants that one.
fn pick(part: &'static str, stated: Option<OsString>, places: Vec<PathBuf>) -> Result<PathBuf, MissingPart> {
    let looked_at = match stated.filter(|path| !path.is_empty()) {
        Some(path) => vec![PathBuf::from(path)],
        None => places,
    };
    match looked_at.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(MissingPart { part, looked_at }),
    }
}

fn executable_folder() -> Option<PathBuf> {
    env::current_exe().ok()?.parent().map(Path::to_path_buf)
}

/// The folders that installers put further files into.
fn resources(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let outside = folder.parent().unwrap_or(folder);
    [outside.join("Resources"), outside.join("lib").join("flightdeck"), folder.join("resources")].into_iter()
}

fn cache() -> Option<PathBuf> {
    let stated = env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    stated.or_else(|| env::home_dir().map(|home| home.join(".cache")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stated_path_is_the_only_one_looked_at() {
        let here = env::current_exe().unwrap();
        let found = pick("x", Some(here.clone().into()), vec![]).unwrap();
        assert_eq!(found, here);
        let error = pick("the part", Some("/nowhere/x".into()), vec![here.clone()]).unwrap_err();
        assert_eq!(error.to_string(), "the part was not found; looked at /nowhere/x");
        assert_eq!(pick("x", Some(OsString::new()), vec!["/nowhere".into(), here.clone()]).unwrap(), here);
    }
}
