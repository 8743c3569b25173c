//! The desktop's history: one module per table.
