//! Versions that answer: a session behind a combining queue, and the endpoint that points at one of them.

mod batch;
mod endpoint;
mod lane;

pub(crate) use endpoint::{Condition, Endpoint, Served};
pub(crate) use lane::Lane;
