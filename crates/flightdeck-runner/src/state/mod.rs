//! What the server remembers: one SQLite file, one module per table.
//!
//! Changes that somebody asked for go through `act` and carry their audit row; counts go through `record`.

mod checkpoint;
mod endpoint;
mod identity;
mod outbox;

pub(crate) use checkpoint::Checkpoint;
pub(crate) use endpoint::StoredEndpoint;
pub(crate) use identity::Identity;
pub(crate) use outbox::{ClosedWindow, LostTime, Outbox};

use flightdeck_core::Clock;
use flightdeck_sqlite::{Database, Result, Schema};
use std::path::Path;
use std::sync::Arc;

const SCHEMA: Schema = Schema {
    application_id: 0x464c_5452,
    program: "Flightdeck runner",
    migrations: &[concat!(
        include_str!("identity.sql"),
        include_str!("endpoint.sql"),
        include_str!("outbox.sql"),
        include_str!("checkpoint.sql")
    )],
};

/// Opens the state in the data folder.
pub(crate) fn open(data: &Path, clock: Arc<dyn Clock>) -> Result<Database> {
    Database::open(&data.join("state.db"), &SCHEMA, clock)
}
