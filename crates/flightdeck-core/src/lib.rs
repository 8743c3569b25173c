//! The vocabulary of Flightdeck and its pure rules.
//!
//! Everything here is a value: no I/O, no async, no clock. What a signature, a traffic policy, a window's key or a
//! grant *is* stands here once, and every other crate speaks these words. What reads files, talks to a network or
//! counts traffic lives elsewhere.

pub mod access;
mod digest;
mod finding;
mod job;
mod name;
mod policy;
pub mod raw;
mod rows;
mod signature;
mod tensor;
mod time;
mod window;

pub use access::{Action, Forbidden, Grant, Object, Principal, Role, Scope, authorize, authorize_somewhere};
pub use digest::{Digest, DigestError};
pub use finding::{Finding, Severity};
pub use job::{Cancel, Progress, Unit};
pub use name::{Name, NameError};
pub use policy::{Challenge, Challenger, PolicyError, TrafficPolicy, VersionRole};
pub use rows::{Cell, RowError, assemble, unknown_columns};
pub use signature::{Column, ColumnKind, DataType, Input, Output, OutputRole, Signature, Task, Unknown};
pub use tensor::{Tensor, TensorData, TensorError};
pub use time::{Clock, Timestamp};
pub use window::{Origin, Resolution, WindowKey};
