//! What can go wrong with a call of the control interface.

use crate::{ErrorBody, PROTOCOL, Pin};
use std::error::Error as _;
use std::path::PathBuf;
use thiserror::Error;

/// A call that did not succeed.
#[derive(Debug, Error)]
pub enum ControlError {
    /// Nobody answers there.
    #[error("the runner at {base} does not answer")]
    Away {
        /// The runner's address.
        base: String,
        /// What the network says.
        #[source]
        source: reqwest::Error,
    },
    /// The runner refused, and said why.
    #[error("{}", .body.error)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the runner said.
        body: ErrorBody,
    },
    /// Something answers that is not a runner of this protocol.
    #[error("what answers at {base} is not a Flightdeck runner: {found}")]
    NotARunner {
        /// The address.
        base: String,
        /// What was found instead.
        found: String,
    },
    /// It shows another key than the one it was paired with. Nothing was sent to it.
    #[error(
        "what answers at {base} is not the runner that was paired: its certificate is {found}, and {expected} was expected"
    )]
    OtherCertificate {
        /// The address.
        base: String,
        /// The key it was paired with.
        expected: Pin,
        /// The key it shows.
        found: Pin,
    },
    /// It did not prove that it knows the pairing code.
    #[error("what answers at {base} does not know the pairing code")]
    Unproved {
        /// The address.
        base: String,
    },
    /// The runner speaks another version of the control interface.
    #[error("the runner speaks version {theirs} of the control interface, this program version {PROTOCOL}")]
    Protocol {
        /// Its version.
        theirs: u32,
    },
    /// A file that should be sent cannot be read.
    #[error("cannot read {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The call was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl ControlError {
    /// A stable kebab-case name; what the runner said when it said something.
    pub fn code(&self) -> &str {
        match self {
            Self::Away { .. } => "runner-away",
            Self::Refused { body, .. } if !body.code.is_empty() => &body.code,
            Self::Refused { .. } => "runner-refused",
            Self::NotARunner { .. } => "not-a-runner",
            Self::OtherCertificate { .. } => "other-certificate",
            Self::Unproved { .. } => "runner-unproved",
            Self::Protocol { .. } => "runner-protocol",
            Self::File { .. } => "unreadable",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Away { .. } => Some("Start the runner, or check its address."),
            Self::Refused { body, .. } => body.hint.as_deref(),
            Self::NotARunner { .. } => Some("Check the address; another program may have taken the port."),
            Self::OtherCertificate { .. } => Some(
                "Nothing was sent to it. If the runner was installed anew, pair it again with a new code; if not, find out \
                 who answers there.",
            ),
            Self::Unproved { .. } => {
                Some("Nothing of value was sent to it. Check the address and the network in between.")
            }
            Self::Protocol { .. } => Some("Bring both programs to the same version."),
            Self::File { .. } => Some("Check that the file is still there and that you may read it."),
            Self::Cancelled => None,
        }
    }
}

/// What TLS objects to, when it is the cause.
pub(crate) fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An error of the system leaves out of its causes what it wraps.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}
