//! What a cell shows: text without escape sequences, images decoded and written again by us, and for the rest a word
//! about what it was. Nothing that a cell sends is passed on as it came.

mod ansi;
mod media;
mod picture;
mod sink;

pub(crate) use ansi::{Plain, plain};
pub(crate) use sink::{Sink, head};

/// Where text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// What the cell printed.
    Stdout,
    /// Warnings and logs.
    Stderr,
    /// The value of the last expression.
    Result,
    /// What the cell displayed.
    Display,
}

/// Something a cell shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Text, a piece at a time: lines of one stream go on in the next piece.
    Text {
        /// Where it came from.
        stream: Stream,
        /// Without ANSI sequences and control characters; `\r` is kept for progress bars.
        text: String,
    },
    /// A picture, encoded by us.
    Image {
        /// The file.
        png: Vec<u8>,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Something that is not shown.
    NotShown {
        /// What it was: `html`, `svg`, `javascript`, `widget`, … or why.
        what: String,
    },
    /// The cell cleared what it had shown.
    Cleared,
}
