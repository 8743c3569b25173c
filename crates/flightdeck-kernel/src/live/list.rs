//! Which kernels run on this computer, and for which notebook.

use super::ask::{Live, LiveError};
use super::connection::{self, Connection};
use flightdeck_core::Cancel;
use serde::Deserialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Runtime folders fill up with files of kernels that died; only the newest are looked at.
const FILES: usize = 200;
const INTRODUCTION: Duration = Duration::from_secs(2);

/// Says where it works and for which notebook, without a name of its own: VS Code sets a variable in the namespace,
/// Jupyter's server one in the environment.
const WHO: &str = "__import__('json').dumps({'vscode': str(globals().get('__vsc_ipynb_file__') or ''), \
     'session': __import__('os').environ.get('JPY_SESSION_NAME', ''), 'cwd': __import__('os').getcwd()})";

/// What a live kernel is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be asked.
    Idle,
    /// It runs a cell.
    Busy,
    /// It has a pulse and answers nothing: an old kernel at work, or one with another key.
    Unreachable,
}

/// A kernel that somebody has open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveKernel {
    /// Out of the name of its connection file.
    pub id: String,
    /// The notebook's file name, else the working folder's, else the kernel's.
    pub name: String,
    /// The notebook, if the kernel says which.
    pub path: Option<PathBuf>,
    /// Where it works, if it was idle.
    pub folder: Option<PathBuf>,
    /// Its language; empty if it did not say.
    pub language: String,
    /// What it is doing.
    pub state: State,
    /// How to reach it.
    pub connection_file: PathBuf,
}

/// Kernels with a pulse, the newest first. Files of dead kernels are passed over. All are looked at together: it takes
/// milliseconds when all are idle, two seconds when one is busy, and six at most.
pub async fn list(folders: &[PathBuf]) -> Vec<LiveKernel> {
    let mut looks = JoinSet::new();
    for (place, file) in connection_files(folders).into_iter().enumerate() {
        looks.spawn(async move { Some((place, look(file).await?)) });
    }
    let mut found: Vec<(usize, LiveKernel)> = looks.join_all().await.into_iter().flatten().collect();
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, kernel)| kernel).collect()
}

/// The newest first, each once.
fn connection_files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut files: Vec<_> = entries
        .filter(|entry| kernel_id(&entry.path()).is_some() && seen.insert(entry.path().canonicalize().ok()))
        .map(|entry| (entry.metadata().and_then(|data| data.modified()).ok(), entry.path()))
        .collect();
    files.sort_by(|one, other| other.cmp(one));
    files.into_iter().take(FILES).map(|(_, path)| path).collect()
}

fn kernel_id(file: &Path) -> Option<String> {
    let stem = file.file_name()?.to_str()?.strip_suffix(".json")?;
    // VS Code names its files `kernel-v2-…`, and older versions of it without the dash.
    let rest = stem.strip_prefix("kernel")?;
    Some(rest.strip_prefix('-').unwrap_or(rest).to_owned())
}

async fn look(file: PathBuf) -> Option<LiveKernel> {
    let found = connection::read(&file)?;
    let mut live = match Live::connect(&found).await {
        Ok(live) => live,
        Err(LiveError::Gone) => return None,
        Err(_) => return Some(named(file, &found, (State::Unreachable, String::new()), None)),
    };
    let (state, language) = match live.mood().await {
        Ok(mood) => (if mood.is_idle { State::Idle } else { State::Busy }, mood.language),
        Err(_) => (State::Unreachable, String::new()),
    };
    let is_python = state == State::Idle && language.eq_ignore_ascii_case("python");
    let who = if is_python { introduction(&mut live).await } else { None };
    Some(named(file, &found, (state, language), who.as_ref()))
}

#[derive(Deserialize)]
struct Who {
    vscode: String,
    session: String,
    cwd: String,
}

async fn introduction(live: &mut Live) -> Option<Who> {
    let asking = Cancel::default();
    let text = timeout(INTRODUCTION, live.ask("", WHO, INTRODUCTION, &asking)).await.ok()?.ok()?;
    serde_json::from_str(&text).ok()
}

fn named(
    file: PathBuf,
    found: &Connection,
    (state, language): (State, String),
    who: Option<&Who>,
) -> LiveKernel {
    let folder =
        who.as_ref().map(|who| PathBuf::from(&who.cwd)).filter(|folder| !folder.as_os_str().is_empty());
    let said =
        who.as_ref().and_then(|who| [&who.vscode, &who.session].into_iter().find(|text| !text.is_empty()));
    let path = said.or(found.session.as_ref()).and_then(|text| notebook(Path::new(text), folder.as_deref()));
    let last = |path: Option<&PathBuf>| path?.file_name().map(|name| name.to_string_lossy().into_owned());
    let kernel = || found.info.kernel_name.clone().filter(|name| !name.is_empty());
    let name = last(path.as_ref()).or_else(|| last(folder.as_ref())).or_else(kernel);
    LiveKernel {
        id: kernel_id(&file).unwrap_or_default(),
        name: name.unwrap_or_else(|| "kernel".into()),
        path,
        folder,
        language,
        state,
        connection_file: file,
    }
}

/// A notebook's path. Jupyter's server names it from its own root, which is not known here; but a kernel starts in
/// the folder of its notebook.
fn notebook(said: &Path, folder: Option<&Path>) -> Option<PathBuf> {
    if said.is_absolute() {
        return Some(said.to_owned());
    }
    folder?
        .ancestors()
        .map(|above| above.join(said))
        .chain([folder?.join(said.file_name()?)])
        .find(|path| path.is_file())
}
