//! Set-up, demo, test, tidy, bindings, sample models and benchmarks.
fn main() {}
