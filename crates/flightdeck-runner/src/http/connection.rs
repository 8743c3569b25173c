//! Accepting connections: bounded in number, in headers and in time, and drained at the end.

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

const MAX_CONNECTIONS: usize = 1024;
const HEADER_TIME: Duration = Duration::from_secs(10);
const MAX_HEADERS: usize = 100;
const MAX_HEADER_BYTES: usize = 64 << 10;
const MAX_STREAMS: u32 = 128;
/// How long requests may take to end when the server does.
const GRACE: Duration = Duration::from_secs(10);
/// After an error of the system that has nothing to do with a connection, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// A bound port.
pub(crate) struct Listener {
    inner: TcpListener,
    pub(crate) address: SocketAddr,
}

/// Binds a port.
pub(crate) async fn listen(address: SocketAddr) -> io::Result<Listener> {
    let inner = TcpListener::bind(address).await?;
    let address = inner.local_addr()?;
    Ok(Listener { inner, address })
}

impl Listener {
    /// Serves until `end` is there, then lets requests finish.
    pub(crate) async fn serve(self, router: Router, end: impl Future<Output = ()>) {
        let (draining, drain) = watch::channel(false);
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        let mut end = pin!(end);
        loop {
            let accepted = tokio::select! {
                () = &mut end => break,
                Some(_) = connections.join_next() => continue,
                accepted = accept(&self.inner, &places) => accepted,
            };
            if let Ok((stream, place)) = accepted {
                let connection = converse(stream, router.clone(), drain.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            } else {
                tokio::time::sleep(PAUSE).await;
            }
        }
        drop(self.inner);
        let _ = draining.send(true);
        let rest = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(GRACE, rest).await;
    }
}

/// A place first: a connection beyond the limit waits in the system's queue.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn converse(stream: TcpStream, router: Router, mut drain: watch::Receiver<bool>) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES as u32);
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = drain.wait_for(|draining| *draining) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
