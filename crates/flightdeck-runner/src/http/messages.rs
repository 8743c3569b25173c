//! The messages of a stream on their way in. Between two of them a stream may be quiet for as long as it likes; one that was
//! begun takes its room among all bodies, and must be there in time.

use super::body::Held;
use super::pace::TooSlow;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// Before each message: whether it is compressed, and its length.
const HEAD_BYTES: usize = 5;

/// A body of such messages. It ends with an error when one takes too long, or finds no room.
pub(crate) struct Messages {
    inner: Body,
    head: Vec<u8>,
    /// How much of the message that was begun is still to come.
    left: usize,
    held: Held,
    /// Until when the message that was begun must be there.
    until: Option<Pin<Box<Sleep>>>,
    patience: Duration,
}

impl Messages {
    /// `patience` is how long one message may take.
    pub(crate) fn new(inner: Body, patience: Duration) -> Self {
        Self { inner, head: Vec::new(), left: 0, held: Held::default(), until: None, patience }
    }

    fn is_begun(&self) -> bool {
        self.left > 0 || !self.head.is_empty()
    }

    /// Follows the messages through what arrived.
    fn pass(&mut self, mut bytes: &[u8]) -> Result<(), axum::Error> {
        while !bytes.is_empty() {
            if self.left == 0 {
                let take = (HEAD_BYTES - self.head.len()).min(bytes.len());
                self.head.extend_from_slice(&bytes[..take]);
                bytes = &bytes[take..];
                let Ok([_, length @ ..]) = <[u8; HEAD_BYTES]>::try_from(self.head.as_slice()) else {
                    continue;
                };
                self.head.clear();
                self.left = u32::from_be_bytes(length) as usize;
                self.held = Held::default();
                self.held.grow(self.left).map_err(|problem| axum::Error::new(Crowded(problem.message)))?;
            } else {
                let take = self.left.min(bytes.len());
                self.left -= take;
                bytes = &bytes[take..];
            }
        }
        if self.is_begun() {
            self.until.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        } else {
            self.until = None;
        }
        Ok(())
    }
}

/// There is no room for a message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Crowded(String);

impl HttpBody for Messages {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let passed = frame.data_ref().map_or(Ok(()), |bytes| this.pass(bytes));
                Poll::Ready(Some(passed.map(|()| frame)))
            }
            Poll::Pending => match &mut this.until {
                Some(until) => until.as_mut().poll(cx).map(|()| Some(Err(axum::Error::new(TooSlow)))),
                None => Poll::Pending,
            },
            ended @ Poll::Ready(_) => ended,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use futures_util::stream::{iter, pending};

    fn message(bytes: &[u8]) -> Vec<u8> {
        [&[0][..], &(bytes.len() as u32).to_be_bytes(), bytes].concat()
    }

    /// What comes through of these parts when nothing more ever follows them.
    async fn through(parts: Vec<Vec<u8>>) -> Result<Vec<u8>, String> {
        let count: usize = parts.iter().map(Vec::len).sum();
        let parts = iter(parts.into_iter().map(|part| Ok::<_, std::io::Error>(Bytes::from(part))));
        let body = Messages::new(Body::from_stream(parts.chain(pending())), Duration::from_millis(50));
        let (mut parts, mut all) = (Body::new(body).into_data_stream(), Vec::new());
        while all.len() < count {
            all.extend(parts.next().await.unwrap().map_err(|error| error.to_string())?);
        }
        // A quiet stream stays; one in the middle of a message does not.
        match tokio::time::timeout(Duration::from_millis(200), parts.next()).await {
            Err(_) => Ok(all),
            Ok(next) => Err(next.unwrap().unwrap_err().to_string()),
        }
    }

    #[tokio::test]
    async fn r6_a_stream_may_be_quiet_between_messages_and_not_within_one() {
        let whole = [message(b"one"), message(b""), message(&vec![7; 100_000])].concat();
        let pieces = |size: usize| whole.chunks(size).map(<[u8]>::to_vec).collect::<Vec<_>>();
        for size in [1_000, 7, 200_000] {
            assert_eq!(through(pieces(size)).await.unwrap(), whole);
        }
        let cut = whole[..whole.len() - 1].to_vec();
        assert!(through(vec![cut]).await.unwrap_err().contains("too slowly"));
        assert!(through(vec![vec![0, 0]]).await.unwrap_err().contains("too slowly"), "within a head");
    }

    #[tokio::test]
    async fn r1_a_claim_beyond_all_room_is_refused_before_it_is_made_true() {
        let claim = [&[0][..], &u32::MAX.to_be_bytes()].concat();
        assert!(through(vec![claim]).await.unwrap_err().contains("room"));
    }
}
