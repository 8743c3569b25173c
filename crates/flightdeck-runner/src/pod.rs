//! A predictor in a cluster: one model, brought by the cluster in a read-only folder, and nothing that could be changed.
//!
//! The folder holds a package as the library keeps it, or an ONNX file; either may stand alone in a folder of its own
//! inside. An ONNX file is served without a baseline: nobody said what its columns should look like.

use crate::app::App;
use crate::config::Pod;
use crate::control::blocking;
use crate::deploy;
use crate::problem::Problem;
use flightdeck_core::{Digest, Principal, TrafficPolicy};
use flightdeck_onnx::{Inspection, Limits, Refusal, inspect};
use flightdeck_package::{Artifacts, MANIFEST, MANIFEST_FORMAT, MODEL, Manifest, PackageError, SIGNATURE};
use flightdeck_protocol::{EndpointDesired, Serving, Telemetry};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Files of a package, and how deep they may lie.
const MOST_FILES: usize = 1000;
const DEEPEST: usize = 8;
/// The window of an endpoint that nobody configured.
const WINDOW_SECONDS: u32 = 60;

/// Why a predictor does not start.
#[derive(Debug, Error)]
pub(crate) enum PodError {
    #[error("cannot read the folder {}: {source}", .path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} holds neither a package nor exactly one .onnx file", .0.display())]
    Nothing(PathBuf),
    #[error("{} holds more files than a package may", .0.display())]
    TooMany(PathBuf),
    #[error("the model is not served: {0}")]
    Refused(#[from] Refusal),
    #[error("{error}. {}", .error.hint())]
    Package { error: PackageError },
    #[error("the model is not served: {0}")]
    Model(String),
}

impl From<PackageError> for PodError {
    fn from(error: PackageError) -> Self {
        Self::Package { error }
    }
}

impl From<Problem> for PodError {
    fn from(problem: Problem) -> Self {
        Self::Model(problem.message)
    }
}

/// Loads the model and warms it. What an earlier start left behind under other names is taken away.
pub(crate) async fn load(app: &Arc<App>, pod: &Pod) -> Result<(), PodError> {
    let (artifacts, models) = (app.artifacts.clone(), pod.models.clone());
    let staged = blocking(move || Ok(stage(&artifacts, &models))).await?;
    let champion = staged?;
    let cluster = Principal::Key("pod".into());
    for stale in app.endpoints.all().iter().filter(|endpoint| endpoint.name != pod.name) {
        deploy::remove(app, &cluster, &stale.name).await?;
    }
    let desired = EndpointDesired {
        policy: TrafficPolicy::champion(champion),
        window_seconds: WINDOW_SECONDS,
        replay: false,
        serving: Serving::default(),
        telemetry: Telemetry::default(),
    };
    deploy::put(app, &cluster, pod.name.clone(), desired).await?;
    Ok(())
}

/// The package of what lies in the folder.
fn stage(artifacts: &Artifacts, models: &Path) -> Result<Digest, PodError> {
    let here = list(models)?;
    if let Some(found) = stage_from(artifacts, models, &here)? {
        return Ok(found);
    }
    let folders: Vec<&PathBuf> = here.iter().filter(|path| path.is_dir()).collect();
    let inside = match folders[..] {
        [folder] => stage_from(artifacts, folder, &list(folder)?)?,
        _ => None,
    };
    inside.ok_or_else(|| PodError::Nothing(models.into()))
}

fn stage_from(artifacts: &Artifacts, folder: &Path, files: &[PathBuf]) -> Result<Option<Digest>, PodError> {
    if folder.join(MANIFEST).is_file() {
        return copy(artifacts, folder).map(Some);
    }
    let is_model = |path: &&PathBuf| path.is_file() && path.extension().is_some_and(|end| end == "onnx");
    let models: Vec<&PathBuf> = files.iter().filter(is_model).collect();
    match models[..] {
        [model] => wrap(artifacts, model).map(Some),
        _ => Ok(None),
    }
}

fn copy(artifacts: &Artifacts, folder: &Path) -> Result<Digest, PodError> {
    let mut files = Vec::new();
    collect(folder, DEEPEST, &mut files)?;
    let mut staging = artifacts.stage()?;
    for file in &files {
        let Ok(inside) = file.strip_prefix(folder) else { continue };
        staging.copy(&inside.to_string_lossy(), file, &mut |_| {})?;
    }
    Ok(staging.finish(None)?.root)
}

/// A package of a file: the model as it would be imported, and what it says of itself.
fn wrap(artifacts: &Artifacts, model: &Path) -> Result<Digest, PodError> {
    let Inspection { facts, signature, model, external, .. } = inspect(model, &Limits::default())?;
    let facts = serde_json::to_value(&facts).map_err(|error| PodError::Model(error.to_string()))?;
    let mut staging = artifacts.stage()?;
    staging.write_json(MANIFEST, &Manifest { format: MANIFEST_FORMAT, model: MODEL.into(), facts })?;
    staging.write(MODEL, &model)?;
    staging.write_json(SIGNATURE, &signature)?;
    for file in &external {
        staging.copy(&file.location, &file.source, &mut |_| {})?;
    }
    Ok(staging.finish(None)?.root)
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), PodError> {
    for path in list(folder)? {
        if path.is_dir() && depth > 0 {
            collect(&path, depth - 1, files)?;
        } else {
            files.push(path);
        }
        if files.len() > MOST_FILES {
            return Err(PodError::TooMany(folder.into()));
        }
    }
    Ok(())
}

/// What lies there, without what a cluster keeps for itself under names with a dot.
fn list(folder: &Path) -> Result<Vec<PathBuf>, PodError> {
    let failed = |source| PodError::Folder { path: folder.into(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}
