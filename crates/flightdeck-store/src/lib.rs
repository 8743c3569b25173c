//! The desktop's history in SQLite: one module per table, and each module is the whole truth about its table.
//!
//! Reads take a connection, writes take a running [`Act`](flightdeck_sqlite::Act), so that a use case decides what is
//! one transaction. Counts are opaque bytes here: whoever adds two windows passes the addition in.

pub mod alert;
pub mod choice;
pub mod cursor;
pub mod endpoint;
pub mod monitor;
pub mod origin;
pub mod profile;
pub mod rollup;
pub mod runner;
mod value;
pub mod version;
pub mod watch;
pub mod window;

use flightdeck_core::Clock;
use flightdeck_sqlite::{Database, Result, Schema};
use std::path::Path;
use std::sync::Arc;

/// The file's name in a library.
pub const FILE: &str = "flightdeck.db";

/// Opens the history of a library, or creates it.
pub fn open(library: &Path, clock: Arc<dyn Clock>) -> Result<Database> {
    Database::open(&library.join(FILE), &SCHEMA, clock)
}

/// One step per table, in the order of their foreign keys. A step that was published never changes; changes to a table
/// are further steps at the end.
const SCHEMA: Schema = Schema {
    application_id: 0x464c_5444,
    program: "Flightdeck",
    migrations: &[
        version::CREATE,
        profile::CREATE,
        runner::CREATE,
        endpoint::CREATE,
        window::CREATE,
        rollup::CREATE,
        cursor::CREATE,
        monitor::CREATE,
        alert::CREATE,
        origin::CREATE,
        choice::CREATE,
        watch::CREATE,
        endpoint::CHALLENGER,
        runner::PAIRED,
        endpoint::POLICY,
    ],
};

#[cfg(test)]
mod tests;
