//! Which Python runs a notebook: every one that is in question, in order, with the reason. The first is the choice.

use super::kernelspec::{self, Kernel};
use super::places;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where is looked. Everything outside of the notebook comes in here, so that a test can build its own world.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The folder of the notebook.
    pub folder: PathBuf,
    /// What a person named just now.
    pub python: Option<PathBuf>,
    /// What was chosen for this folder before.
    pub remembered: Option<PathBuf>,
    /// The name of the kernel that the notebook names.
    pub kernel: Option<String>,
    /// The home folder.
    pub home: PathBuf,
    /// The variables of the environment.
    pub variables: BTreeMap<String, String>,
    /// Jupyter's data folders of the whole computer; those of the person follow from home and variables.
    pub shared_data: Vec<PathBuf>,
    /// Whether this is Windows, where an environment's program lies elsewhere.
    pub windows: bool,
}

impl Search {
    /// A search in the world as it is.
    pub fn here(folder: &Path, home: &Path) -> Self {
        let shared: &[&str] = if cfg!(windows) {
            &["C:\\ProgramData\\jupyter"]
        } else {
            &["/usr/local/share/jupyter", "/usr/share/jupyter", "/opt/homebrew/share/jupyter"]
        };
        Self {
            folder: folder.to_owned(),
            home: home.to_owned(),
            variables: std::env::vars().collect(),
            shared_data: shared.iter().map(PathBuf::from).collect(),
            windows: cfg!(windows),
            ..Self::default()
        }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The interpreter of an environment, when it is there.
    pub(super) fn interpreter_in(&self, prefix: &Path) -> Option<PathBuf> {
        let names: &[&str] =
            if self.windows { &["Scripts/python.exe", "python.exe"] } else { &["bin/python", "bin/python3"] };
        names.iter().map(|name| prefix.join(name)).find(|path| is_program(path))
    }
}

/// An interpreter in question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path; not resolved, since an environment is told by where its link lies.
    pub interpreter: PathBuf,
    /// Why it is in question.
    pub reason: Reason,
    /// The reason as a person reads it.
    pub label: String,
    /// Whether it was chosen for this folder before.
    pub remembered: bool,
}

/// Why an interpreter is in question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A person named it just now.
    Named,
    /// It was chosen for this folder before.
    Remembered,
    /// An environment beside the notebook.
    Beside {
        /// The environment's folder.
        name: String,
    },
    /// An environment in a folder above the notebook.
    Above {
        /// The environment's folder.
        name: String,
        /// The folder that holds it.
        folder: PathBuf,
    },
    /// The environment that is active where Flightdeck was started.
    Active {
        /// The variable that says so.
        variable: &'static str,
    },
    /// The kernel that the notebook names.
    Kernel {
        /// Its name.
        name: String,
    },
    /// The conda environment that `environment.yml` names.
    Conda {
        /// Its name.
        name: String,
    },
    /// The version that `.python-version` names.
    Pyenv {
        /// The version.
        version: String,
    },
    /// The environment that poetry made for the project.
    Poetry {
        /// Its name.
        name: String,
    },
    /// The first one on the path.
    Path {
        /// Its name there.
        name: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named => f.write_str("named by you"),
            Self::Remembered => f.write_str("chosen for this folder before"),
            Self::Beside { name } => write!(f, "`{name}` beside the notebook"),
            Self::Above { name, folder } => write!(f, "`{name}` in {}", folder.display()),
            Self::Active { variable: "CONDA_PREFIX" } => f.write_str("the active conda environment"),
            Self::Active { .. } => f.write_str("the active environment"),
            Self::Kernel { name } => write!(f, "kernel “{name}” of Jupyter"),
            Self::Conda { name } => write!(f, "conda environment “{name}” from environment.yml"),
            Self::Pyenv { version } => write!(f, "Python {version} from .python-version"),
            Self::Poetry { name } => write!(f, "poetry's environment “{name}”"),
            Self::Path { name } => write!(f, "{name} on the path"),
        }
    }
}

/// Every interpreter in question that is on the disk, the best first.
pub fn find(search: &Search) -> Vec<Found> {
    let mut list = List { found: Vec::new(), seen: HashSet::new(), remembered: search.remembered.as_deref() };
    let named =
        |path: &Option<PathBuf>| path.clone().map(|path| search.interpreter_in(&path).unwrap_or(path));
    // What a person names is taken at their word: when it is not there, that is said, and nothing else is taken for it.
    if let Some(named) = named(&search.python) {
        list.push(named, || Reason::Named);
    }
    list.add(named(&search.remembered), || Reason::Remembered);
    for (prefix, reason) in places::beside(&search.folder) {
        list.add(search.interpreter_in(&prefix), || reason);
    }
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        let prefix = search.variable(variable).map(PathBuf::from);
        list.add(prefix.and_then(|prefix| search.interpreter_in(&prefix)), || Reason::Active { variable });
    }
    if let Some(name) = &search.kernel {
        for Kernel { name, interpreter } in kernelspec::named(name, search) {
            list.add(Some(interpreter), || Reason::Kernel { name });
        }
    }
    for (interpreter, reason) in places::elsewhere(search) {
        list.add(Some(interpreter), || reason);
    }
    list.found
}

struct List<'a> {
    found: Vec<Found>,
    seen: HashSet<PathBuf>,
    remembered: Option<&'a Path>,
}

impl List<'_> {
    fn add(&mut self, interpreter: Option<PathBuf>, reason: impl FnOnce() -> Reason) {
        if let Some(interpreter) = interpreter.filter(|path| is_program(path)) {
            self.push(interpreter, reason);
        }
    }

    fn push(&mut self, interpreter: PathBuf, reason: impl FnOnce() -> Reason) {
        // `python` and `python3` of one environment are the same; the link itself must not be resolved.
        let folder =
            interpreter.parent().map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.into()));
        if !self.seen.insert(folder.unwrap_or_default()) {
            return;
        }
        let reason = reason();
        let remembered =
            self.remembered.is_some_and(|own| own == interpreter || interpreter.starts_with(own));
        self.found.push(Found { label: reason.to_string(), interpreter, reason, remembered });
    }
}

/// A file that may be started.
pub(super) fn is_program(path: &Path) -> bool {
    let Ok(facts) = path.metadata() else { return false };
    #[cfg(unix)]
    let may = std::os::unix::fs::PermissionsExt::mode(&facts.permissions()) & 0o111 != 0;
    // The stubs of the Windows Store are empty files that open the store.
    #[cfg(not(unix))]
    let may = facts.len() > 0;
    facts.is_file() && may
}
