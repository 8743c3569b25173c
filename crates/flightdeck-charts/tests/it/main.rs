//! What the charts draw and say, through the public interface alone.

#![expect(clippy::unwrap_used, reason = "what cannot be read back is a failed test")]

mod degenerate;
mod golden;
mod samples;
mod wire;
