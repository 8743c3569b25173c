//! Opening SQLite safely, and the one way to change what stands in it.
//!
//! A [`Database`] is one file with one writer and a few readers. Every audited change runs through [`Database::act`]:
//! one `BEGIN IMMEDIATE` transaction that also writes the audit row and the change feed, so that an action and its
//! audit entry are both there or neither is. Counts and caches, which are not audited, go through
//! [`Database::record`]. What the tables of a program are is told by its [`Schema`]; this crate knows only the two
//! tables that every database has, `audit` and `change`.

mod act;
mod audit;
mod change;
mod error;
mod migrate;
mod open;
mod repair;

pub use act::Act;
pub use audit::AuditRow;
pub use change::Change;
pub use error::{Error, Result};
pub use migrate::Schema;
pub use open::Database;
pub use repair::{DamagedCopy, Salvaged, move_aside, quick_check};
pub use rusqlite::{self, Connection, OptionalExtension, Row, params};
