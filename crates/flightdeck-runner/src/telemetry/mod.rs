//! What the server keeps of its traffic beyond counts, until somebody takes it, and how much of the disk that may have.
//!
//! Nothing unless an endpoint says so. Tables stand in `state`; counts are `counting`'s.

mod budget;
mod read;
mod recorder;
mod routes;

pub(crate) use budget::Budget;
pub(crate) use recorder::{Answered, Recorder};
pub(crate) use routes::{ack_labels, labels, outcomes, samples, send_labels};

use crate::serving::Endpoint;
use crate::state::{Label, Outbox, Sample};
use flightdeck_sqlite::{Database, Error};
use std::sync::Arc;

/// Makes room: what is past its time goes, then samples until everything fits the budget. Windows go last, elsewhere.
pub(crate) fn tidy(database: &Database, endpoints: &[Arc<Endpoint>], budget: u64) -> Result<(), Error> {
    let now = database.clock().now();
    let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    let sampling =
        endpoints.iter().filter_map(|e| e.recorder.sampling().map(|sampling| (e.name.clone(), sampling)));
    let sampling: Vec<_> = sampling.collect();
    database.record(|act| {
        Sample::tidy(act, &sampling, now)?;
        Label::tidy(act, &names)?;
        Sample::fit(act, budget.saturating_sub(Outbox::spooled(act)?.bytes))
    })
}
