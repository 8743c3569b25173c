//! Kernels that somebody else has open: listing them, and asking one between its user's own executions.
//!
//! Guests have manners. A live kernel is never interrupted, shut down or patched, nothing counts or is remembered,
//! and what is not answered is not asked twice.

mod ask;
mod connection;
mod folders;
mod list;

pub use ask::{Live, LiveError};
pub use folders::runtime_folders;
pub use list::{LiveKernel, State, list};
