//! What the server remembers: one SQLite file, one module per table.
//!
//! Changes that somebody asked for go through `act` and carry their audit row; counts go through `record`.

mod checkpoint;
mod endpoint;
mod identity;
mod label;
mod outbox;
mod pairing;
mod private;
mod reader;
mod recovery;
mod sample;
mod spool;
mod token;

pub(crate) use checkpoint::Checkpoint;
pub(crate) use endpoint::StoredEndpoint;
pub(crate) use identity::Identity;
pub(crate) use label::{By, Label, Predicted, telemetry_counts};
pub(crate) use outbox::{ClosedWindow, LostTime, Outbox, Pulled};
pub(crate) use pairing::StoredCode;
pub(crate) use recovery::{begin, look, open};
pub(crate) use sample::{Kept, Sample};
pub(crate) use spool::Spooled;
pub(crate) use token::StoredToken;

use flightdeck_sqlite::Schema;

const SCHEMA: Schema = Schema {
    application_id: 0x464c_5452,
    program: "Flightdeck runner",
    migrations: &[
        concat!(
            include_str!("identity.sql"),
            include_str!("endpoint.sql"),
            include_str!("outbox.sql"),
            include_str!("checkpoint.sql")
        ),
        include_str!("spool.sql"),
        include_str!("telemetry.sql"),
        include_str!("access.sql"),
        include_str!("reader.sql"),
    ],
};
