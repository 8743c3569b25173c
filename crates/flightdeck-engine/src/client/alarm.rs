//! Ends what takes too long: a thread that waits for the time to be over, or for nobody to need it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Does something when it is not dropped in time.
pub struct Alarm {
    is_over: Arc<AtomicBool>,
    /// Dropped, it wakes the thread, which ends.
    _wanted: Sender<()>,
}

impl Alarm {
    /// Calls `end` when the time is over.
    pub fn after(time: Duration, end: impl FnOnce() + Send + 'static) -> std::io::Result<Self> {
        let (wanted, wait) = channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        thread::Builder::new().name("alarm".into()).spawn(move || {
            if wait.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                over.store(true, Ordering::Release);
                end();
            }
        })?;
        Ok(Self { is_over, _wanted: wanted })
    }

    /// Whether the time was over.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}
