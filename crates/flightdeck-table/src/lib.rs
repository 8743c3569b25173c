//! CSV and Parquet files read into typed columns, bounded and with errors that name the row and the column.
//!
//! A file is told apart by its content, never by its name, and comes back as a [`Table`] of numbers, texts and times.
//! What a column *means* (a feature, a label, a row time) is not decided here, and nothing is compared or counted.

mod arrays;
mod encoding;
mod error;
mod infer;
mod options;
mod parallel;
mod parquet_file;
mod read;
mod rows;
mod split;
mod table;
mod write;

pub use error::TableError;
pub use options::{Limits, Options};
pub use read::read;
pub use rows::{Rows, rows};
pub use table::{Column, Data, NO_TIME, NO_VALUE, Numbers, Table, Texts, Times};
pub use write::write_csv;
