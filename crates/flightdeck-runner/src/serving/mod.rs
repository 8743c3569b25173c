//! Versions that answer and versions that watch: a session behind a combining queue for each, and the endpoint that
//! points at them.

mod agreement;
mod batch;
mod circuit;
mod columns;
mod drain;
mod endpoint;
mod engine;
mod lane;
mod lineup;
mod model;
mod running;
mod shadow;
mod statistics;
mod warm;
mod watch;

pub(crate) use agreement::{Watched, predicted};
pub(crate) use columns::{are_same, lacking};
pub(crate) use endpoint::{Condition, Endpoint};
pub(crate) use engine::{Apart, Engine};
pub(crate) use lane::Lane;
pub(crate) use lineup::{Canary, Lineup};
pub(crate) use model::{Model, Served};
pub(crate) use shadow::{Seen, Shadow};
pub(crate) use statistics::{Figures, Spent, Statistics};
pub(crate) use warm::Sample;
pub(crate) use watch::Watch;
