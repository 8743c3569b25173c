//! The application: one library, its history, its packages, its jobs.

use crate::host::Host;
use crate::jobs::{Job, Jobs};
use crate::views::JobView;
use crate::{Error, Result};
use flightdeck_core::{Clock, Digest, Timestamp};
use flightdeck_drift::Baseline;
use flightdeck_engine::client::{Worker, WorkerConfig};
use flightdeck_package::{Artifacts, BASELINE, Package};
use flightdeck_sqlite::{Act, Connection, Database};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything the use cases share. Clones share one library.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) library: PathBuf,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) history: Database,
    pub(crate) artifacts: Artifacts,
    pub(crate) jobs: Jobs,
    /// Baselines never change: each is read once.
    baselines: Mutex<HashMap<Digest, Option<Arc<Baseline>>>>,
    pub(crate) rates: crate::live::Rates,
    pub(crate) remotes: crate::remote::Remotes,
    pub(crate) watching: AtomicBool,
    /// One embedded runner is started at a time.
    pub(crate) starting: tokio::sync::Mutex<()>,
}

impl App {
    /// Opens the library in this folder, or creates it.
    pub fn open(library: &Path, host: Arc<dyn Host>) -> Result<Self> {
        if library.is_file() {
            let message = format!("{} is a file, not a folder", library.display());
            return Err(Error::input("library-unreachable", message, "Name a folder for the library"));
        }
        std::fs::create_dir_all(library).map_err(|error| {
            let hint = "Choose a folder that you may write to";
            Error::failed("library-unreachable", format!("Cannot use {}: {error}", library.display()), hint)
        })?;
        let library = library.canonicalize().unwrap_or_else(|_| library.into());
        let history = flightdeck_store::open(&library, Arc::new(HostClock(host.clone())))?;
        let artifacts = Artifacts::open(library.join("artifacts"))?;
        let jobs = Jobs::new(host.clone());
        let inner = Inner {
            library,
            host,
            history,
            artifacts,
            jobs,
            baselines: Mutex::default(),
            rates: crate::live::Rates::default(),
            remotes: crate::remote::Remotes::default(),
            watching: AtomicBool::new(false),
            starting: tokio::sync::Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where a library is when nobody says otherwise: `flightdeck` in the system's folder for application data.
    pub fn default_library() -> Result<PathBuf> {
        let folder = dirs::data_dir().ok_or_else(|| {
            Error::input(
                "no-home",
                "There is no home folder to keep a library in",
                "Name a folder with --library",
            )
        })?;
        Ok(folder.join("flightdeck"))
    }

    /// The folder of this library.
    pub fn library(&self) -> &Path {
        &self.inner.library
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.inner.host.now()
    }

    /// Starts long work and answers its id.
    pub fn start_job<F, R>(&self, title: impl Into<String>, work: impl FnOnce(Job) -> F) -> u32
    where
        F: Future<Output = Result<R>> + Send + 'static,
        R: serde::Serialize + Send + 'static,
    {
        self.inner.jobs.start(title.into(), work)
    }

    /// The jobs of this process, newest first.
    pub fn jobs(&self) -> Vec<JobView> {
        self.inner.jobs.list()
    }

    /// Asks a job to stop.
    pub fn cancel_job(&self, id: u32) {
        self.inner.jobs.cancel(id);
    }

    /// What a job made, once; the same document as `--json` of the command prints.
    pub fn job_result(&self, id: u32) -> Option<serde_json::Value> {
        self.inner.jobs.take_result(id)
    }

    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> flightdeck_sqlite::Result<T>,
    ) -> Result<T> {
        Ok(self.inner.history.read(work)?)
    }

    /// Every changing use case goes through here: the change and its audit row are one transaction.
    pub(crate) fn act<T>(
        &self,
        action: &str,
        object: &str,
        work: impl FnOnce(&Act<'_>) -> flightdeck_sqlite::Result<T>,
    ) -> Result<T> {
        Ok(self.inner.history.act(&actor(), action, object, work)?)
    }

    pub(crate) fn package(&self, digest: &Digest) -> Result<Package> {
        Ok(self.inner.artifacts.package(digest)?)
    }

    /// The baseline of a version, when it has one.
    pub(crate) fn baseline(&self, digest: &Digest) -> Result<Option<Arc<Baseline>>> {
        let mut known = self.inner.baselines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(baseline) = known.get(digest) {
            return Ok(baseline.clone());
        }
        let package = self.package(digest)?;
        let baseline = match package.entry(BASELINE) {
            Some(_) => Some(Arc::new(package.read(BASELINE)?)),
            None => None,
        };
        known.insert(*digest, baseline.clone());
        Ok(baseline)
    }

    pub(crate) fn worker() -> Result<Worker> {
        Ok(Worker::new(WorkerConfig::locate()?))
    }
}

/// Who acts: the person at this computer, until identities with keys exist.
fn actor() -> String {
    let name = std::env::var("USER").or_else(|_| std::env::var("USERNAME")).unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    format!("local:{}", if name.is_empty() { "user" } else { &name })
}

struct HostClock(Arc<dyn Host>);

impl Clock for HostClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}
