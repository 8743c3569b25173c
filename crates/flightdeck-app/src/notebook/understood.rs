//! What a notebook needs to run, found before anything of it runs: its cells, the interpreter and why it is that one,
//! what is missing, and what the model does not need.

use super::origin::Numbers;
use super::run::title;
use super::{git, network};
use crate::import::{file_name, on_a_thread};
use crate::views::{
    CellRecord, CellState, CellView, Corrections, EnvironmentView, GitView, ImportPlan, MissingFileView,
    MissingPackage, NotebookPlan, OriginView,
};
use crate::{App, Error, Kind, Result};
use flightdeck_core::{Cancel, Finding, Name, Severity};
use flightdeck_notebook::analysis::{self, MissingFile};
use flightdeck_notebook::document::{self, CellKind, Limits, Notebook, NotebookError};
use flightdeck_notebook::environment::{self, EnvironmentError, Found, Missing, Probe, Reason, Search};
use flightdeck_store::{choice, version};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Packages whose versions decide how a model behaves: shown beside an environment.
const SHOWN: [&str; 7] = ["scikit-learn", "numpy", "pandas", "xgboost", "lightgbm", "catboost", "torch"];
/// Modules that map far more memory than they use.
const MAPS_MUCH: [&str; 4] = ["torch", "tensorflow", "jax", "keras"];

/// A notebook, read, and what it needs.
pub(crate) struct Understood {
    pub(crate) path: PathBuf,
    pub(crate) notebook: Notebook,
    pub(crate) environments: Vec<Found>,
    /// The interpreter that will run it.
    pub(crate) probe: Option<Probe>,
    /// Why the first of them cannot be asked.
    problem: Option<Error>,
    missing_files: Vec<MissingFile>,
    pub(crate) findings: Vec<Finding>,
    git: Option<GitView>,
    network_blocked: bool,
}

impl App {
    /// What the notebook would take. Nothing of it is run.
    pub(crate) async fn plan_notebook(&self, path: &Path, corrections: &Corrections) -> Result<ImportPlan> {
        let understood = self.understand(path, corrections).await?;
        let name = understood.name(corrections);
        let known = self.read(version::all)?;
        let code = understood.notebook.code_digest;
        let already = known.iter().find(|known| known.model == name && known.original == code);
        Ok(ImportPlan {
            file: file_name(path),
            name,
            signature: None,
            notebook: Some(understood.plan(corrections)),
            consent: None,
            baseline: None,
            findings: understood.findings.clone(),
            already: already.map(|known| known.version),
        })
    }

    pub(crate) async fn understand(&self, path: &Path, corrections: &Corrections) -> Result<Understood> {
        let path = path.canonicalize().unwrap_or_else(|_| path.into());
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        let remembered = self.read(|c| choice::find(c, &folder.display().to_string(), choice::PYTHON))?;
        let home = dirs::home_dir().unwrap_or_else(|| folder.clone());
        let mut search = Search::here(&folder, &home);
        search.python = corrections.python.as_ref().map(PathBuf::from);
        search.remembered = remembered.map(PathBuf::from);
        on_a_thread(move || understand_now(path, search)).await
    }

    /// Remembers what was chosen for a folder, so that it is asked once.
    pub(crate) fn remember_choices(&self, path: &Path, corrections: &Corrections) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new(".")).display().to_string();
        let python = corrections.python.as_ref().map(|python| (choice::PYTHON, python));
        let files = corrections.files.iter().map(|(written, file)| (written.as_str(), file));
        let choices: Vec<(&str, &String)> = python.into_iter().chain(files).collect();
        if choices.is_empty() {
            return Ok(());
        }
        self.act("remember-choices", &file_name(path), |act| {
            choices.iter().try_for_each(|(what, answer)| choice::put(act, &folder, what, answer))
        })
    }

    /// Corrections with what was answered before for this folder, and with files named by their place in the list that
    /// was offered.
    pub(crate) fn with_remembered(
        &self,
        understood: &Understood,
        corrections: &Corrections,
    ) -> Result<Corrections> {
        let mut all = corrections.clone();
        for (written, file) in &mut all.files {
            let Some(place) = file.strip_prefix("found:") else { continue };
            let offered = understood.missing_files.iter().find(|missing| missing.path == *written);
            let place: Option<usize> = place.parse().ok();
            let found = offered.zip(place).and_then(|(missing, place)| missing.found.get(place)).ok_or_else(
                || {
                    Error::input(
                        "files-forgotten",
                        format!("{written} was not offered there"),
                        "Choose the file again",
                    )
                },
            )?;
            *file = found.display().to_string();
        }
        let folder = understood.folder().display().to_string();
        for missing in &understood.missing_files {
            let answered = all.files.iter().any(|(written, _)| *written == missing.path);
            let known = self.read(|c| choice::find(c, &folder, &missing.path))?;
            if let Some(known) = known.filter(|known| !answered && Path::new(known).is_file()) {
                all.files.push((missing.path.clone(), known));
            }
        }
        Ok(all)
    }
}

fn understand_now(path: PathBuf, mut search: Search) -> Result<Understood> {
    let notebook = document::read(&path, &Limits::default()).map_err(|error| unreadable(&error, &path))?;
    search.kernel = notebook.kernel.as_ref().map(|kernel| kernel.name.clone());
    let environments = if notebook.is_python() { environment::find(&search) } else { Vec::new() };
    let cells: Vec<(usize, &str)> = notebook.code().map(|cell| (cell.index, cell.source.as_str())).collect();
    let folder = path.parent().unwrap_or(Path::new("."));
    let (probe, problem) = first_that_answers(&environments, &cells, folder);
    let downloads = dirs::download_dir();
    let missing_files = probe
        .as_ref()
        .map_or_else(Vec::new, |probe| analysis::find_missing(&probe.analysis, folder, downloads.as_deref()));
    let mut findings: Vec<Finding> = document::secrets(&notebook);
    findings.extend(analysis::obstacle(&notebook, probe.as_ref().map(|probe| &probe.analysis)));
    findings.extend(quirks(&notebook));
    findings.extend(order(&notebook));
    let git = git::state(folder);
    let network_blocked = network::can_be_kept_away();
    Ok(Understood {
        path,
        notebook,
        environments,
        probe,
        problem,
        missing_files,
        findings,
        git,
        network_blocked,
    })
}

/// What a person named or chose before is used or said to be wrong; otherwise the first that answers is taken.
fn first_that_answers(
    environments: &[Found],
    cells: &[(usize, &str)],
    folder: &Path,
) -> (Option<Probe>, Option<Error>) {
    let mut problem = None;
    for found in environments {
        match environment::probe(&found.interpreter, cells, folder, &Cancel::default()) {
            Ok(probe) => return (Some(probe), None),
            Err(error) => {
                problem.get_or_insert_with(|| environment_error(&error));
                if matches!(found.reason, Reason::Named | Reason::Remembered) {
                    break;
                }
            }
        }
    }
    (None, problem)
}

fn quirks(notebook: &Notebook) -> Option<Finding> {
    let first = notebook.quirks.first()?;
    let more = if notebook.quirks.len() > 1 {
        format!(" and {} more", notebook.quirks.len() - 1)
    } else {
        String::new()
    };
    Some(Finding::new(
        "notebook-quirks",
        Severity::Info,
        format!("The file deviates from the notebook format: {}{more}", first.kind),
        "Nothing has to be done; saving it in Jupyter mends it",
    ))
}

fn order(notebook: &Notebook) -> Option<Finding> {
    let counted = notebook.cells.iter().any(|cell| cell.count.is_some());
    (counted && !notebook.run_in_order).then(|| {
        Finding::new(
            "not-run-in-order",
            Severity::Info,
            "The notebook was saved after cells were run out of order, or not all of them",
            "Nothing has to be done: it was run from top to bottom here",
        )
    })
}

impl Understood {
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    pub(crate) fn name(&self, corrections: &Corrections) -> Name {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        corrections.name.clone().unwrap_or_else(|| Name::suggest(&stem))
    }

    /// Why the chosen interpreter was chosen.
    pub(crate) fn reason(&self) -> String {
        let chosen = self.probe.as_ref().map(|probe| &probe.interpreter);
        let found = self.environments.iter().find(|found| Some(&found.interpreter) == chosen);
        found.map(|found| found.label.clone()).unwrap_or_default()
    }

    pub(crate) fn maps_much(&self) -> bool {
        let imports =
            self.probe.iter().flat_map(|probe| &probe.analysis.cells).flat_map(|cell| &cell.imports);
        imports.into_iter().any(|module| MAPS_MUCH.contains(&module.split('.').next().unwrap_or_default()))
    }

    /// The code cells that are run.
    pub(crate) fn cells(&self, corrections: &Corrections) -> BTreeSet<usize> {
        let needed = corrections.only_needed.then(|| self.needed(corrections)).flatten();
        let runs = |index: &usize| needed.as_ref().is_none_or(|needed| needed.contains(index));
        self.notebook.code().filter(|cell| !cell.is_skipped()).map(|cell| cell.index).filter(runs).collect()
    }

    /// The cells that the model needs, when that is fewer than all.
    fn needed(&self, corrections: &Corrections) -> Option<Vec<usize>> {
        let probe = self.probe.as_ref()?;
        let picked: Vec<&str> = corrections.pick.as_deref().into_iter().collect();
        let needed = analysis::needed(&probe.analysis, &picked);
        let all = self.notebook.code().filter(|cell| !cell.is_skipped()).count();
        (!needed.is_empty() && needed.len() < all).then_some(needed)
    }

    /// The blocking finding, the missing interpreter, package or file that keeps it from running, if there is one.
    pub(crate) fn obstacle(&self, corrections: &Corrections) -> Option<Error> {
        if let Some(finding) = self.findings.iter().find(|finding| finding.severity == Severity::Blocking) {
            let code = finding.code.clone();
            return Some(Error::new(Kind::Input, code, finding.message.clone(), finding.hint.clone()));
        }
        let Some(probe) = &self.probe else {
            return Some(self.problem.clone().unwrap_or_else(no_environment));
        };
        if corrections.run_anyway {
            return None;
        }
        let missing: Vec<&str> =
            self.missing_packages(corrections).map(|m| m.distribution.as_str()).collect();
        if !missing.is_empty() {
            let message = format!("{} lacks {}", probe.interpreter.display(), missing.join(", "));
            let hint = "Choose another environment, let Flightdeck build one (--build-environment), or run it all the same (--run-anyway)";
            return Some(Error::input("missing-package", message, hint));
        }
        let answered = |path: &str| corrections.files.iter().any(|(written, _)| written == path);
        let missing = self.missing_files(corrections).find(|missing| !answered(&missing.path))?;
        let message =
            format!("{} is not there, and cell {} reads it", missing.path, self.number(missing.cell));
        let hint = match missing.found.first() {
            Some(found) => {
                format!("A file of that name is at {}: choose it, or give --file", found.display())
            }
            None => "Put the file there, say where it is with --file WRITTEN=FILE, or run it all the same (--run-anyway)".into(),
        };
        Some(Error::input("missing-file", message, hint))
    }

    /// Packages that a cell which runs cannot do without.
    fn missing_packages(&self, corrections: &Corrections) -> impl Iterator<Item = &Missing> {
        let runs = self.cells(corrections);
        let missing = self.probe.as_ref().map_or(&[][..], |probe| &probe.missing).iter();
        missing.filter(move |missing| !missing.optional && runs.contains(&missing.cell))
    }

    /// Files that a cell which runs opens.
    fn missing_files(&self, corrections: &Corrections) -> impl Iterator<Item = &MissingFile> {
        let runs = self.cells(corrections);
        self.missing_files.iter().filter(move |missing| runs.contains(&missing.cell))
    }

    pub(crate) fn number(&self, index: usize) -> u32 {
        let cell = self.notebook.cells.get(index);
        cell.and_then(|cell| cell.number).map_or(index as u32 + 1, |number| number as u32)
    }

    /// How a person counts the cells.
    pub(crate) fn numbers(&self) -> Numbers {
        let code = self.notebook.cells.iter();
        Numbers(code.filter_map(|cell| Some((cell.index as u32, cell.number? as u32))).collect())
    }

    /// The notebook's own part of where a version comes from.
    pub(crate) fn describe(&self, origin: &mut OriginView, cells: &[CellRecord]) {
        origin.path = self.path.display().to_string();
        origin.file_digest = Some(self.notebook.file_digest);
        origin.code_digest = Some(self.notebook.code_digest);
        origin.cells = cells.to_vec();
        origin.git.clone_from(&self.git);
        if let Some(probe) = &self.probe {
            let (major, minor, patch) = probe.version;
            origin.environment = vec![
                ("Python".into(), format!("{major}.{minor}.{patch}")),
                ("Interpreter".into(), probe.interpreter.display().to_string()),
                ("Chosen because".into(), self.reason()),
                ("ipykernel".into(), probe.ipykernel.clone().unwrap_or_else(|| "Flightdeck's own".into())),
            ];
        }
    }

    fn plan(&self, corrections: &Corrections) -> NotebookPlan {
        let probe = self.probe.as_ref();
        let addresses: BTreeSet<String> = probe
            .iter()
            .flat_map(|probe| &probe.analysis.cells)
            .flat_map(|cell| {
                let number = self.number(cell.index);
                cell.urls.iter().map(move |url| format!("cell {number}: {}", url.address))
            })
            .collect();
        let runs = self.cells(corrections);
        NotebookPlan {
            cells: self.notebook.cells.iter().map(|cell| cell_view(cell, &runs)).collect(),
            environments: self.environments.iter().map(|found| self.environment_view(found)).collect(),
            missing_packages: self
                .missing_packages(corrections)
                .map(|missing| MissingPackage {
                    module: missing.module.clone(),
                    distribution: missing.distribution.clone(),
                    cell: self.number(missing.cell),
                })
                .collect(),
            missing_files: self
                .missing_files(corrections)
                .map(|missing| self.missing_file(missing))
                .collect(),
            needed: self
                .needed(corrections)
                .map(|needed| needed.into_iter().map(|index| index as u32).collect()),
            addresses: addresses.into_iter().collect(),
            network_blocked: Some(self.network_blocked),
            ready: self.obstacle(corrections).is_none(),
        }
    }

    fn missing_file(&self, missing: &MissingFile) -> MissingFileView {
        MissingFileView {
            path: missing.path.clone(),
            cell: self.number(missing.cell),
            found: missing.found.iter().map(|path| path.display().to_string()).collect(),
        }
    }

    fn environment_view(&self, found: &Found) -> EnvironmentView {
        let probe = self.probe.as_ref().filter(|probe| probe.interpreter == found.interpreter);
        let shown = |probe: &Probe| {
            let version = |name: &&str| Some(format!("{name} {}", probe.version_of(name)?));
            SHOWN.iter().filter_map(version).collect()
        };
        let first = self.environments.first().is_some_and(|first| first == found);
        EnvironmentView {
            interpreter: found.interpreter.display().to_string(),
            label: found.label.clone(),
            python: probe.map(|probe| {
                let (major, minor, patch) = probe.version;
                format!("{major}.{minor}.{patch}")
            }),
            packages: probe.map(shown).unwrap_or_default(),
            chosen: probe.is_some(),
            problem: self.problem.as_ref().filter(|_| first).map(|problem| problem.message.clone()),
        }
    }
}

fn cell_view(cell: &document::Cell, runs: &BTreeSet<usize>) -> CellView {
    let state = match cell.kind {
        CellKind::Code if runs.contains(&cell.index) => CellState::Waiting,
        CellKind::Code => CellState::Skipped,
        CellKind::Markdown | CellKind::Raw => CellState::Text,
    };
    CellView {
        index: cell.index as u32,
        number: cell.number.map(|number| number as u32),
        title: title(&cell.source),
        source: cell.source.chars().take(4_000).collect(),
        state,
        seconds: None,
        error: None,
    }
}

pub(crate) fn environment_error(error: &EnvironmentError) -> Error {
    Error::new(Kind::Failed, error.code(), error.to_string(), error.hint())
}

fn no_environment() -> Error {
    Error::input(
        "no-environment",
        "No Python was found that could run the notebook",
        "Name an interpreter (--python), or let Flightdeck build an environment (--build-environment)",
    )
}

fn unreadable(error: &NotebookError, path: &Path) -> Error {
    Error::input(error.code(), format!("{}: {error}", file_name(path)), error.hint())
}
