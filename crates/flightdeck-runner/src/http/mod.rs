//! From a connection to a handler: limits, who asks, whether they may, and the one table of routes.

mod access;
mod body;
mod call;
mod coding;
mod connection;
mod routes;

pub(crate) use access::Keyring;
pub(crate) use call::{Answer, Call, json};
pub(crate) use connection::{Listener, listen};
pub(crate) use routes::router;
#[cfg(test)]
pub(crate) use routes::routes;
