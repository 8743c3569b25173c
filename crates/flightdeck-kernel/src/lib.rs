//! Jupyter kernels: starting one of our own with limits, running code in it, and reading from one that is already
//! running. Nothing here knows what a notebook or a model is.
