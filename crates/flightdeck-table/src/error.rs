//! What can be wrong with a file of rows, said so that a person finds the place.

use std::io;
use thiserror::Error;

/// Why a table was not read or written. Rows count from 1 and leave the header out; lines count from 1 as an editor does.
#[derive(Debug, Error)]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error("the file cannot be read: {0}")]
    Read(#[source] io::Error),
    /// The rows cannot be written.
    #[error("the rows cannot be written: {0}")]
    Write(#[source] io::Error),
    /// A folder, a device, a pipe.
    #[error("this is not a regular file")]
    NotAFile,
    /// Another kind of file.
    #[error("this is {found}, not a CSV or Parquet file")]
    NotATable {
        /// What its content says it is.
        found: &'static str,
    },
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Not UTF-8.
    #[error("the text is {found}, not UTF-8 (line {line})")]
    Encoding {
        /// What it is instead.
        found: &'static str,
        /// Where it shows first.
        line: u64,
    },
    /// More than a limit allows.
    #[error("the file has {found} {what}, more than the limit of {limit}")]
    TooLarge {
        /// What there is too much of: `bytes`, `rows`, `columns` or `cells`.
        what: &'static str,
        /// How much there is, or the first number over the limit.
        found: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// The first row holds only numbers, so that it is no header.
    #[error("the first row holds numbers only ({first}, …): there is no header")]
    NoHeader {
        /// The first cell.
        first: String,
    },
    /// One name stands over two columns.
    #[error("columns {first} and {second} are both called {name}")]
    DuplicateColumn {
        /// The name.
        name: String,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second, from 1.
        second: usize,
    },
    /// A row with too few or too many cells.
    #[error("row {row} (line {line}) has {found} cells, the header has {expected}: {at}")]
    Ragged {
        /// The row.
        row: u64,
        /// The line it starts on.
        line: u64,
        /// Its cells.
        found: usize,
        /// The header's cells.
        expected: usize,
        /// The column that is missing first, or the first cell too many.
        at: String,
    },
    /// A cell longer than the limit.
    #[error("row {row}, column {column}: the cell is longer than {limit} bytes")]
    CellTooLarge {
        /// The row; 0 is the header.
        row: u64,
        /// The column's name, or its position where the header itself is at fault.
        column: String,
        /// How much is allowed.
        limit: usize,
    },
    /// A quote that the file never closes.
    #[error("row {row} (line {line}), column {column}: the quote is never closed")]
    UnclosedQuote {
        /// The row; 0 is the header.
        row: u64,
        /// The line on which the quote opens.
        line: u64,
        /// The column's name, or its position where the header itself is at fault.
        column: String,
    },
    /// Text after a closing quote.
    #[error("row {row} (line {line}), column {column}: text follows the closing quote")]
    TextAfterQuote {
        /// The row; 0 is the header.
        row: u64,
        /// The line on which it stands.
        line: u64,
        /// The column's name, or its position where the header itself is at fault.
        column: String,
    },
    /// A column that was asked for is not there.
    #[error("there is no column {name}; the file has {}", known.join(", "))]
    NoSuchColumn {
        /// What was asked for.
        name: String,
        /// The first names that there are.
        known: Vec<String>,
    },
    /// A column that holds neither numbers, texts nor times.
    #[error("column {column} holds {found}, which is not a number, a text or a time")]
    ColumnType {
        /// The column.
        column: String,
        /// The file's word for what it holds.
        found: String,
    },
    /// A compression that this build does not read.
    #[error("column {column} is compressed with {codec}, which is not read here")]
    Compression {
        /// The column.
        column: String,
        /// The file's word for it.
        codec: String,
    },
    /// A time that milliseconds since 1970 cannot hold.
    #[error("row {row}, column {column}: the time is out of range")]
    TimeRange {
        /// The row.
        row: u64,
        /// The column.
        column: String,
    },
    /// An encrypted Parquet file.
    #[error("the Parquet file is encrypted")]
    Encrypted,
    /// A Parquet file that contradicts itself.
    #[error("the Parquet file is damaged: {detail}")]
    Damaged {
        /// What the reader stumbled over.
        detail: String,
    },
}

impl TableError {
    /// A stable name for it, in kebab case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "unreadable-file",
            Self::Write(_) => "unwritable-file",
            Self::NotAFile => "not-a-file",
            Self::NotATable { .. } => "not-a-table",
            Self::Empty => "empty-file",
            Self::Encoding { .. } => "wrong-encoding",
            Self::TooLarge { .. } => "table-too-large",
            Self::NoHeader { .. } => "no-header",
            Self::DuplicateColumn { .. } => "duplicate-column",
            Self::Ragged { .. } => "ragged-row",
            Self::CellTooLarge { .. } => "cell-too-large",
            Self::UnclosedQuote { .. } => "unclosed-quote",
            Self::TextAfterQuote { .. } => "text-after-quote",
            Self::NoSuchColumn { .. } => "no-such-column",
            Self::ColumnType { .. } => "unsupported-column-type",
            Self::Compression { .. } => "unsupported-compression",
            Self::TimeRange { .. } => "time-out-of-range",
            Self::Encrypted => "encrypted-file",
            Self::Damaged { .. } => "damaged-file",
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Read(_) => "Check that the file is still there and that you may read it.",
            Self::Write(_) => "Check the free space and that you may write there.",
            Self::NotAFile | Self::NotATable { .. } => {
                "Choose a CSV file with a header row, or a Parquet file."
            }
            Self::Empty => "Export the rows again, with a header row.",
            Self::Encoding { .. } => "Save the file as CSV in UTF-8.",
            Self::TooLarge { .. } => "Take a sample of the rows, or only the columns that the model uses.",
            Self::NoHeader { .. } => "Put a first row with the column names above the data.",
            Self::DuplicateColumn { .. } => "Rename or remove one of the two columns.",
            Self::Ragged { .. } => {
                "Quote cells that contain the delimiter, and give every row the same number of cells."
            }
            Self::CellTooLarge { .. } => {
                "Leave the column out, or look for a quote that is opened and not closed."
            }
            Self::UnclosedQuote { .. } => "Close the quote; a quote inside a quoted cell is written twice.",
            Self::TextAfterQuote { .. } => "Write a quote inside a quoted cell twice.",
            Self::NoSuchColumn { .. } => {
                "Use a name as it stands in the header; upper and lower case differ."
            }
            Self::ColumnType { .. } => "Leave the column out, or flatten it into plain columns.",
            Self::Compression { .. } => "Write the file with Snappy, Zstandard, LZ4, gzip or no compression.",
            Self::TimeRange { .. } => "Correct the time or leave it missing.",
            Self::Encrypted => "Write the file without encryption.",
            Self::Damaged { .. } => "Copy or export the file again.",
        }
    }
}

/// A name from a file, fit for a sentence: control characters escaped, long ones cut.
pub(crate) fn shown(name: &str) -> String {
    const LONGEST: usize = 80;
    let mut text: String = name.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if name.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_files_are_escaped_and_cut() {
        assert_eq!(shown("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
        assert_eq!(shown(&"x".repeat(5000)).chars().count(), 81);
    }
}
