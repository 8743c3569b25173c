//! The product as its users meet it.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing there")]

mod command_line;
mod faults;
mod window;
