//! Versions that answer and versions that watch: a session behind a combining queue for each, and the endpoint that
//! points at them.

mod agreement;
mod batch;
mod columns;
mod endpoint;
mod lane;
mod lineup;
mod model;
mod shadow;
#[allow(dead_code, reason = "read by the statistics of the protocol and by the metrics")]
mod statistics;

pub(crate) use agreement::{Watched, predicted};
pub(crate) use columns::{are_same, lacking};
pub(crate) use endpoint::{Condition, Endpoint};
pub(crate) use lane::Lane;
pub(crate) use lineup::{Canary, Lineup};
pub(crate) use model::{Model, Served};
pub(crate) use shadow::{Seen, Shadow};
#[allow(unused_imports, reason = "likewise")]
pub(crate) use statistics::{Figures, Spent, Statistics};
