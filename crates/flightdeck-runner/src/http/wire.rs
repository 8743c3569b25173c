//! The bytes of a connection: nobody may open one and say nothing, or ask for much and take nothing.

use super::framing::Framing;
use crate::config::Http;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// A reader who is behind must take this much in each idle time: less is nothing.
const LEAST_TAKEN: u64 = 16 << 10;

/// A connection that is watched.
pub(super) struct Wire<S> {
    inner: S,
    framing: Framing,
    /// Until it is known what the connection speaks. From then on the HTTP library watches the reading.
    opening: Option<Pin<Box<Sleep>>>,
    /// While the other side does not take what is written: until when it must, and what it took since.
    blocked: Option<(Pin<Box<Sleep>>, u64)>,
    patience: Duration,
}

impl<S> Wire<S> {
    pub(super) fn new(inner: S, limits: &Http) -> Self {
        let opening = Some(Box::pin(sleep(limits.header_seconds.duration())));
        let patience = limits.idle_seconds.duration();
        Self { inner, framing: Framing::new(), opening, blocked: None, patience }
    }

    /// Called when the other side takes nothing at the moment.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let patience = self.patience;
        let (timer, taken) = self.blocked.get_or_insert_with(|| (Box::pin(sleep(patience)), 0));
        ready!(timer.as_mut().poll(cx));
        if *taken < LEAST_TAKEN {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        *taken = 0;
        timer.as_mut().reset(Instant::now() + patience);
        // Asks to be polled again at the new time.
        let _ = timer.as_mut().poll(cx);
        Poll::Pending
    }

    fn took(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match (written, &mut self.blocked) {
            (Poll::Pending, _) => self.wait(cx),
            (Poll::Ready(Ok(bytes)), Some((_, taken))) => {
                *taken += bytes as u64;
                Poll::Ready(Ok(bytes))
            }
            (written, _) => written,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        match Pin::new(&mut this.inner).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                this.framing.pass(&mut buf.filled_mut()[before..]);
                if this.framing.is_decided() {
                    this.opening = None;
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                let Some(opening) = &mut this.opening else { return Poll::Pending };
                opening.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
            failed @ Poll::Ready(_) => failed,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.took(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bytes);
        self.took(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// Everything was taken: the next wait is a new one.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                self.blocked = None;
                Poll::Ready(Ok(()))
            }
            Poll::Pending => self.wait(cx).map_ok(|_| ()),
            failed @ Poll::Ready(_) => failed,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Seconds;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    fn kind<T>(result: io::Result<T>) -> Option<io::ErrorKind> {
        result.err().map(|error| error.kind())
    }

    fn hasty() -> Http {
        let seconds = Seconds::fraction(0.2);
        Http { header_seconds: seconds, idle_seconds: seconds, ..Http::default() }
    }

    /// Takes this much, fifty times a second, until it has `most`.
    async fn take(far: &mut DuplexStream, much: usize, most: usize) -> usize {
        let (mut tick, mut taken) = (tokio::time::interval(Duration::from_millis(20)), 0);
        while taken < most {
            tick.tick().await;
            taken += far.read(&mut vec![0; much]).await.unwrap();
        }
        taken
    }

    #[tokio::test]
    async fn r6_who_opens_and_says_nothing_is_let_go() {
        for said in [&b""[..], b"P", b"PRI * HTTP/2.0\r\n"] {
            let (mut far, near) = duplex(1024);
            far.write_all(said).await.unwrap();
            let read = Wire::new(near, &hasty()).read_to_end(&mut Vec::new()).await;
            assert_eq!(kind(read), Some(io::ErrorKind::TimedOut), "{said:?}");
        }
    }

    #[tokio::test]
    async fn r6_a_reader_who_takes_nothing_or_drops_is_let_go() {
        let (_far, near) = duplex(1024);
        let mut wire = Wire::new(near, &hasty());
        assert_eq!(kind(wire.write_all(&[0; 4096]).await), Some(io::ErrorKind::TimedOut));

        let (mut far, near) = duplex(1024);
        let (mut wire, bytes) = (Wire::new(near, &hasty()), vec![0; 1 << 20]);
        let written = tokio::select! {
            written = wire.write_all(&bytes) => written,
            _ = take(&mut far, 1, usize::MAX) => Ok(()),
        };
        assert_eq!(kind(written), Some(io::ErrorKind::TimedOut));
    }

    #[tokio::test]
    async fn a_reader_who_is_merely_slow_gets_everything() {
        let (mut far, near) = duplex(8192);
        let mut wire = Wire::new(near, &hasty());
        let bytes = vec![0; 200 << 10];
        let (written, taken) = tokio::join!(wire.write_all(&bytes), take(&mut far, 8192, bytes.len()));
        assert_eq!((kind(written), taken), (None, bytes.len()));
    }
}
