//! Kernels as users have them: real ones, in the environments that the set-up makes.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod death;
mod limits;
mod live;
mod run;
mod start;
mod world;
