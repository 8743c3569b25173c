//! The Python that runs a notebook: found, asked what it has, and, only when a person agreed, built.
//!
//! The user's environment is read and never written: nothing is installed into it, nothing is compiled in it, and none
//! of its packages is imported here. Overlays, which live in our own cache, are in `overlay`.

mod build;
mod child;
mod distributions;
mod error;
mod kernelspec;
pub(crate) mod pip;
mod places;
mod probe;
mod pyproject;
mod requirements;
mod search;
mod watch;

pub use build::{Requirements, Wanted, build, requirements};
pub(crate) use distributions::distribution_of;
pub use error::EnvironmentError;
pub use pip::Origin;
pub use probe::{Distribution, Missing, Probe, probe};
pub use search::{Found, Reason, Search, find};
pub use watch::Watch;
