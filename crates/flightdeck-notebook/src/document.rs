//! Reading a notebook's file as it is found, not as the format says it should be.
//!
//! Each deviation that can be lived with becomes a [`Quirk`]; what cannot is a [`NotebookError`] with its place. Outputs
//! are measured and never kept, so that a file of any size costs the memory of its source alone. What the cells mean is
//! not here: that is `analysis`.

mod error;
mod filter;
mod loose;
mod outputs;
mod quirk;
mod raw;
mod resolve;
mod secrets;
mod shape;

pub use error::NotebookError;
pub use outputs::OutputFacts;
pub use quirk::{Quirk, QuirkKind};
pub use secrets::secrets;

use filter::Source;
use flightdeck_core::Digest;
use serde::de::DeserializeSeed;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How much of a notebook is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The file's size, outputs included.
    pub file_bytes: u64,
    /// What is kept of it: sources and metadata.
    pub kept_bytes: u64,
    /// The number of cells.
    pub cells: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 2 << 30, kept_bytes: 64 << 20, cells: 20_000 }
    }
}

/// A notebook as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Notebook {
    /// The format's major and minor number.
    pub format: (u32, u32),
    /// The language of its kernel in lower case; `python` when nothing is said.
    pub language: String,
    /// The kernel that it names.
    pub kernel: Option<KernelSpec>,
    /// Its cells, in order.
    pub cells: Vec<Cell>,
    /// Where it deviates from the format.
    pub quirks: Vec<Quirk>,
    /// The digest of the file's bytes.
    pub file_digest: Digest,
    /// The digest of the code cells in order, with `\n` as line end, without outputs and counts.
    pub code_digest: Digest,
    /// Whether every code cell was run, each after the one before it.
    pub run_in_order: bool,
}

impl Notebook {
    /// Whether its kernel speaks Python.
    pub fn is_python(&self) -> bool {
        is_python(&self.language)
    }

    /// The code cells in the kernel's own language, with their position: what is run and analysed.
    pub fn code(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| cell.kind == CellKind::Code && cell.foreign.is_none())
    }
}

/// The kernel that a notebook names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelSpec {
    /// Its name in Jupyter's folders, such as `python3`.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// Its language, where it says so.
    pub language: Option<String>,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// Code.
    Code,
    /// Text to read; shown as text and never as markup.
    Markdown,
    /// Anything else.
    Raw,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its position in the notebook, from 0.
    pub index: usize,
    /// Its number among the code cells, from 1: how a person counts them.
    pub number: Option<usize>,
    /// What it holds.
    pub kind: CellKind,
    /// Its text, with `\n` as line end.
    pub source: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The stored execution count.
    pub count: Option<i64>,
    /// Its language, where it is another than the kernel's.
    pub foreign: Option<String>,
    /// The digest of its source.
    pub digest: Digest,
    /// What was stored as its outputs.
    pub outputs: OutputFacts,
}

impl Cell {
    /// Whether it has this tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }
    /// Tagged `skip-flightdeck`: it is not run.
    pub fn is_skipped(&self) -> bool {
        self.has_tag("skip-flightdeck")
    }
    /// Tagged `raises-exception`: it may fail.
    pub fn may_fail(&self) -> bool {
        self.has_tag("raises-exception")
    }
    /// Tagged `parameters`.
    pub fn is_parameters(&self) -> bool {
        self.has_tag("parameters")
    }
}

/// Reads a notebook.
pub fn read(path: &Path, limits: &Limits) -> Result<Notebook, NotebookError> {
    let facts = std::fs::metadata(path).map_err(NotebookError::Read)?;
    if !facts.is_file() {
        return Err(NotebookError::NotAFile);
    }
    if facts.len() > limits.file_bytes {
        return Err(NotebookError::TooLarge { what: "bytes", limit: limits.file_bytes });
    }
    read_from(File::open(path).map_err(NotebookError::Read)?, limits)
}

/// Reads a notebook from anything that gives bytes.
pub fn read_from(reader: impl Read, limits: &Limits) -> Result<Notebook, NotebookError> {
    let state = shape::State::new(*limits);
    let mut source = Source::open(reader, &state)?;
    let mut raw = raw::RawNotebook::default();
    let mut json = serde_json::Deserializer::from_reader(&mut source);
    let parsed = shape::object(&state, &mut raw).deserialize(&mut json).and_then(|found| {
        json.end()?;
        Ok(found)
    });
    drop(json);
    match parsed {
        Ok(true) => {}
        Ok(false) => return Err(NotebookError::NotANotebook),
        Err(error) => return Err(error::explain(error, &state)),
    }
    let digest = source.finish()?;
    resolve::notebook(raw, &state, digest)
}

fn is_python(language: &str) -> bool {
    matches!(
        language.to_ascii_lowercase().as_str(),
        "python" | "python3" | "python2" | "ipython" | "ipython3"
    )
}

#[cfg(test)]
mod tests;
