//! The folder that somebody works in: a notebook with its data, before and after a day's work.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::run;

const NOTEBOOK: &str = "flights.ipynb";
/// What is saved over it.
const CHANGED: &str = "flights-changed.ipynb";
/// What it reads.
const DATA: &str = "flights-2013.csv.gz";
/// Writes the last rows of a packed CSV file; arguments: that file, the one to write, how many.
const LAST_ROWS: &str = r#"
import collections, gzip, sys
with gzip.open(sys.argv[1], "rt", newline="") as rows, open(sys.argv[2], "w", newline="") as last:
    last.write(next(rows))
    last.writelines(collections.deque(rows, int(sys.argv[3])))
"#;

/// A copy of the sample's notebook and data, to work on.
pub(super) struct Folder {
    path: PathBuf,
    sample: PathBuf,
}

impl Folder {
    /// Copies the notebook and what it reads into an empty folder.
    pub(super) fn fresh(path: PathBuf, sample: PathBuf) -> Result<Self> {
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| format!("cannot clear {}", path.display()))?;
        }
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        let folder = Self { path, sample };
        folder.copy(NOTEBOOK, NOTEBOOK)?;
        folder.copy(DATA, DATA)?;
        Ok(folder)
    }

    pub(super) fn notebook(&self) -> PathBuf {
        self.path.join(NOTEBOOK)
    }

    /// Saves the changed notebook over the first.
    pub(super) fn change(&self) -> Result<()> {
        self.copy(CHANGED, NOTEBOOK)
    }

    /// The last rows of the data as a file of their own.
    pub(super) fn last_rows(&self, python: &Path, rows: u64) -> Result<PathBuf> {
        let last = self.path.join("last.csv");
        let mut write = Command::new(python);
        write.args(["-I", "-c", LAST_ROWS]).arg(self.path.join(DATA)).arg(&last).arg(rows.to_string());
        run(&mut write)?;
        Ok(last)
    }

    fn copy(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (self.sample.join(from), self.path.join(to));
        fs::copy(&from, &to).map(drop).with_context(|| format!("cannot copy {}", from.display()))
    }
}
