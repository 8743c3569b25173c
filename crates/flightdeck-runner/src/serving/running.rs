//! The run that a lane is at, and ending it when it takes too long.

use super::engine::{Stopper, broken};
use crate::problem::Problem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a run that was ended may take to notice. One that is inside of a long operator does not.
const GRACE: Duration = Duration::from_secs(2);

/// The run that a lane is at.
pub(super) struct Running {
    limit: Duration,
    inner: Mutex<Inner>,
}

struct Inner {
    since: Option<Instant>,
    stopper: Option<Stopper>,
    is_stopped: bool,
}

/// How long a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Nothing is run.
    Idle,
    /// It may go on, or was told to end.
    Fair,
    /// It was told to end and does not.
    Stuck,
}

impl Running {
    pub(super) const fn new(limit: Duration, stopper: Option<Stopper>) -> Self {
        Self { limit, inner: Mutex::new(Inner { since: None, stopper, is_stopped: false }) }
    }

    /// Another child runs from now on.
    pub(super) fn replace(&self, stopper: Option<Stopper>) {
        self.lock().stopper = stopper;
    }

    pub(super) fn begin(&self) {
        let mut inner = self.lock();
        (inner.since, inner.is_stopped) = (Some(Instant::now()), false);
    }

    /// Why the run was ended, if it was.
    pub(super) fn end(&self) -> Option<Problem> {
        let mut inner = self.lock();
        inner.since = None;
        inner.is_stopped.then(|| self.overdue())
    }

    pub(super) fn overdue(&self) -> Problem {
        broken(&format!("a run took longer than {} seconds", self.limit.as_secs()))
    }

    /// Ends a run that takes too long. Under the lock, so that it cannot be the next one that is ended.
    pub(super) fn look(&self) -> Pace {
        let mut inner = self.lock();
        let Some(took) = inner.since.map(|since| since.elapsed()) else { return Pace::Idle };
        if took > self.limit && !inner.is_stopped {
            inner.is_stopped = true;
            if let Some(stopper) = &inner.stopper {
                stopper.stop();
            }
        }
        if took > self.limit + GRACE { Pace::Stuck } else { Pace::Fair }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
