//! A deviation from the notebook format that can be lived with.

use std::fmt;

/// One deviation and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quirk {
    /// What deviates.
    pub kind: QuirkKind,
    /// The cell's position from 0, when it is about one cell.
    pub cell: Option<usize>,
}

/// What deviates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QuirkKind {
    /// The file begins with a byte order mark.
    ByteOrderMark,
    /// `NaN` or `Infinity` outside of a text, which JSON does not know and Python writes.
    NotANumber,
    /// A minor number of format 4 that is newer than this program.
    UnknownMinor(u32),
    /// Format 3.
    OldFormat,
    /// No format number.
    NoFormat,
    /// No metadata at the top, or it is not an object.
    NoMetadata,
    /// A kernel without its name or the name for people.
    IncompleteKernel,
    /// More than one worksheet.
    Worksheets,
    /// A name stands twice in one object; the last one counts.
    DuplicateKey(String),
    /// An element of the list of cells that is no cell; it is left out.
    NotACell,
    /// A cell of an unknown kind, taken as raw text.
    UnknownCellKind(String),
    /// A cell without metadata.
    NoCellMetadata,
    /// A code cell without a list of outputs.
    NoOutputs,
    /// A cell without a source, or with one that is no text.
    OddSource,
    /// Tags that are not a list of texts.
    OddTags,
    /// An execution count that is not a whole number.
    OddCount,
    /// An id that is none, or that another cell has too.
    OddId,
    /// More deviations than are listed.
    More,
}

impl fmt::Display for QuirkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByteOrderMark => f.write_str("the file begins with a byte order mark"),
            Self::NotANumber => f.write_str("NaN or Infinity stands where JSON has no such number"),
            Self::UnknownMinor(minor) => write!(f, "the format is 4.{minor}, newer than 4.5"),
            Self::OldFormat => f.write_str("the format is 3"),
            Self::NoFormat => f.write_str("the format's number is missing"),
            Self::NoMetadata => f.write_str("the notebook has no metadata"),
            Self::IncompleteKernel => f.write_str("the kernel's description is incomplete"),
            Self::Worksheets => f.write_str("there is more than one worksheet"),
            Self::DuplicateKey(key) => write!(f, "“{key}” stands twice; the last one counts"),
            Self::NotACell => f.write_str("an element of the list of cells is no cell"),
            Self::UnknownCellKind(kind) => write!(f, "the cell's kind “{kind}” is unknown"),
            Self::NoCellMetadata => f.write_str("the cell has no metadata"),
            Self::NoOutputs => f.write_str("the code cell has no list of outputs"),
            Self::OddSource => f.write_str("the cell's source is no text"),
            Self::OddTags => f.write_str("the tags are not a list of texts"),
            Self::OddCount => f.write_str("the execution count is not a whole number"),
            Self::OddId => f.write_str("the cell's id is missing its form or is used twice"),
            Self::More => f.write_str("there are more deviations than are listed"),
        }
    }
}
