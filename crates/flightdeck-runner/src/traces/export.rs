//! The thread that sends spans to the collector, in batches.

use super::{Order, Span, otlp};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use thiserror::Error;

/// Spans in one request.
const BATCH: usize = 512;
/// How long a span may wait for others.
const EVERY: Duration = Duration::from_secs(2);
/// How long the collector has for anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where spans go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Collector {
    authority: String,
    path: String,
}

/// An address that spans cannot go to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "traces go to a collector at http://HOST:PORT, not to {0:?}; a collector nearby can encrypt what it sends on"
)]
pub(crate) struct CollectorError(String);

impl std::str::FromStr for Collector {
    type Err = CollectorError;

    /// `http://HOST:PORT`, to which `/v1/traces` is added as OpenTelemetry does.
    fn from_str(text: &str) -> Result<Self, CollectorError> {
        let wrong = || CollectorError(text.into());
        let uri: axum::http::Uri = text.parse().map_err(|_| wrong())?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(wrong)?;
        let host =
            if authority.port().is_some() { authority.to_string() } else { format!("{authority}:4318") };
        let base = uri.path().trim_end_matches('/');
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(wrong());
        }
        Ok(Self { authority: host, path: format!("{base}/v1/traces") })
    }
}

/// Sends until it is told to end.
pub(super) fn run(collector: &Collector, inbox: &Receiver<Order>, dropped: &AtomicU64) {
    let (mut waiting, mut is_away): (Vec<Span>, bool) = (Vec::new(), false);
    let mut due = Instant::now() + EVERY;
    loop {
        let order = inbox.recv_timeout(due.saturating_duration_since(Instant::now()));
        let is_end = matches!(order, Ok(Order::End) | Err(RecvTimeoutError::Disconnected));
        let is_due = order.is_err();
        if let Ok(Order::Send(span)) = order {
            waiting.push(span);
        }
        if waiting.len() < BATCH && !is_due && !is_end {
            continue;
        }
        due = Instant::now() + EVERY;
        if !waiting.is_empty() {
            let sent = send(collector, &waiting);
            if let Err(error) = &sent {
                dropped.fetch_add(waiting.len() as u64, Relaxed);
                // Said once, not with every batch.
                if !is_away {
                    tracing::warn!("the collector does not take traces, they are dropped: {error}");
                }
            }
            is_away = sent.is_err();
            waiting.clear();
        }
        if is_end {
            return;
        }
    }
}

fn send(collector: &Collector, spans: &[Span]) -> io::Result<()> {
    let body = otlp::body(spans).to_string();
    let Collector { authority, path } = collector;
    let address = authority.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    // `HTTP/1.1 200`
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    if status[9] == b'2' {
        return Ok(());
    }
    Err(io::Error::other(format!("it answered {}", String::from_utf8_lossy(&status[9..]))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_named_as_elsewhere() {
        let of = |text: &str| text.parse::<Collector>().map(|found| (found.authority, found.path));
        assert_eq!(of("http://localhost:4318"), Ok(("localhost:4318".into(), "/v1/traces".into())));
        assert_eq!(of("http://[::1]/otel/"), Ok(("[::1]:4318".into(), "/otel/v1/traces".into())));
        for wrong in
            ["https://a:1", "localhost:4318", "http://", "http://u@a:1", "grpc://a:1", "http://a:1?q"]
        {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
