//! An environment of Flightdeck's own, for a notebook that has none. Built only when a person agreed to what it holds.

use super::child::{Bounds, python, run};
use super::pip::{Origin, Pip};
use super::places::{project, small_text};
use super::{EnvironmentError, Probe, Watch, probe, pyproject, requirements as lines_of};
use flightdeck_core::{Progress, Unit};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Written last: an environment without it was not finished. It holds what was asked for.
const MARK: &str = "flightdeck-environment.txt";
const BOUNDS: Bounds = Bounds { time: Duration::from_mins(2), output_bytes: 1 << 20, output_lines: true };

/// What a notebook needs, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirements {
    /// The file that says so; `None` when it was read off the imports.
    pub file: Option<PathBuf>,
    /// The lines for pip.
    pub lines: Vec<String>,
    /// Lines of the file that are not followed, since they would build or read the project itself.
    pub left_out: Vec<String>,
}

/// What to build.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The interpreter that it is made from.
    pub base: PathBuf,
    /// What goes into it; `ipykernel` is added.
    pub requirements: Requirements,
    /// Where the packages come from.
    pub origin: Origin,
}

/// What the notebook needs: `requirements.txt`, then `pyproject.toml`, from its folder up to the git root; then its
/// imports, as the probe saw them.
pub fn requirements(folder: &Path, probe: &Probe) -> Result<Requirements, EnvironmentError> {
    for place in project(folder) {
        let file = place.join("requirements.txt");
        if let Some(text) = small_text(&file) {
            let lines = lines_of::read(&text, place);
            return Ok(Requirements { file: Some(file), lines: lines.kept, left_out: lines.left_out });
        }
        let file = place.join("pyproject.toml");
        if let Some(text) = small_text(&file) {
            match pyproject::dependencies(&text) {
                Ok(lines) => return Ok(Requirements { file: Some(file), lines, left_out: Vec::new() }),
                // A file that only configures tools says nothing about packages.
                Err(_) if text.parse::<toml::Table>().is_ok() => {}
                Err(reason) => return Err(EnvironmentError::Requirements { path: file, reason }),
            }
        }
    }
    Ok(Requirements { file: None, lines: probe.requires.clone(), left_out: Vec::new() })
}

/// Builds it in `folder` and answers its interpreter. What was built before for the same lines is used again.
///
/// `folder` must be empty, missing, or an environment that was built here.
pub fn build(wanted: &Wanted, folder: &Path, watch: &mut Watch<'_>) -> Result<PathBuf, EnvironmentError> {
    let mark = folder.join(MARK);
    let content = wanted.requirements.lines.join("\n");
    let interpreter = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if interpreter.exists() && fs::read_to_string(&mark).is_ok_and(|own| own == content) {
        return Ok(interpreter);
    }
    clear(folder)?;
    let mut unfinished = Unfinished(Some(folder));
    (watch.progress)(Progress::new("create", 0, None, Unit::Steps));
    create(wanted, folder, watch)?;
    install(wanted, &interpreter, folder, watch)?;
    fs::write(&mark, content).map_err(|source| EnvironmentError::Write { path: mark, source })?;
    unfinished.0 = None;
    Ok(interpreter)
}

/// Removes what a person stopped or what failed.
struct Unfinished<'a>(Option<&'a Path>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(folder) = self.0 {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn clear(folder: &Path) -> Result<(), EnvironmentError> {
    let cannot = |source| EnvironmentError::Write { path: folder.to_owned(), source };
    let Ok(mut entries) = fs::read_dir(folder) else {
        return fs::create_dir_all(folder).map_err(cannot);
    };
    if entries.next().is_none() {
        return Ok(());
    }
    // Never a folder with anything else in it.
    if !folder.join("pyvenv.cfg").is_file() {
        return Err(cannot(std::io::ErrorKind::DirectoryNotEmpty.into()));
    }
    fs::remove_dir_all(folder).map_err(cannot)
}

fn create(wanted: &Wanted, folder: &Path, watch: &mut Watch<'_>) -> Result<(), EnvironmentError> {
    let mut command = python(&wanted.base);
    // Without pip: some systems ship a Python that cannot give its environments one.
    command.args(["-m", "venv", "--without-pip"]).arg(folder);
    let answer = run(command, Vec::new(), BOUNDS, (watch.cancel, &mut *watch.line))
        .map_err(|error| EnvironmentError::of_child(error, &wanted.base))?;
    if answer.status.success() {
        return Ok(());
    }
    Err(EnvironmentError::Failed {
        interpreter: wanted.base.clone(),
        tail: super::probe::last_line(&answer.tail),
    })
}

fn install(
    wanted: &Wanted,
    interpreter: &Path,
    folder: &Path,
    watch: &mut Watch<'_>,
) -> Result<(), EnvironmentError> {
    let own = probe(interpreter, &[], folder, watch.cancel)?;
    let mut origin = wanted.origin.clone();
    origin.others.insert(0, wanted.base.clone());
    let pip = Pip::for_interpreter(&own, &origin).ok_or(EnvironmentError::NoPip)?;
    let list = folder.join("requirements.txt");
    let text = format!("{}\nipykernel\n", wanted.requirements.lines.join("\n"));
    fs::write(&list, text).map_err(|source| EnvironmentError::Write { path: list.clone(), source })?;
    pip.install(&[OsString::from("-r"), list.into()], &origin, watch)
}
