//! A runner's key, remembered from pairing and demanded ever after.
//!
//! What is pinned is the SHA-256 of the certificate's public key. Names and dates of the certificate say nothing that the
//! key does not say better, and are not looked at: a runner on a device whose clock is wrong is still the same runner.
//! That the other side holds the key is checked in each handshake, before a byte is sent.

use flightdeck_core::{Digest, DigestError};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The SHA-256 of a certificate's `SubjectPublicKeyInfo`. Written like a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pin(Digest);

impl Pin {
    /// The pin of a certificate in DER; `None` when it is not a certificate.
    pub fn of_certificate(der: &[u8]) -> Option<Self> {
        let certificate = CertificateDer::from(der);
        let parsed = ParsedCertificate::try_from(&certificate).ok()?;
        let hash = ring::digest::digest(&ring::digest::SHA256, parsed.subject_public_key_info().as_ref());
        let bytes = hash.as_ref().try_into().ok()?;
        Some(Self(Digest::from_bytes(bytes)))
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// As a digest.
    pub const fn digest(&self) -> Digest {
        self.0
    }
}

impl From<Digest> for Pin {
    fn from(digest: Digest) -> Self {
        Self(digest)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Pin {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        text.parse().map(Self)
    }
}

/// What the handshakes of one client saw.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    expected: Option<Pin>,
    other: Option<Pin>,
    certificate: Option<Vec<u8>>,
}

impl Seen {
    /// Accepts this key alone; without one, whichever comes first.
    pub(crate) fn expecting(expected: Option<Pin>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { expected, ..State::default() })))
    }

    /// The key that is expected, and its certificate once it was seen.
    pub(crate) fn met(&self) -> Option<(Pin, Vec<u8>)> {
        let state = self.lock();
        state.expected.zip(state.certificate.clone())
    }

    /// The expected key, and the other one that was found since this was asked last.
    pub(crate) fn take_other(&self) -> Option<(Pin, Pin)> {
        let mut state = self.lock();
        state.expected.zip(state.other.take())
    }

    /// Whether this certificate is let through.
    fn admits(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let found = Pin::of_certificate(certificate).ok_or(CertificateError::BadEncoding)?;
        let mut state = self.lock();
        if *state.expected.get_or_insert(found) == found {
            state.certificate = Some(certificate.to_vec());
            return Ok(());
        }
        state.other = Some(found);
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// TLS for a client that demands this key, or takes any when none is given.
pub fn tls_config(pin: Option<Pin>) -> Result<ClientConfig, Error> {
    tls(Seen::expecting(pin))
}

/// TLS that lets through what `seen` admits and nothing else.
pub(crate) fn tls(seen: Arc<Seen>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider as Arc<CryptoProvider>)
        .with_safe_default_protocol_versions()?;
    let verifier = Arc::new(ByKey { seen, algorithms });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

#[derive(Debug)]
struct ByKey {
    seen: Arc<Seen>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for ByKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.seen.admits(end_entity)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
