//! A server that speaks TLS with the certificate it is given, answers what it is told to, and remembers what it heard.

use flightdeck_protocol::Pin;
use rcgen::{CertificateParams, KeyPair};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

/// A self-signed certificate.
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    pub(crate) fn new(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(vec!["flightdeck-runner".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, key: key.serialize_der() }
    }

    pub(crate) fn pin(&self) -> Pin {
        Pin::of_certificate(&self.certificate).unwrap()
    }
}

/// What it answers: by the request's first line and body.
type Answer = dyn Fn(&str, &str) -> (u16, String) + Send + Sync;

pub(crate) struct Server {
    pub(crate) base: String,
    heard: Arc<Mutex<String>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(
        identity: &Identity,
        answer: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let key = PrivateKeyDer::try_from(identity.key.clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config =
            config.with_no_client_auth().with_single_cert(vec![identity.certificate.clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://{}", listener.local_addr().unwrap());
        let heard = Arc::<Mutex<String>>::default();
        let (ears, answer): (_, Arc<Answer>) = (heard.clone(), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, ears, answer) = (acceptor.clone(), ears.clone(), answer.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, &ears, &*answer).await;
                    }
                });
            }
        });
        Self { base, heard, task }
    }

    /// Everything that anybody said to it.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<S: AsyncReadExt + AsyncWriteExt + Unpin>(
    mut stream: S,
    ears: &Mutex<String>,
    answer: &Answer,
) {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let new = String::from_utf8_lossy(&buffer[..count]).into_owned();
        ears.lock().unwrap().push_str(&new);
        text.push_str(&new);
        while let Some((head, rest)) = text.clone().split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0);
            let Some(body) = rest.get(..length) else { break };
            let (status, said) = answer(head.lines().next().unwrap(), body);
            text = rest[length..].to_owned();
            let reply = format!("HTTP/1.1 {status} It\r\ncontent-length: {}\r\n\r\n{said}", said.len());
            if stream.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}
