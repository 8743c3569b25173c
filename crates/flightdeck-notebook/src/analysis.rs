//! What the cells of a notebook do, seen from the outside: which of them a model needs, which files they miss, and
//! what the likely cause of a failure is. The cells are read by the interpreter's own `ast` (`environment::probe`);
//! nothing is run here.

mod causes;
mod changes;
mod diagnose;
mod files;
mod needed;
mod obstacle;
mod releases;

pub use diagnose::{diagnose, misplaced};
pub use files::{MissingFile, find_missing};
pub use needed::needed;
pub use obstacle::obstacle;

use serde::Deserialize;

/// What the cells do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// The code cells, in order.
    pub cells: Vec<CellAnalysis>,
}

/// What one cell does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one cell")]
pub struct CellAnalysis {
    /// Its position in the notebook, from 0.
    pub index: usize,
    /// The names that it binds or changes.
    pub defines: Vec<String>,
    /// Those that it binds anew in any case, whatever they were before.
    pub kills: Vec<String>,
    /// The names that it reads before it binds them.
    pub uses: Vec<String>,
    /// The names that its functions read when they are called.
    pub deferred: Vec<String>,
    /// It imports everything from some module.
    pub star: bool,
    /// The modules that it imports.
    pub imports: Vec<String>,
    /// The files that it reads by a literal path.
    pub opens: Vec<OpenedFile>,
    /// The files that it writes by a literal path.
    pub writes: Vec<String>,
    /// The addresses that it reaches.
    pub urls: Vec<Url>,
    /// The models and transformers that it fits.
    pub fits: Vec<Fit>,
    /// The magics and shell lines in it.
    pub magics: Vec<Magic>,
    /// It changes something that no name shows: a seed, an option, a file.
    pub effects: bool,
    /// It reads or writes names that only running it would tell: `exec`, `globals()`.
    pub dynamic: bool,
    /// It holds imports, functions, classes and nothing else.
    pub definitions_only: bool,
    /// It holds no statement.
    pub empty: bool,
    /// It is not Python.
    pub error: Option<SyntaxFault>,
}

/// A file that a cell reads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OpenedFile {
    /// The path as it is written, relative to the notebook's folder.
    pub path: String,
    /// The line in the cell, from 1.
    pub line: u32,
    /// Whether it is there.
    pub exists: bool,
    /// Whether a cell before writes it.
    pub made: bool,
}

/// An address that a cell reaches.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Url {
    /// The address without credentials, or the call that downloads.
    pub address: String,
    /// The line in the cell, from 1.
    pub line: u32,
}

/// Something that is fitted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Fit {
    /// The variable.
    pub variable: String,
    /// Its class, where the cells show it.
    pub class: Option<String>,
    /// The line in the cell, from 1.
    pub line: u32,
}

/// A magic or a shell line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Magic {
    /// The line in the cell, from 1.
    pub line: u32,
    /// Its text.
    pub text: String,
}

/// Where a cell is not Python.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SyntaxFault {
    /// The line in the cell, from 1.
    pub line: u32,
    /// What Python says.
    pub message: String,
}
