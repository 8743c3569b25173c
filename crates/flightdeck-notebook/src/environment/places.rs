//! The places where environments usually lie, by the habits of venv, uv, conda, pyenv and poetry.

use super::pyproject;
use super::search::{Reason, Search, is_program};
use std::fs;
use std::path::{Path, PathBuf};

/// How a project's environment is called.
const NAMES: [&str; 3] = [".venv", "venv", "env"];
/// How far up is looked when no git root ends the way.
const UPWARDS: usize = 12;
/// A file that is longer is not what it is taken for.
const SMALL_BYTES: u64 = 1 << 20;

/// The folders from the notebook's up to the git root.
pub(super) fn project(folder: &Path) -> Vec<&Path> {
    let mut folders = Vec::new();
    for place in folder.ancestors().take(UPWARDS) {
        folders.push(place);
        if place.join(".git").exists() {
            return folders;
        }
    }
    folders
}

/// Environments beside the notebook and above it.
pub(super) fn beside(folder: &Path) -> Vec<(PathBuf, Reason)> {
    let mut found = Vec::new();
    for place in project(folder) {
        for name in NAMES {
            let prefix = place.join(name);
            if prefix.join("pyvenv.cfg").is_file() || prefix.join("conda-meta").is_dir() {
                let name = name.to_owned();
                let reason = if place == folder {
                    Reason::Beside { name }
                } else {
                    Reason::Above { name, folder: place.to_owned() }
                };
                found.push((prefix, reason));
            }
        }
    }
    found
}

/// What the project's files name, and what is on the path.
pub(super) fn elsewhere(search: &Search) -> Vec<(PathBuf, Reason)> {
    let mut found: Vec<(PathBuf, Reason)> = conda(search).into_iter().collect();
    found.extend(pyenv(search));
    found.extend(poetry(search));
    found.extend(on_path(search));
    found
}

/// Reads a small text file, when it is one.
pub(super) fn small_text(path: &Path) -> Option<String> {
    let facts = path.metadata().ok()?;
    (facts.is_file() && facts.len() <= SMALL_BYTES).then(|| fs::read_to_string(path).ok())?
}

fn first_in_project(search: &Search, names: &[&str]) -> Option<String> {
    let folders = project(&search.folder);
    folders
        .into_iter()
        .flat_map(|place| names.iter().map(move |name| place.join(name)))
        .find_map(|p| small_text(&p))
}

fn conda(search: &Search) -> Option<(PathBuf, Reason)> {
    let text = first_in_project(search, &["environment.yml", "environment.yaml"])?;
    let name =
        text.lines().find_map(|line| line.strip_prefix("name:"))?.trim().trim_matches(['"', '\'']).to_owned();
    let known = small_text(&search.home.join(".conda/environments.txt"))?;
    let prefix =
        known.lines().map(|line| PathBuf::from(line.trim())).find(|prefix| prefix.ends_with(&name))?;
    Some((search.interpreter_in(&prefix)?, Reason::Conda { name }))
}

fn pyenv(search: &Search) -> Option<(PathBuf, Reason)> {
    let text = first_in_project(search, &[".python-version"])?;
    let version =
        text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?.to_owned();
    // The name becomes part of a path.
    if version.contains(['/', '\\']) || version.starts_with('.') {
        return None;
    }
    let own = if search.windows { ".pyenv/pyenv-win" } else { ".pyenv" };
    let base =
        search.variable("PYENV_ROOT").map_or_else(|| search.home.join(own), PathBuf::from).join("versions");
    let exact = search.interpreter_in(&base.join(&version));
    let interpreter = exact.or_else(|| search.interpreter_in(&newest(&base, &format!("{version}."))?))?;
    Some((interpreter, Reason::Pyenv { version }))
}

/// `3.11` means the newest 3.11.x.
fn newest(base: &Path, start: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(base).ok()?.take(1000).flatten();
    let named = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(start));
    let patch = |name: &String| name[start.len()..].parse::<u32>().unwrap_or(0);
    named.max_by_key(patch).map(|name| base.join(name))
}

fn poetry(search: &Search) -> Option<(PathBuf, Reason)> {
    let project = pyproject::name(&first_in_project(search, &["pyproject.toml"])?)?;
    let base = search.variable("POETRY_CACHE_DIR").map(PathBuf::from).or_else(|| {
        let parts = if search.windows {
            PathBuf::from(search.variable("LOCALAPPDATA")?).join("pypoetry/Cache")
        } else if search.home.join("Library/Caches/pypoetry").is_dir() {
            search.home.join("Library/Caches/pypoetry")
        } else {
            search.home.join(".cache/pypoetry")
        };
        Some(parts)
    })?;
    let entries = fs::read_dir(base.join("virtualenvs")).ok()?.take(5000).flatten();
    // NAME-HASH-pyX.Y
    let belongs =
        |name: &String| name.rsplitn(3, '-').nth(2).is_some_and(|own| own.eq_ignore_ascii_case(&project));
    let mut names: Vec<String> =
        entries.filter_map(|e| e.file_name().into_string().ok()).filter(belongs).collect();
    names.sort();
    let name = names.pop()?;
    Some((search.interpreter_in(&base.join("virtualenvs").join(&name))?, Reason::Poetry { name }))
}

fn on_path(search: &Search) -> Vec<(PathBuf, Reason)> {
    let names: &[&str] = if search.windows { &["python.exe", "python3.exe"] } else { &["python3", "python"] };
    let path = search.variable("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> =
        path.split(if search.windows { ';' } else { ':' }).map(PathBuf::from).collect();
    let mut found = Vec::new();
    for name in names {
        for folder in folders.iter().filter(|folder| folder.is_absolute()) {
            let program = folder.join(name);
            if is_program(&program) {
                let name = name.trim_end_matches(".exe").to_owned();
                found.push((program, Reason::Path { name }));
            }
        }
    }
    found
}
