//! Accepting connections: bounded in number, in headers and in time, and drained at the end.
//!
//! HTTP/1 and HTTP/2 share one port, encrypted or not; which of them a connection speaks is told by its first bytes.

use super::edge::Edge;
use super::peers::{Peer, Peers};
use super::traffic::{Found, Traffic};
use super::wire::Wire;
use crate::config::Http;
use crate::tls::Encryption;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::interval;

/// Connections that the system keeps until they are accepted.
const BACKLOG: u32 = 1024;
/// After an error of the system that has nothing to do with a connection, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// A port that is taken, and does not answer yet.
pub(crate) struct Port {
    socket: TcpSocket,
    pub(crate) address: SocketAddr,
}

/// A port that answers.
pub(crate) struct Listener {
    inner: TcpListener,
}

/// What is served there, and how.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) router: Router,
    pub(crate) encryption: Option<Encryption>,
    pub(crate) limits: Arc<Http>,
}

impl Port {
    /// Takes a port. Until it is opened, whoever connects is refused.
    pub(crate) fn take(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // As std does: a server that restarts need not wait for the old one's last connections.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    pub(crate) fn open(self) -> io::Result<Listener> {
        Ok(Listener { inner: self.socket.listen(BACKLOG)? })
    }
}

impl Listener {
    /// Serves until `end` is there, then lets requests finish for `grace`.
    pub(crate) async fn serve(self, service: Service, end: impl Future<Output = ()>, grace: Duration) {
        let (draining, drain) = watch::channel(false);
        let places = Arc::new(Semaphore::new(service.limits.connections));
        let peers = Peers::new(service.limits.connections_per_address);
        let mut connections = JoinSet::new();
        let mut end = pin!(end);
        loop {
            let accepted = tokio::select! {
                () = &mut end => break,
                Some(_) = connections.join_next() => continue,
                accepted = self.accept(&places, &peers) => accepted,
            };
            match accepted {
                Ok(Some((stream, place))) => {
                    let (service, drain) = (service.clone(), drain.clone());
                    connections.spawn(async move {
                        service.begin(stream, drain).await;
                        drop(place);
                    });
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!("cannot accept connections: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        drop(self.inner);
        let _ = draining.send(true);
        let rest = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(grace, rest).await;
    }

    /// A place first: a connection beyond the limit waits in the system's queue. `None` when its address holds enough.
    async fn accept(
        &self,
        places: &Arc<Semaphore>,
        peers: &Arc<Peers>,
    ) -> io::Result<Option<(TcpStream, (OwnedSemaphorePermit, Peer))>> {
        let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, from) = match self.inner.accept().await {
            Ok(accepted) => accepted,
            // Gone before it was looked at.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(peer) = peers.admit(from.ip()) else { return Ok(None) };
        // Fails when the other side is gone already, which is noticed later.
        let _ = stream.set_nodelay(true);
        Ok(Some((stream, (place, peer))))
    }
}

impl Service {
    async fn begin(self, stream: TcpStream, drain: watch::Receiver<bool>) {
        match &self.encryption {
            None => self.converse(stream, drain).await,
            Some(encryption) => {
                if let Some(stream) = encryption.accept(stream).await {
                    self.converse(stream, drain).await;
                }
            }
        }
    }

    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        mut drain: watch::Receiver<bool>,
    ) {
        let traffic = Arc::new(Traffic::default());
        let (router, encrypted) = (self.router.clone(), self.encryption.is_some());
        let edge = Edge { router, encrypted, traffic: Arc::clone(&traffic) };
        let (builder, wire) = (builder(&self.limits), Wire::new(stream, &self.limits));
        let mut connection = pin!(builder.serve_connection(TokioIo::new(wire), edge));
        let mut looks = interval(self.limits.idle_seconds.duration().max(PAUSE));
        let (mut seen, mut is_ending) = (0, false);
        looks.tick().await;
        loop {
            tokio::select! {
                _ = connection.as_mut() => return,
                _ = drain.wait_for(|draining| *draining), if !is_ending => is_ending = true,
                _ = looks.tick() => match traffic.look(&mut seen) {
                    Found::Moving => continue,
                    Found::Idle => is_ending = true,
                    Found::Stuck => return,
                },
            }
            connection.as_mut().graceful_shutdown();
        }
    }
}

fn builder(limits: &Http) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let ping = limits.ping_seconds.duration();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_seconds.duration())
        .max_headers(limits.header_count)
        .max_buf_size((limits.header_bytes as usize).max(8 << 10));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.header_bytes)
        .max_concurrent_streams(limits.streams)
        .keep_alive_interval((!ping.is_zero()).then_some(ping))
        .keep_alive_timeout(ping.max(Duration::from_secs(1)));
    builder
}
