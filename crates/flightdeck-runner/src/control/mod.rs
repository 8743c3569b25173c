//! The control plane's handlers: each reads its request, calls one function and answers.

mod endpoints;
mod packages;
mod tokens;
mod windows;

pub(crate) use endpoints::{endpoint, endpoints, live, put_endpoint, remove_endpoint};
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use packages::{Shelf, store};
pub(crate) use packages::{blob_part, blob_state, store_package};
pub(crate) use tokens::{make_token, pair, revoke_token, tokens};
pub(crate) use windows::{ack, audit, flush, handshake, refuse, stop, windows};

use crate::problem::Problem;

/// Work that waits for a disk, off the threads that serve requests.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(error) => Err(Problem::internal("finish its work", &error)),
    }
}
