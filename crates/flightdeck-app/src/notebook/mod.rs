//! From a notebook, or another program's model, to a version that is proved equal to the original.

mod captured;
mod exported;
mod git;
mod import;
mod live;
mod network;
mod origin;
mod parity;
mod proved;
mod run;
mod understood;

pub(crate) use import::{capital, scratch};
