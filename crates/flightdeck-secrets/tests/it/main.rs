//! Secrets as the desktop keeps them: in a keychain that fails in each of its ways, and in a real one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod faults;
mod real;
