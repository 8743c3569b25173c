//! From a notebook, or another program's model, to a version that is proved equal to the original.

mod captured;
mod origin;
mod parity;
mod proved;
