//! What can be wrong with a notebook's file, said so that a person finds the place.

use super::shape::State;
use std::io;
use thiserror::Error;

/// Why a notebook was not read. Lines and columns count from 1.
#[derive(Debug, Error)]
pub enum NotebookError {
    /// The file cannot be opened or read.
    #[error("the notebook cannot be read: {0}")]
    Read(#[source] io::Error),
    /// A folder, a device, a pipe.
    #[error("this is not a regular file")]
    NotAFile,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Not UTF-8.
    #[error("the text is {found}, not UTF-8")]
    Encoding {
        /// What it is instead.
        found: &'static str,
    },
    /// Not JSON.
    #[error("the notebook is not valid JSON at line {line}, column {column}: {reason}")]
    Syntax {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Half of a surrogate pair, which no text can hold.
    #[error("line {line}, column {column}: the escape there is half of a character (a lone surrogate)")]
    LoneSurrogate {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// JSON of another kind.
    #[error("this is JSON, but not a notebook")]
    NotANotebook,
    /// A format that is too old or too new.
    #[error("the notebook has format {major}; formats 3 and 4 are read")]
    Format {
        /// The major number.
        major: i64,
    },
    /// More than a limit allows.
    #[error("the notebook has more than {limit} {what}")]
    TooLarge {
        /// What there is too much of: `bytes`, `bytes of source` or `cells`.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
}

impl NotebookError {
    /// A stable kebab-case name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "notebook-unreadable",
            Self::NotAFile => "not-regular",
            Self::Empty | Self::NotANotebook => "not-a-notebook",
            Self::Encoding { .. } => "notebook-encoding",
            Self::Syntax { .. } | Self::LoneSurrogate { .. } => "notebook-syntax",
            Self::Format { .. } => "notebook-format",
            Self::TooLarge { .. } => "notebook-too-large",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Read(_) | Self::NotAFile => "Choose the .ipynb file itself, on a disk that can be read.".into(),
            Self::Empty => "Save the notebook again in Jupyter; this copy holds nothing.".into(),
            Self::NotANotebook => "Choose a file with the ending .ipynb that Jupyter saved.".into(),
            Self::Encoding { .. } => "Save the file as UTF-8.".into(),
            Self::Syntax { .. } => {
                "Open it in a text editor at that line; a merge conflict or a half-written file is the usual cause.".into()
            }
            Self::LoneSurrogate { .. } => "Open it in a text editor at that line and delete the broken character.".into(),
            Self::Format { major } if *major > 4 => "Save it in notebook format 4.".into(),
            Self::Format { .. } => "Upgrade it once: jupyter nbconvert --to notebook FILE.".into(),
            Self::TooLarge { what: "cells", .. } => "Split the notebook.".into(),
            Self::TooLarge { what: "bytes", .. } => "Clear its outputs (Edit, Clear All Outputs) and save it.".into(),
            Self::TooLarge { .. } => "Keep data in files beside the notebook, not in its cells.".into(),
        }
    }
}

/// What a failed parse means. The parser has no public kinds beyond four, so two of its sentences are recognised.
pub(super) fn explain(error: serde_json::Error, state: &State) -> NotebookError {
    let (line, column) = (error.line(), error.column());
    if let Some((what, limit)) = state.exceeded() {
        return NotebookError::TooLarge { what, limit };
    }
    if error.is_io() {
        return NotebookError::Read(error.into());
    }
    if error.is_eof() && state.read_bytes() == 0 {
        return NotebookError::Empty;
    }
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned();
    if reason.contains("surrogate") || reason.contains("unexpected end of hex escape") {
        return NotebookError::LoneSurrogate { line, column };
    }
    NotebookError::Syntax { line, column, reason }
}
