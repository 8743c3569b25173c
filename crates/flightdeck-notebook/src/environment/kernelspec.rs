//! The kernels that Jupyter knows by name, read from its data folders; no program of Jupyter is needed.

use super::places::small_text;
use super::search::{Search, is_program};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// A kernel whose interpreter is on the disk.
pub(super) struct Kernel {
    pub(super) name: String,
    pub(super) interpreter: PathBuf,
}

#[derive(Deserialize)]
struct Spec {
    #[serde(default)]
    argv: Vec<String>,
    #[serde(default)]
    language: Option<String>,
}

/// Every kernel of this name, in Jupyter's own order.
pub(super) fn named(name: &str, search: &Search) -> Vec<Kernel> {
    // The name becomes part of a path, and comes from the notebook.
    if name.is_empty()
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || "._- ".contains(c))
        || name.starts_with('.')
    {
        return Vec::new();
    }
    data_folders(search)
        .iter()
        .filter_map(|folder| in_any_case(&folder.join("kernels"), name))
        .filter_map(|spec| interpreter(&spec, search))
        .map(|interpreter| Kernel { name: name.to_owned(), interpreter })
        .collect()
}

/// Jupyter lower-cases the names of kernels; the folder may not be.
fn in_any_case(kernels: &Path, name: &str) -> Option<PathBuf> {
    let exact = kernels.join(name);
    if exact.is_dir() {
        return Some(exact);
    }
    let entries = fs::read_dir(kernels).ok()?.take(1000).flatten();
    let mut same =
        entries.filter(|entry| entry.file_name().to_str().is_some_and(|own| own.eq_ignore_ascii_case(name)));
    same.next().map(|entry| entry.path())
}

fn data_folders(search: &Search) -> Vec<PathBuf> {
    let separator = if search.windows { ';' } else { ':' };
    let listed = search.variable("JUPYTER_PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> =
        listed.split(separator).filter(|p| !p.is_empty()).map(PathBuf::from).collect();
    if let Some(folder) = search.variable("JUPYTER_DATA_DIR") {
        folders.push(folder.into());
    } else if let Some(folder) = search.variable("APPDATA").filter(|_| search.windows) {
        folders.push(Path::new(folder).join("jupyter"));
    } else {
        folders.push(search.home.join("Library/Jupyter"));
        let data =
            search.variable("XDG_DATA_HOME").map_or_else(|| search.home.join(".local/share"), PathBuf::from);
        folders.push(data.join("jupyter"));
    }
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        folders.extend(search.variable(variable).map(|prefix| Path::new(prefix).join("share/jupyter")));
    }
    folders.extend(search.shared_data.iter().cloned());
    folders
}

/// The interpreter of a kernel; a name without one on the disk is no match.
fn interpreter(folder: &Path, search: &Search) -> Option<PathBuf> {
    let text = small_text(&folder.join("kernel.json"))?;
    let spec: Spec = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    if spec.language.is_some_and(|language| !language.eq_ignore_ascii_case("python")) {
        return None;
    }
    let program = PathBuf::from(spec.argv.first()?);
    let name = program.file_stem()?.to_str()?;
    if !(name.starts_with("python") || name.starts_with("pypy")) {
        return None;
    }
    if program.is_absolute() {
        return is_program(&program).then_some(program);
    }
    // A bare `python` is the one of the environment that the kernel lies in: PREFIX/share/jupyter/kernels/NAME.
    let prefix = folder.ancestors().nth(4)?;
    search.interpreter_in(prefix)
}
