//! A file of a package, and the identity that follows from all of them.

use crate::MODEL_SIG;
use flightdeck_core::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its path inside the package, `/` between the parts.
    pub path: String,
    /// The digest of its bytes.
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
}

/// The identity of a package: the subject digest of OpenSSF Model Signing v1.0, method `files`.
///
/// That is SHA-256 over the raw digests of the files, one after the other, in the code-point order of their paths
/// (which is the byte order of UTF-8). `model.sig` is left out. The order of `entries` does not matter.
pub fn root_digest(entries: &[Entry]) -> Digest {
    let mut signed: Vec<&Entry> = entries.iter().filter(|entry| entry.path != MODEL_SIG).collect();
    signed.sort_by(|a, b| a.path.cmp(&b.path));
    let mut hash = Sha256::new();
    for entry in signed {
        hash.update(entry.sha256.as_bytes());
    }
    Digest::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn entry(path: &str, bytes: &[u8]) -> Entry {
        Entry {
            path: path.into(),
            sha256: Digest::from_bytes(Sha256::digest(bytes).into()),
            bytes: bytes.len() as u64,
        }
    }

    #[test]
    fn order_and_signature_do_not_change_the_identity() {
        let one = [entry("a", b"1"), entry("b/c", b"2")];
        let other = [entry("model.sig", b"anything"), entry("b/c", b"2"), entry("a", b"1")];
        assert_eq!(root_digest(&one), root_digest(&other));
        assert_ne!(root_digest(&one), root_digest(&[entry("a", b"2"), entry("b/c", b"1")]));
    }
}
