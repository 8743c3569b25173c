//! The product as its users meet it.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing there")]

mod command_line;
mod coverage;
mod exported;
mod faults;
mod notebook_faults;
mod notebook_open;
mod notebook_twice;
mod notebook_watched;
mod notebooks;
mod remote_runner;
mod remote_window;
mod window;
mod window_hostile;
mod window_kernels;
mod window_notebook;
mod window_refused;
