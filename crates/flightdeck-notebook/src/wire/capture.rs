//! `capture.json`, as the hook, the live scan and the extractor write it. Unknown fields are ignored, absent ones are
//! empty: a newer hook must not make an older reader fail.

use super::Candidate;
use flightdeck_core::Finding;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The whole document.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Capture {
    /// Its version; 1.
    pub schema: u32,
    /// `run`, `live` or `file`.
    #[serde(default)]
    pub source: String,
    /// Whether the run reached the last cell.
    #[serde(default)]
    pub complete: bool,
    /// The interpreter.
    #[serde(default)]
    pub python: Python,
    /// The machine.
    #[serde(default)]
    pub platform: Platform,
    /// Installed distributions.
    #[serde(default)]
    pub packages: Vec<Package>,
    /// The converter's own distributions.
    #[serde(default)]
    pub overlay: Vec<Package>,
    /// Seeds that were set.
    #[serde(default)]
    pub seeds: Vec<Seed>,
    /// Commands of cells that were not run.
    #[serde(default)]
    pub blocked: Vec<Happened>,
    /// Child processes that Python started.
    #[serde(default)]
    pub children: Vec<Happened>,
    /// Files read and written.
    #[serde(default)]
    pub files: Vec<FileUse>,
    /// Addresses that were asked.
    #[serde(default)]
    pub network: Vec<NetworkUse>,
    /// What went wrong in the hook itself.
    #[serde(default)]
    pub hook_errors: Vec<String>,
    /// What a person should look at.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Tables on disk.
    #[serde(default)]
    pub datasets: Vec<Dataset>,
    /// Models, the best first.
    #[serde(default)]
    pub candidates: Vec<Candidate>,
    /// Whether a person has to choose.
    #[serde(default)]
    pub pick: Pick,
}

/// The interpreter that ran.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Python {
    pub version: String,
    pub implementation: String,
    pub executable: String,
    pub prefix: String,
}

/// The machine it ran on.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Platform {
    pub system: String,
    pub release: String,
    pub machine: String,
    pub processor: String,
    pub cpus: Option<u32>,
    pub memory_bytes: Option<u64>,
}

/// An installed distribution.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it was installed from, when not from an index.
    pub direct_url: Option<Value>,
}

/// A seed that the notebook set.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Seed {
    /// The function.
    pub call: String,
    /// Its argument as text.
    pub value: String,
    /// The cell, from 0.
    pub cell: Option<u32>,
}

/// Something that a cell did or tried.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Happened {
    /// The cell, from 0.
    pub cell: Option<u32>,
    /// What it was, as written.
    pub what: String,
}

/// A file that was read or written.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct FileUse {
    /// Where it lies.
    pub path: String,
    /// `read` or `write`.
    pub mode: String,
    /// Its size.
    pub bytes: Option<u64>,
    /// Its digest, when it was small enough to be read again.
    pub sha256: Option<String>,
    /// When it was last changed.
    pub mtime_ms: Option<i64>,
    /// The cell, from 0.
    pub cell: Option<u32>,
}

/// An address that was asked.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct NetworkUse {
    /// URL, or host and port.
    pub address: String,
    /// The cell, from 0.
    pub cell: Option<u32>,
}

/// A table on disk.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Dataset {
    /// Its id within the capture.
    pub id: String,
    /// What it was used for.
    pub role: String,
    /// Rows in the files.
    pub rows: u64,
    /// Rows that there were in memory.
    pub total_rows: u64,
    /// Of its content.
    pub fingerprint: String,
    /// Whether it changed after the fit.
    pub changed: bool,
    /// Whether its rows are ordered in time.
    pub ordered_in_time: bool,
    /// Whether it was an array, whose columns have no names of their own.
    pub array: bool,
    /// Its columns in order.
    pub columns: Vec<ColumnEntry>,
    /// When its rows happened, where that is known.
    pub times: Option<ColumnEntry>,
}

/// A column and the file that holds it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ColumnEntry {
    /// The column's name.
    pub name: String,
    /// Its position in the table.
    #[serde(default)]
    pub position: usize,
    /// The element type that it had in memory.
    #[serde(default)]
    pub dtype: String,
    /// How its values are written.
    pub kind: Kind,
    /// Its file, relative to the folder.
    pub file: String,
    /// How many values are missing.
    #[serde(default)]
    pub nulls: u64,
    /// The distinct values in the order of their codes.
    #[serde(default)]
    pub categories: Option<Vec<String>>,
}

/// How a column's values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Float,
    Int,
    Bool,
    String,
    Category,
    Datetime,
}

/// Whether a person has to choose.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Pick {
    pub needed: bool,
    pub because: Option<String>,
}
