//! Real interpreters, real installers, real walls.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod causes;
mod cells;
mod convert;
mod overlays;
mod python;
mod search;
