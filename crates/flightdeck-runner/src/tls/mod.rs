//! Encryption: TLS 1.2 and 1.3 with a certificate that can be replaced while connections last.
//!
//! The certificate is the operator's, or one that this server made for itself and keeps in its data folder. Who relies on
//! the latter pins its key, which stays the same as long as the folder does.

mod certificate;
mod files;

use crate::config::Tls;
use arc_swap::ArcSwap;
use certificate::Source;
use flightdeck_protocol::pairing::Hex32;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the certificate's files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Why nothing can be encrypted.
#[derive(Debug, Error)]
pub(crate) enum TlsError {
    #[error("cannot use {}: {source}. Check that it exists and that this server may read it", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} can be read by others. Let nobody but its owner read it (chmod 600)", .0.display())]
    Open(PathBuf),
    #[error("{} belongs to another user. Give it to the user that runs this server", .0.display())]
    Foreign(PathBuf),
    #[error("{} is not PEM that holds {what}", .path.display())]
    Pem { path: PathBuf, what: &'static str },
    #[error("the certificate and its key do not fit: {0}")]
    Pair(rustls::Error),
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    #[error("TLS cannot be set up: {0}")]
    SetUp(rustls::Error),
}

/// Encrypts connections. Clones share the certificate.
#[derive(Clone)]
pub(crate) struct Encryption {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    deadline: Duration,
}

/// The certificate in use.
struct Current {
    source: Source,
    provider: Arc<CryptoProvider>,
    certified: ArcSwap<Certified>,
}

struct Certified {
    key: Arc<CertifiedKey>,
    fingerprint: Hex32,
    /// What its files looked like when it was read.
    seen: files::Seen,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Current").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Encryption {
    /// Reads the operator's certificate, or this server's own, which is made if there is none.
    pub(crate) fn begin(tls: &Tls, data: &Path, address: SocketAddr) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let source = match (&tls.cert, &tls.key) {
            (Some(cert), Some(key)) => Source::operators(cert, key),
            _ => Source::own(data, address)?,
        };
        let certified = ArcSwap::from_pointee(source.read(&provider)?);
        let current = Arc::new(Current { source, provider: Arc::clone(&provider), certified });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(TlsError::SetUp)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Current>::clone(&current));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { acceptor, current, deadline: tls.handshake_seconds.duration() })
    }

    /// Agrees with the other side, in time or not at all.
    pub(crate) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        match tokio::time::timeout(self.deadline, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!("no TLS connection: {error}");
                None
            }
            Err(_) => None,
        }
    }

    /// The SHA-256 of the key in use, as a desktop pins it.
    pub(crate) fn fingerprint(&self) -> Hex32 {
        self.current.certified.load().fingerprint
    }

    /// Reads the files again. Connections that are open keep what they have; when the files cannot be used, the old
    /// certificate stays.
    pub(crate) fn reload(&self) {
        match self.current.source.read(&self.current.provider) {
            Ok(certified) => {
                tracing::info!(key = %certified.fingerprint, "certificate read");
                self.current.certified.store(Arc::new(certified));
            }
            Err(error) => tracing::error!("the certificate stays as it was: {error}"),
        }
    }

    /// Reads the files again whenever they change. Never ends.
    pub(crate) async fn watch(&self) {
        let mut looks = tokio::time::interval(LOOK);
        let mut tried = self.current.certified.load().seen.clone();
        loop {
            looks.tick().await;
            let now = self.current.source.look();
            if now != tried {
                tried = now;
                // A disk elsewhere may take its time.
                let encryption = self.clone();
                if let Err(error) = tokio::task::spawn_blocking(move || encryption.reload()).await {
                    tracing::error!("the certificate cannot be read: {error}");
                }
            }
        }
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.certified.load().key))
    }
}
