//! The client against small servers that do what a runner would, and what it would not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod pairing;
mod pinning;
mod server;
