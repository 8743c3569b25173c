//! Looks after runs that take too long: one thread for all lanes.

use super::Lane;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(100);

type Lanes = Mutex<Vec<Weak<Lane>>>;

/// Its thread ends with it.
pub(crate) struct Watch {
    lanes: Arc<Lanes>,
    thread: Thread,
}

impl Watch {
    pub(crate) fn start() -> std::io::Result<Self> {
        let lanes = Arc::new(Lanes::default());
        let watched = Arc::downgrade(&lanes);
        let thread = thread::Builder::new().name("watch".into()).spawn(move || {
            while let Some(lanes) = watched.upgrade() {
                if look(&lanes) {
                    drop(lanes);
                    thread::park_timeout(TICK);
                } else {
                    drop(lanes);
                    thread::park();
                }
            }
        })?;
        Ok(Self { lanes, thread: thread.thread().clone() })
    }

    pub(crate) fn add(&self, lane: &Arc<Lane>) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(lane));
        self.thread.unpark();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.lanes = Arc::default();
        self.thread.unpark();
    }
}

/// Looks at each lane; whether there are any.
fn look(lanes: &Lanes) -> bool {
    let mut lanes = lanes.lock().unwrap_or_else(PoisonError::into_inner);
    lanes.retain(|lane| lane.upgrade().inspect(Lane::look).is_some());
    !lanes.is_empty()
}
