//! Jupyter kernels: starting one of our own with limits, running code in it, and reading from one that is already
//! running. Nothing here knows what a notebook or a model is, which interpreter is the right one, or what is asked.

mod channels;
mod config;
mod error;
mod execute;
mod kernel;
mod launch;
mod leftovers;
mod literal;
pub mod live;
mod memory;
mod output;
mod process;
mod traceback;

pub use config::{Config, Isolation, MemoryRule, Network, Transport};
pub use error::KernelError;
pub use execute::{Execute, Outcome};
pub use kernel::Kernel;
pub use output::{Output, Stream};
