//! From a notebook, or another program's model, to a version that is proved equal to the original.

mod parity;
