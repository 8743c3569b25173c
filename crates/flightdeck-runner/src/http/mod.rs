//! From a connection to a handler: limits, who asks, whether they may, and the one table of routes.

mod access;
mod body;
mod call;
mod coding;
mod connection;
mod edge;
mod framing;
mod messages;
mod pace;
mod peers;
mod routes;
mod traffic;
mod wire;

pub(crate) use access::{Keyring, Reach, fingerprint};
pub(crate) use call::{Answer, Call, json};
pub(crate) use connection::{Port, Service};
pub(crate) use edge::request_id;
#[cfg(test)]
pub(crate) use routes::routes;
pub(crate) use routes::{RouteName, router};
