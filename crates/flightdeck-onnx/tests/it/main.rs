//! Real models as exporters write them, and hostile ones as nobody should.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod build;
mod external;
mod flops;
mod hostile;
mod real;
mod tensors;
