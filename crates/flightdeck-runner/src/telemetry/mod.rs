//! What the server keeps of its traffic until somebody takes it, and how much of the disk that may have.

mod budget;

pub(crate) use budget::Budget;
