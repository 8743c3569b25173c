//! Traces for OpenTelemetry, when the configuration names a collector: one span for each request, sent as OTLP in JSON over
//! plain HTTP.
//!
//! Off it costs one look at an option. On, a request leaves its span in a bounded queue and never waits: what finds no room
//! or nobody takes is dropped and counted. A span carries the route and the endpoint, never what a request says.

mod context;
mod export;
mod otlp;

use crate::http::RouteName;
use axum::http::{HeaderMap, StatusCode};
use context::Parent;
pub(crate) use export::{Collector, CollectorError};
use flightdeck_core::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Spans that may wait to be sent.
const MAX_WAITING: usize = 2048;
/// How long the end of the server waits for the last of them.
const LAST: Duration = Duration::from_secs(3);

/// Takes spans and sends them.
pub(crate) struct Traces {
    orders: SyncSender<Order>,
    dropped: Arc<AtomicU64>,
    ended: Mutex<Option<Receiver<()>>>,
}

enum Order {
    Send(Span),
    End,
}

/// A request on its way.
pub(crate) struct Begun {
    parent: Parent,
    id: [u8; 8],
    at: Timestamp,
    start: Instant,
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq)]
struct Span {
    trace: [u8; 16],
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    method: &'static str,
    route: &'static str,
    endpoint: Option<String>,
    status: u16,
    start_ns: u64,
    took_ns: u64,
}

impl Begun {
    /// Begins the span of a request; `None` when whoever asked does not record.
    pub(crate) fn of(headers: &HeaderMap, at: Timestamp) -> Option<Self> {
        let parent = Parent::of(headers)?;
        let mut id = [0; 8];
        getrandom::fill(&mut id).ok()?;
        Some(Self { parent, id, at, start: Instant::now() })
    }
}

impl Traces {
    /// Sends to this collector from now on.
    pub(crate) fn start(collector: Collector) -> Self {
        let (orders, inbox) = sync_channel(MAX_WAITING);
        let (end, ended) = sync_channel(1);
        let dropped = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&dropped);
        std::thread::spawn(move || {
            export::run(&collector, &inbox, &counted);
            let _ = end.send(());
        });
        Self { orders, dropped, ended: Mutex::new(Some(ended)) }
    }

    /// Ends a request. The endpoint is one that exists.
    pub(crate) fn end(&self, begun: &Begun, route: RouteName, endpoint: Option<String>, status: StatusCode) {
        let Begun { parent, id, at, start } = *begun;
        let span = Span {
            trace: parent.trace,
            id,
            parent: parent.span,
            method: route.method,
            route: route.path,
            endpoint,
            status: status.as_u16(),
            start_ns: at.as_ms() as u64 * 1_000_000,
            took_ns: start.elapsed().as_nanos() as u64,
        };
        if self.orders.try_send(Order::Send(span)).is_err() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Spans that nobody took.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    /// Sends what waits, for a moment. Nothing is taken afterwards.
    pub(crate) fn finish(&self) {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended.filter(|_| self.orders.try_send(Order::End).is_ok()) {
            let _ = ended.recv_timeout(LAST);
        }
    }
}
