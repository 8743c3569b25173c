//! Where a certificate comes from: two files of the operator, or two that this server made.

use super::files::{self, Seen};
use super::{Certified, TlsError};
use flightdeck_protocol::pairing::Hex32;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CERT: &str = "tls.crt";
const KEY: &str = "tls.key";

/// The two files.
#[derive(Debug)]
pub(super) struct Source {
    cert: PathBuf,
    key: PathBuf,
    is_own: bool,
}

impl Source {
    pub(super) fn operators(cert: &Path, key: &Path) -> Self {
        Self { cert: cert.into(), key: key.into(), is_own: false }
    }

    /// A key of this server's own, and a certificate that says so. Both are made when they are not there.
    pub(super) fn own(data: &Path, address: SocketAddr) -> Result<Self, TlsError> {
        let own = Self { cert: data.join(CERT), key: data.join(KEY), is_own: true };
        let key = if own.key.exists() {
            files::check_owner(&own.key)?;
            KeyPair::from_pem(&files::read(&own.key)?)?
        } else {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            files::write_secret(&own.key, &key.serialize_pem())?;
            // A certificate of another key is of no use.
            files::remove(&own.cert)?;
            key
        };
        if !own.cert.exists() {
            files::write(&own.cert, &certificate(&key, address.ip())?)?;
        }
        Ok(own)
    }

    pub(super) fn look(&self) -> Seen {
        Seen::of([&self.cert, &self.key])
    }

    pub(super) fn read(&self, provider: &CryptoProvider) -> Result<Certified, TlsError> {
        let seen = self.look();
        if self.is_own {
            files::check_owner(&self.key)?;
        }
        files::check_closed(&self.key)?;
        let pem = |path: &Path, what| TlsError::Pem { path: path.into(), what };
        let (cert, key) = (files::read(&self.cert)?, files::read(&self.key)?);
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(cert.as_bytes()).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| pem(&self.cert, "a certificate"))?;
        let key =
            PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| pem(&self.key, "a private key"))?;
        let key = CertifiedKey::from_der(chain, key, provider).map_err(TlsError::Pair)?;
        let fingerprint = examine(&key.cert, provider).map_err(TlsError::Pair)?;
        Ok(Certified { key: Arc::new(key), fingerprint, seen })
    }
}

/// The fingerprint of the first certificate's key. Says in the log when clients will refuse it.
fn examine(chain: &[CertificateDer<'static>], provider: &CryptoProvider) -> Result<Hex32, Error> {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let first = chain.first().ok_or(Error::NoCertificatesPresented)?;
    let parsed = ParsedCertificate::try_from(first)?;
    let spki = parsed.subject_public_key_info();
    let mut roots = RootCertStore::empty();
    // It vouches for itself here: only what it says about its time is of interest.
    if roots.add(first.clone()).is_ok() {
        let algorithms = provider.signature_verification_algorithms.all;
        let verified =
            verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], UnixTime::now(), algorithms);
        if let Err(Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        )) = verified
        {
            tracing::error!("the certificate has expired or is not valid yet: clients will refuse it");
        }
    }
    Ok(Hex32(Sha256::digest(spki.as_ref()).into()))
}

/// Without an end: what counts is the key, which the other side pins.
fn certificate(key: &KeyPair, ip: IpAddr) -> Result<String, TlsError> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
    if !ip.is_unspecified() && !ip.is_loopback() {
        names.push(ip.to_string());
    }
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Flightdeck runner");
    Ok(params.self_signed(key)?.pem())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn read(source: &Source) -> Result<Hex32, TlsError> {
        source.read(&rustls::crypto::ring::default_provider()).map(|certified| certified.fingerprint)
    }

    fn own(data: &Path) -> Result<Hex32, TlsError> {
        Source::own(data, "192.0.2.1:9".parse().unwrap()).and_then(|source| read(&source))
    }

    #[test]
    fn its_own_key_is_made_once_and_readable_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let first = own(folder.path()).unwrap();
        assert_eq!(own(folder.path()).unwrap(), first);
        let key = folder.path().join(KEY);
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        // The certificate can be made again; whoever pinned the key notices nothing.
        std::fs::remove_file(folder.path().join(CERT)).unwrap();
        assert_eq!(own(folder.path()).unwrap(), first);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(own(folder.path()), Err(TlsError::Open(_))));
        std::fs::remove_file(&key).unwrap();
        assert_ne!(own(folder.path()).unwrap(), first);
    }

    #[test]
    fn k5_files_that_do_not_fit_are_refused() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        own(a.path()).unwrap();
        own(b.path()).unwrap();
        let (cert, key) = (a.path().join(CERT), b.path().join(KEY));
        assert!(matches!(read(&Source::operators(&cert, &key)), Err(TlsError::Pair(_))));
        assert!(matches!(read(&Source::operators(&key, &key)), Err(TlsError::Pem { .. })));
        assert!(matches!(
            read(&Source::operators(&cert, &cert)),
            Err(TlsError::Open(_) | TlsError::Pem { .. })
        ));
        let none = Source::operators(&a.path().join("none"), &key);
        assert!(matches!(read(&none), Err(TlsError::File { .. })));
    }
}
