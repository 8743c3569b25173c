//! The body of a request on its way in: whole enough and fast enough.

use crate::config::Http;
use axum::body::{Body, Bytes, HttpBody};
use bytes::BytesMut;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep_until};

/// Pieces smaller than this are put together: each would cost more than it holds.
const SMALL: usize = 16 << 10;

/// How a body must arrive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    total: Duration,
    grace: Duration,
    bytes_per_second: u64,
}

/// It does not.
#[derive(Clone, Copy, Debug, Error)]
#[error("the body arrives too slowly")]
pub(crate) struct TooSlow;

/// A body that ends with [`TooSlow`] when it is, and comes in pieces that are worth it.
pub(crate) struct Paced {
    inner: Body,
    pace: Pace,
    received: u64,
    pieces: BytesMut,
    /// Since it was first waited for.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    is_done: bool,
}

impl Pace {
    pub(crate) fn new(limits: &Http) -> Self {
        Self {
            total: limits.body_seconds.duration(),
            grace: limits.body_grace_seconds.duration(),
            bytes_per_second: limits.body_bytes_per_second,
        }
    }

    /// How long this many bytes may take.
    fn allowed(&self, received: u64) -> Duration {
        let Some(millis) = received.saturating_mul(1000).checked_div(self.bytes_per_second) else {
            return self.total;
        };
        self.total.min(self.grace.saturating_add(Duration::from_millis(millis)))
    }
}

impl Paced {
    pub(crate) fn new(inner: Body, pace: Pace) -> Self {
        Self { inner, pace, received: 0, pieces: BytesMut::new(), waiting: None, is_done: false }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<TooSlow> {
        let (pace, received) = (self.pace, self.received);
        let (since, timer) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + pace.allowed(received))))
        });
        while timer.as_mut().poll(cx).is_ready() {
            let end = *since + pace.allowed(received);
            if Instant::now() >= end {
                return Poll::Ready(TooSlow);
            }
            timer.as_mut().reset(end);
        }
        Poll::Pending
    }

    /// What was put together so far, when it is enough or the last.
    fn gathered(&mut self, is_last: bool) -> Option<Bytes> {
        let is_enough = self.pieces.len() >= SMALL || (is_last && !self.pieces.is_empty());
        is_enough.then(|| self.pieces.split().freeze())
    }

    fn take(&mut self, data: Bytes) -> Option<Bytes> {
        self.received += data.len() as u64;
        let is_last = self.inner.is_end_stream();
        if self.pieces.is_empty() && (is_last || data.len() >= SMALL) {
            return Some(data);
        }
        self.pieces.extend_from_slice(&data);
        self.gathered(is_last)
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        while !this.is_done {
            let found = match Pin::new(&mut this.inner).poll_frame(cx) {
                // Trailers are nobody's business here.
                Poll::Ready(Some(Ok(frame))) => frame.into_data().ok().and_then(|data| this.take(data)),
                Poll::Ready(None) => {
                    this.is_done = true;
                    this.gathered(true)
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Pending => {
                    return this.wait(cx).map(|slow| {
                        this.is_done = true;
                        Some(Err(axum::Error::new(slow)))
                    });
                }
            };
            if let Some(data) = found {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.is_done || (self.inner.is_end_stream() && self.pieces.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.inner.size_hint();
        let here = self.pieces.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(here));
        }
        hint.set_lower(hint.lower().saturating_add(here));
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Seconds;
    use axum::body::to_bytes;
    use futures_util::{StreamExt, stream};
    use std::convert::Infallible;

    fn pieces(count: usize, size: usize, every: Duration) -> Body {
        let pieces = stream::iter(0..count).then(move |at| async move {
            if !every.is_zero() {
                tokio::time::sleep(every).await;
            }
            Ok::<_, Infallible>(Bytes::from(vec![at as u8; size]))
        });
        Body::from_stream(pieces)
    }

    async fn read(body: Body, seconds: f64) -> Result<usize, String> {
        let (grace, total) = (Seconds::fraction(0.5), Seconds::fraction(seconds));
        let limits = Http { body_grace_seconds: grace, body_seconds: total, ..Http::default() };
        let read = to_bytes(Body::new(Paced::new(body, Pace::new(&limits))), usize::MAX).await;
        read.map(|bytes| bytes.len()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn r6_a_body_of_one_byte_at_a_time_is_ended_and_a_slow_one_is_not() {
        let every = Duration::from_millis(50);
        // It would be there long before a body has to be: its rate is looked at, not only its end.
        assert!(read(pieces(1000, 1, every), 600.0).await.unwrap_err().contains("too slowly"));
        // Two kilobytes a second and more are enough, but not for longer than a body may take.
        assert_eq!(read(pieces(8, 1024, every), 600.0).await, Ok(8 * 1024));
        assert!(read(pieces(1000, 1024, every), 1.0).await.is_err());
        assert!(read(Body::from_stream(stream::pending::<Result<Bytes, Infallible>>()), 1.0).await.is_err());
    }

    #[tokio::test]
    async fn r6_many_small_pieces_become_few() {
        let mut paced = Paced::new(pieces(100_000, 3, Duration::ZERO), Pace::new(&Http::default()));
        let (mut frames, mut bytes) = (0, Vec::new());
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut paced).poll_frame(cx)).await {
            frames += 1;
            bytes.extend_from_slice(&frame.unwrap().into_data().unwrap());
        }
        assert_eq!((bytes.len(), frames), (300_000, 300_000_usize.div_ceil(16_386)));
        assert!(bytes.chunks(3).enumerate().all(|(at, piece)| piece == [at as u8; 3]));
        assert!(paced.is_end_stream());
    }
}
