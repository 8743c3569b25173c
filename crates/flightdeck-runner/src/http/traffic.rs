//! What moves on one connection: requests that run, answers that wait to be taken.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    running: AtomicU64,
    waiting: AtomicU64,
    moved: AtomicU64,
}

/// What a look at a connection finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Moving,
    /// Nothing was asked for since the last look, and everything is answered.
    Idle,
    /// Answers are not taken.
    Stuck,
}

impl Traffic {
    /// `seen` is what the last look left.
    pub(super) fn look(&self, seen: &mut u64) -> Found {
        let moved = self.moved.load(Ordering::Relaxed);
        if std::mem::replace(seen, moved) != moved || self.running.load(Ordering::Relaxed) > 0 {
            return Found::Moving;
        }
        if self.waiting.load(Ordering::Relaxed) > 0 { Found::Stuck } else { Found::Idle }
    }

    fn moves(&self) {
        self.moved.fetch_add(1, Ordering::Relaxed);
    }
}

/// A request that runs.
pub(super) struct Running(Arc<Traffic>);

impl Running {
    pub(super) fn begin(traffic: &Arc<Traffic>) -> Self {
        traffic.running.fetch_add(1, Ordering::Relaxed);
        traffic.moves();
        Self(Arc::clone(traffic))
    }

    /// The answer is there and waits to be taken.
    pub(super) fn answer(&self, body: Body) -> Delivery {
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
        Delivery { body, traffic: Arc::clone(&self.0) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
        self.0.moves();
    }
}

/// The body of an answer until it is taken.
pub(super) struct Delivery {
    body: Body,
    traffic: Arc<Traffic>,
}

impl HttpBody for Delivery {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.traffic.moves();
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.traffic.waiting.fetch_sub(1, Ordering::Relaxed);
        self.traffic.moves();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_moves_is_idle_or_is_stuck() {
        let (traffic, mut seen) = (Arc::new(Traffic::default()), 0);
        assert_eq!(traffic.look(&mut seen), Found::Idle);
        let running = Running::begin(&traffic);
        assert_eq!([traffic.look(&mut seen), traffic.look(&mut seen)], [Found::Moving; 2], "it runs");
        let answer = running.answer(Body::from("x"));
        drop(running);
        assert_eq!([traffic.look(&mut seen), traffic.look(&mut seen)], [Found::Moving, Found::Stuck]);
        drop(answer);
        assert_eq!([traffic.look(&mut seen), traffic.look(&mut seen)], [Found::Moving, Found::Idle]);
    }
}
