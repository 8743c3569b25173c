//! Why a secret can be neither kept nor found.

use keyring_core::Error as Keyring;
use thiserror::Error;

/// What a keychain does instead of answering. None of them carries a secret.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SecretError {
    /// There is none.
    #[error("this computer offers no keychain: {0}")]
    Absent(String),
    /// It is locked, or the person said no.
    #[error("the keychain is locked, or access to it was denied")]
    Locked,
    /// It does not answer.
    #[error("the keychain does not answer")]
    Silent,
    /// Several programs keep something under our name.
    #[error("the keychain has several entries where one is expected")]
    Ambiguous,
    /// Something else.
    #[error("the keychain failed: {0}")]
    Failed(String),
}

impl SecretError {
    /// A stable kebab-case name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Absent(_) => "no-keychain",
            Self::Locked => "keychain-locked",
            Self::Silent => "keychain-silent",
            Self::Ambiguous | Self::Failed(_) => "keychain-failed",
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Absent(_) => {
                "Start a keychain (on Linux a Secret Service, such as GNOME Keyring, KWallet or KeePassXC) and then \
                 Flightdeck again, or keep the token for this session only"
            }
            Self::Locked => {
                "Unlock it and allow Flightdeck to use it, or keep the token for this session only"
            }
            Self::Silent => {
                "Look whether a window of the keychain waits for an answer, and try again, or keep the token for this \
                 session only"
            }
            Self::Ambiguous => {
                "Delete the entries named flightdeck in the keychain, and pair the runner again"
            }
            Self::Failed(_) => "Try again, or keep the token for this session only",
        }
    }
}

impl From<Keyring> for SecretError {
    fn from(error: Keyring) -> Self {
        match error {
            Keyring::NoStorageAccess(_) => Self::Locked,
            Keyring::NoDefaultStore => Self::Absent("none was found".into()),
            Keyring::Ambiguous(_) => Self::Ambiguous,
            Keyring::PlatformFailure(reason) => Self::Failed(reason.to_string()),
            // Those that carry what was stored are told without it.
            Keyring::BadEncoding(_) | Keyring::BadDataFormat(..) => {
                Self::Failed("what it has is not ours".into())
            }
            other => Self::Failed(other.to_string()),
        }
    }
}
