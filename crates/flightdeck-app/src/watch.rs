//! Files whose changes become versions by themselves: a saved notebook, an exported model.
//!
//! Every save of a notebook rewrites its outputs: only a change of its *code* counts. Only the file itself is watched, so
//! that a notebook which writes beside itself does not start an endless round. Changes are taken in one after another.

use crate::import::{digest_of, file_name};
use crate::jobs::Job;
use crate::views::{Corrections, DeployRequest, ImportView, WatchView};
use crate::{App, Error, Kind, Result};
use flightdeck_core::{Digest, Finding, Name, Severity};
use flightdeck_notebook::document;
use flightdeck_sqlite::Act;
use flightdeck_store::endpoint::{self, EndpointRecord};
use flightdeck_store::version::{self, VersionRecord};
use flightdeck_store::watch::{self, WatchRecord};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A file is looked at when it has been still for so long: editors write in several steps.
const STILL: Duration = Duration::from_millis(700);
/// How often the list of watched files is looked at.
const LIST: Duration = Duration::from_secs(1);

impl App {
    /// All watched files.
    pub fn watches(&self) -> Result<Vec<WatchView>> {
        Ok(self.read(watch::all)?.iter().map(view).collect())
    }

    /// Says whether changes of a model's file become versions, and what then happens with them.
    pub fn set_watch(&self, model: &Name, on: bool, profile: bool, shadow: bool) -> Result<WatchView> {
        let known = self.read(|c| watch::find(c, model))?.ok_or_else(|| {
            let message = format!("{model} does not come from a file that could be watched");
            Error::input("not-watchable", message, "Import a notebook or a model's file")
        })?;
        let record = WatchRecord { enabled: on, profile, shadow, ..known };
        self.act("watch", model.as_str(), |act| {
            act.note("enabled", if on { "yes" } else { "no" });
            watch::put(act, &record)
        })?;
        Ok(view(&record))
    }

    pub(crate) fn watch_of(&self, model: &Name) -> Result<Option<WatchView>> {
        Ok(self.read(|c| watch::find(c, model))?.as_ref().map(view))
    }

    /// Remembers where a version came from, so that its changes can be watched. A notebook is watched from now on unless
    /// the person said otherwise before; other files are when they are asked for.
    pub(crate) fn note_watch(
        &self,
        view: &ImportView,
        path: &Path,
        seen: Digest,
        corrections: &Corrections,
    ) -> Result<()> {
        let path = path.canonicalize().unwrap_or_else(|_| path.into());
        if !path.is_file() {
            return Ok(());
        }
        let known = self.read(|c| watch::find(c, &view.model))?;
        let known = known.filter(|known| Path::new(&known.path) == path);
        let notebook = is_notebook(&path);
        // What was allowed once is not allowed for ever.
        let corrections = Corrections {
            name: Some(view.model.clone()),
            // Files that were found elsewhere are remembered with their folder.
            files: Vec::new(),
            network: false,
            consent: false,
            build_environment: false,
            ..corrections.clone()
        };
        let record = WatchRecord {
            model: view.model.clone(),
            path: path.display().to_string(),
            enabled: known.as_ref().map_or(notebook, |known| known.enabled),
            profile: known.as_ref().is_none_or(|known| known.profile),
            shadow: known.as_ref().is_none_or(|known| known.shadow),
            seen,
            seen_at: self.now(),
            corrections: serde_json::to_string(&corrections).unwrap_or_else(|_| "{}".into()),
            problem: None,
        };
        self.inner.history.record(|act| watch::put(act, &record))?;
        Ok(())
    }

    /// Takes in changes of watched files until it is dropped. `told` hears what became of each.
    pub async fn keep_watching(&self, told: impl Fn(Result<ImportView>)) -> Result<()> {
        let (changes, mut changed) = unbounded_channel();
        let mut watched = Watched::new(changes)?;
        let mut tick = tokio::time::interval(LIST);
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    let list = self.read(watch::all).unwrap_or_else(|error| noted(&error));
                    for new in watched.follow(&list) {
                        self.take_in(&new, &told).await.unwrap_or_else(|error| noted(&error));
                    }
                }
                Some(path) = changed.recv() => {
                    let mut paths = BTreeSet::from([path]);
                    still(&mut changed, &mut paths).await;
                    for path in paths {
                        self.take_in(&path, &told).await.unwrap_or_else(|error| noted(&error));
                    }
                }
            }
        }
    }

    /// Makes a version of a watched file when what counts in it is not what was seen last.
    async fn take_in(&self, path: &Path, told: &impl Fn(Result<ImportView>)) -> Result<()> {
        let all = self.read(watch::all)?;
        for record in all.into_iter().filter(|record| record.enabled && Path::new(&record.path) == path) {
            // A file that is gone or half-written now comes back with another change.
            let Ok(now) = content(path) else { continue };
            // Whoever claims the change takes it in: another window or command line may be watching, too.
            let claim = |act: &Act<'_>| watch::claim(act, &record.model, &record.seen, &now);
            if now == record.seen || !self.inner.history.record(claim)? {
                continue;
            }
            let outcome = self.new_version(&record, path).await;
            self.note_taken(&record, now, outcome.as_ref().err())?;
            told(outcome);
        }
        Ok(())
    }

    /// In a job of its own, so that the window shows it like any other import.
    async fn new_version(&self, record: &WatchRecord, path: &Path) -> Result<ImportView> {
        let corrections: Corrections = serde_json::from_str(&record.corrections).unwrap_or_default();
        let corrections = Corrections { lenient: true, ..corrections };
        let (app, record, path) = (self.clone(), record.clone(), path.to_owned());
        let (answer, done) = tokio::sync::oneshot::channel();
        self.start_job(format!("Import the changed {}", file_name(&path)), |job| async move {
            let outcome = app.import_and_follow(&record, &path, corrections, &job).await;
            let failed = outcome.as_ref().map(|view| view.version).map_err(Clone::clone);
            drop(answer.send(outcome));
            failed
        });
        done.await.map_err(|error| Error::failed("internal", error.to_string(), "Report this as a bug"))?
    }

    async fn import_and_follow(
        &self,
        record: &WatchRecord,
        path: &Path,
        corrections: Corrections,
        job: &Job,
    ) -> Result<ImportView> {
        let imported = self.import(&[path.into()], corrections, job).await?;
        let blocking = imported.findings.iter().any(|finding| finding.severity == Severity::Blocking);
        if imported.already || blocking {
            return Ok(imported);
        }
        if record.profile {
            self.profile(&imported.model, Some(imported.version), job).await?;
        }
        if record.shadow {
            for endpoint in self.endpoints_of(&imported)? {
                let request = DeployRequest {
                    model: imported.model.clone(),
                    version: Some(imported.version),
                    runner: endpoint.runner,
                    endpoint: Some(endpoint.endpoint),
                    window_seconds: None,
                    shadow: true,
                    canary: None,
                    serving: None,
                    replay: endpoint.replay,
                    step: None,
                };
                self.deploy(&request, job).await?;
            }
        }
        Ok(imported)
    }

    /// Where another version of the model answers. Two models can share a version's bytes: then it is the model that the
    /// endpoint is named after.
    fn endpoints_of(&self, imported: &ImportView) -> Result<Vec<EndpointRecord>> {
        let (own, others): (Vec<_>, Vec<_>) =
            self.read(version::all)?.into_iter().partition(|version| version.model == imported.model);
        let is_ours = |endpoint: &EndpointRecord| {
            let answers = |version: &VersionRecord| version.digest == endpoint.digest;
            let shared = others.iter().any(answers) && endpoint.endpoint != imported.model;
            endpoint.digest != imported.digest && own.iter().any(answers) && !shared
        };
        Ok(self.read(endpoint::all)?.into_iter().filter(is_ours).collect())
    }

    fn note_taken(&self, record: &WatchRecord, seen: Digest, error: Option<&Error>) -> Result<()> {
        let problem = error.filter(|error| error.kind != Kind::Cancelled).map(|error| {
            let code = error.code.as_ref();
            Finding::new(code, Severity::Warning, error.message.clone(), error.hint.clone())
        });
        // The import has written its own record; only what it could not know is added.
        let record = self.read(|c| watch::find(c, &record.model))?.unwrap_or_else(|| record.clone());
        let record = WatchRecord { seen, seen_at: self.now(), problem, ..record };
        self.inner.history.record(|act| watch::put(act, &record))?;
        Ok(())
    }
}

/// A library that is busy now is asked again with the next change.
fn noted<T: Default>(error: &Error) -> T {
    tracing::warn!(%error, "a watched file was not taken in");
    T::default()
}

fn view(record: &WatchRecord) -> WatchView {
    WatchView {
        model: record.model.clone(),
        path: record.path.clone(),
        on: record.enabled,
        profile: record.profile,
        shadow: record.shadow,
        last: Some(record.seen_at),
        problem: record.problem.clone(),
    }
}

fn is_notebook(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("ipynb"))
}

/// What counts in a file: the code of a notebook, the bytes of anything else.
fn content(path: &Path) -> Result<Digest> {
    if !is_notebook(path) {
        return digest_of(path);
    }
    document::read(path, &document::Limits::default())
        .map(|notebook| notebook.code_digest)
        .map_err(|error| Error::input(error.code(), error.to_string(), error.hint()))
}

/// Collects changes until there was none for a while.
async fn still(changed: &mut UnboundedReceiver<PathBuf>, paths: &mut BTreeSet<PathBuf>) {
    while let Ok(Some(path)) = tokio::time::timeout(STILL, changed.recv()).await {
        paths.insert(path);
    }
}

/// The system's watcher, and what it watches.
struct Watched {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
}

impl Watched {
    fn new(changes: UnboundedSender<PathBuf>) -> Result<Self> {
        let heard = move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if !event.kind.is_access() {
                for path in event.paths {
                    drop(changes.send(path));
                }
            }
        };
        let watcher = notify::recommended_watcher(heard).map_err(|error| {
            Error::failed(
                "watch-failed",
                format!("Files cannot be watched: {error}"),
                "Import changes by hand",
            )
        })?;
        Ok(Self { watcher, folders: BTreeSet::new(), files: BTreeSet::new() })
    }

    /// Watches what is in the list, and answers what is new in it: that may have changed while nobody looked. Folders are
    /// watched, because editors put a new file in the place of the old one.
    fn follow(&mut self, list: &[WatchRecord]) -> Vec<PathBuf> {
        let files: BTreeSet<PathBuf> =
            list.iter().filter(|record| record.enabled).map(|record| PathBuf::from(&record.path)).collect();
        let folders: BTreeSet<PathBuf> =
            files.iter().filter_map(|file| file.parent()).map(Path::to_path_buf).collect();
        for gone in self.folders.difference(&folders) {
            let _ = self.watcher.unwatch(gone);
        }
        for new in folders.difference(&self.folders) {
            if let Err(error) = self.watcher.watch(new, RecursiveMode::NonRecursive) {
                tracing::warn!(%error, "a folder cannot be watched");
            }
        }
        self.folders = folders;
        let new = files.difference(&self.files).cloned().collect();
        self.files = files;
        new
    }
}
