//! The server that hosts versions.
//!
//! Configuration, building, running and draining fail each by itself, and all of them before or after requests are
//! answered, never between. Predictions (`data`) go through one queue per version (`serving`) and are counted on the way
//! (`counting`); changes (`control`) go through one audited transaction each (`state`). Every route stands in one table
//! (`http::routes`) and passes one authorization. The same program is the worker that tries models in a child process.

mod app;
mod backup;
mod beside;
mod clock;
mod config;
mod control;
mod counting;
mod data;
mod deploy;
mod doctor;
mod drain;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod fuzzing;
mod grpc;
mod http;
mod logging;
mod metrics;
mod model_file;
mod notify;
mod pairing;
mod pod;
mod problem;
mod quiet;
mod running;
mod serve;
mod serving;
mod signals;
mod state;
mod telemetry;
mod tls;
mod traces;
mod worker;

pub use backup::{BackupArgs, backup};
pub use beside::{PairArgs, TokenArgs, pair, token};
pub use config::{ServeArgs, TlsMode};
pub use doctor::{DoctorArgs, doctor};
pub use quiet::quiet;
pub use serve::serve;
pub use worker::{WorkerArgs, worker};
