//! The crate against reference numbers, and the promises of its rule against simulated traffic.

#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

mod counting;
mod extremes;
mod reference;
mod rule;
mod support;
mod traffic;
