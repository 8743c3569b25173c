//! A model of an `MLflow` registry, named as `models:/name@alias` or `models:/name/3`: fetched, then imported like a folder.
//!
//! The tracking server and who asks it are `MLflow`'s own settings, read from its environment variables and kept nowhere.

use crate::jobs::Job;
use crate::notebook::scratch;
use crate::{App, Error, Kind, Result};
use flightdeck_core::{Progress, Unit};
use flightdeck_formats::Limits;
use flightdeck_formats::mlflow::registry::{Access, Address, Reference, Registry, RegistryError, Watch};
use std::path::{Path, PathBuf};

/// What the address of a registered model begins with.
const SCHEME: &str = "models:/";

/// A model that was fetched: its folder, which lives as long as this.
pub(super) struct Fetched {
    pub(super) folder: PathBuf,
    /// `name version 3`: what stands for the file's name.
    pub(super) source: String,
    /// The registered name.
    pub(super) name: String,
    _held: tempfile::TempDir,
}

/// The registered model that a path names, if it names one.
pub(super) fn named(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    // A shell or a path type may have folded slashes.
    text.starts_with(SCHEME).then(|| text.to_owned())
}

impl App {
    pub(super) async fn fetch(&self, named: &str, job: &Job) -> Result<Fetched> {
        let reference: Reference = named.parse().map_err(|error: RegistryError| refused(&error))?;
        let registry =
            Registry::new(server()?, access(), Limits::default()).map_err(|error| refused(&error))?;
        job.report(Progress::new("fetch", 0, None, Unit::Bytes));
        let version = registry.find(&reference, &job.cancel).await.map_err(|error| refused(&error))?;
        let held = scratch()?;
        let into = held.path().join("model");
        let mut progress = |progress: Progress| job.report(Progress { stage: "fetch".into(), ..progress });
        let watch = Watch { cancel: &job.cancel, progress: &mut progress };
        let folder = registry.download(&version, &into, watch).await.map_err(|error| refused(&error))?;
        let source = format!("{} version {}", version.model, version.version);
        Ok(Fetched { folder, source, name: version.model, _held: held })
    }
}

fn server() -> Result<Address> {
    let named = std::env::var("MLFLOW_TRACKING_URI").unwrap_or_default();
    if named.is_empty() {
        return Err(Error::input(
            "registry-address",
            "The tracking server of the registry is not named",
            "Set MLFLOW_TRACKING_URI to its address",
        ));
    }
    named.parse().map_err(|error: RegistryError| refused(&error))
}

fn access() -> Access {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (variable("MLFLOW_TRACKING_TOKEN"), variable("MLFLOW_TRACKING_USERNAME")) {
        (Some(token), _) => Access::Token(token),
        (None, Some(user)) => {
            Access::Password { user, password: variable("MLFLOW_TRACKING_PASSWORD").unwrap_or_default() }
        }
        (None, None) => Access::Open,
    }
}

fn refused(error: &RegistryError) -> Error {
    match error.code() {
        "cancelled" => Error::cancelled(),
        code => {
            let text = error.to_string();
            Error::new(Kind::Failed, code.to_owned(), crate::notebook::capital(&text), error.hint())
        }
    }
}
