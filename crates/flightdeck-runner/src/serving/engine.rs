//! What runs a version: a session of this process, or a child process that has one.
//!
//! A request that the model refuses is the client's affair. What breaks the model is ours: then it is not asked again
//! before it was mended, and how often that may be is the circuit's affair.

use crate::problem::Problem;
use axum::http::StatusCode;
use flightdeck_core::{DataType, Tensor};
use flightdeck_engine::client::{Killer, Limit, Lodger, Worker, WorkerError};
use flightdeck_engine::runtime::{Session, Stop};
use flightdeck_engine::{Failure, RunTimes};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// A session, here or in a child.
pub(crate) enum Engine {
    /// Here.
    Here(Session),
    /// In a child that can be started again.
    Apart(Apart),
}

/// A model in a child process.
pub(crate) struct Apart {
    worker: Worker,
    package: PathBuf,
    /// `None` after it broke, until it is mended.
    lodger: Option<Lodger>,
}

/// Why a run gave nothing.
pub(crate) enum RunError {
    /// The model cannot answer these inputs.
    Refused(Problem),
    /// The model broke.
    Broken(Problem),
}

/// Ends a run from another thread.
#[derive(Clone)]
pub(crate) enum Stopper {
    Here(Stop),
    Apart(Killer),
}

impl Stopper {
    pub(crate) fn stop(&self) {
        match self {
            Self::Here(stop) => stop.stop(),
            Self::Apart(killer) => killer.kill(),
        }
    }
}

impl Apart {
    /// Starts a child that keeps the package. Waits until it has.
    pub(crate) fn start(worker: Worker, package: PathBuf) -> Result<Self, WorkerError> {
        let lodger = Some(worker.lodge(package.clone())?);
        Ok(Self { worker, package, lodger })
    }
}

impl Engine {
    pub(crate) fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, RunError> {
        match self {
            Self::Here(session) => match catch_unwind(AssertUnwindSafe(|| session.run(inputs))) {
                Ok(outputs) => outputs.map_err(|error| RunError::Refused(error.into())),
                Err(_) => Err(RunError::Broken(broken("the model failed inside of the server"))),
            },
            Self::Apart(apart) => {
                let lodger = apart.lodger.as_mut();
                let lodger = lodger.ok_or_else(|| RunError::Broken(broken("its process is not there")))?;
                lodger.run(inputs.to_vec()).map_err(|error| apart.failed(error))
            }
        }
    }

    /// What the parts of the last run took that succeeded.
    pub(crate) fn times(&self) -> RunTimes {
        match self {
            Self::Here(session) => session.times(),
            Self::Apart(apart) => apart.lodger.as_ref().map(Lodger::times).unwrap_or_default(),
        }
    }

    /// Names and types of the inputs, in the model's order.
    pub(crate) fn inputs(&self) -> Vec<(String, DataType)> {
        match self {
            Self::Here(session) => {
                session.inputs().iter().map(|input| (input.name.clone(), input.data_type)).collect()
            }
            Self::Apart(apart) => {
                apart.lodger.as_ref().map(|lodger| lodger.resident().inputs.clone()).unwrap_or_default()
            }
        }
    }

    pub(crate) fn load_ms(&self) -> f64 {
        match self {
            Self::Here(session) => session.load_ms(),
            Self::Apart(apart) => apart.lodger.as_ref().map_or(0.0, |lodger| lodger.resident().load_ms),
        }
    }

    pub(crate) fn stopper(&self) -> Option<Stopper> {
        match self {
            Self::Here(session) => Some(Stopper::Here(session.stop())),
            Self::Apart(apart) => apart.lodger.as_ref().map(|lodger| Stopper::Apart(lodger.killer())),
        }
    }

    pub(crate) const fn is_apart(&self) -> bool {
        matches!(self, Self::Apart(_))
    }

    /// Whether a child has to be started before anything can be run.
    pub(crate) const fn is_gone(&self) -> bool {
        matches!(self, Self::Apart(Apart { lodger: None, .. }))
    }

    /// Why the child is not there any more, though nothing was asked of it.
    pub(crate) fn lost(&mut self) -> Option<Problem> {
        let Self::Apart(apart) = self else { return None };
        let error = apart.lodger.as_mut()?.is_dead()?;
        apart.lodger = None;
        Some(told(&error))
    }

    /// Starts the child again. A session of this process needs no mending.
    pub(crate) fn mend(&mut self) -> Result<(), Problem> {
        if let Self::Apart(apart) = self {
            let lodger = apart.worker.lodge(apart.package.clone());
            apart.lodger = Some(lodger.map_err(|error| told(&error))?);
        }
        Ok(())
    }
}

impl Apart {
    fn failed(&mut self, error: WorkerError) -> RunError {
        match error {
            WorkerError::Failed(failure) if failure.code != "worker-panic" => {
                RunError::Refused(refused(failure))
            }
            other => {
                self.lodger = None;
                RunError::Broken(told(&other))
            }
        }
    }
}

/// What the child says of inputs. Its sentences about runs are ONNX Runtime's, which are not for clients.
fn refused(failure: Failure) -> Problem {
    let message = match failure.code.as_str() {
        "inputs" => failure.message,
        _ => "the model cannot answer these inputs".into(),
    };
    Problem { code: failure.code.into(), ..Problem::bad("model-run", message) }.hint(failure.hint)
}

/// Why the child is gone, without what it said last: that is the log's.
fn told(error: &WorkerError) -> Problem {
    if let WorkerError::Died(death) = error {
        tracing::warn!(last_words = death.last_words, "a model's process died");
    }
    match error {
        WorkerError::Limit { limit: Limit::Memory, .. } => {
            broken("it wanted more memory than it may have").hint("Give the endpoint more memory_bytes.")
        }
        WorkerError::Died(death) => broken(&format!("its process ended: {death}")),
        WorkerError::Failed(failure) => broken(&format!("it cannot be loaded: {}", failure.code)),
        WorkerError::Limit { limit: Limit::Time, .. } => broken("its process took too long to load it"),
        other => {
            tracing::error!("a model's process: {other}");
            broken("its process cannot be used")
        }
    }
}

/// An answer for requests whose model broke.
pub(crate) fn broken(why: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "model-failed", format!("the model failed: {why}"))
}
