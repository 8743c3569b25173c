//! The model that a worker keeps for its parent.

use super::job::{failed, failure};
use flightdeck_core::Tensor;
use flightdeck_engine::runtime::Session;
use flightdeck_engine::{Failure, Ran, Reply, Resident};

/// The session that was loaded last.
#[derive(Default)]
pub(super) struct Kept(Option<Session>);

impl Kept {
    pub(super) fn load(&mut self, session: Session) -> Reply {
        let inputs = session.inputs().iter().map(|input| (input.name.clone(), input.data_type)).collect();
        let resident = Resident { load_ms: session.load_ms(), inputs };
        self.0 = Some(session);
        Reply::Loaded(resident)
    }

    pub(super) fn run(&mut self, inputs: &[Tensor]) -> Result<Reply, Failure> {
        let nothing = || failure("worker-protocol", &"no model is loaded", "Load one first.");
        let session = self.0.as_mut().ok_or_else(nothing)?;
        let outputs = session.run(inputs).map_err(|error| failed(&error))?;
        Ok(Reply::Ran(Ran { outputs, times: session.times() }))
    }
}
