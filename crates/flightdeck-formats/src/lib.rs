//! Model files by their content: what a file is, what it carries, and what can be done with it. Nothing of a file is
//! ever executed here, and nothing is converted.

pub mod archive;
mod error;
mod limits;
pub mod pickle;
mod text;

pub use error::FormatError;
pub use limits::Limits;
