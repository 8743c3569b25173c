//! Secrets of the person at this computer: in the keychain of the operating system, or in memory, never in a file of ours.
//!
//! Both are a [`SecretStore`]. A keychain can be absent, locked, denied or dumb; each is an error with its own words, and
//! whoever asked decides whether to try again or to keep the secret for this [`Session`] only. Nothing falls back by
//! itself. What the secrets are for is not known here.

mod error;
mod keychain;
mod secret;
mod session;

pub use error::SecretError;
pub use keychain::{Keychain, SERVICE};
pub use secret::Secret;
pub use session::Session;

/// Where secrets are kept, each under the name of a slot: random, and without meaning elsewhere.
pub trait SecretStore: Send + Sync {
    /// Keeps a secret, in the place of the one before.
    fn set(&self, slot: &str, secret: &Secret) -> Result<(), SecretError>;

    /// The secret, when there is one.
    fn get(&self, slot: &str) -> Result<Option<Secret>, SecretError>;

    /// Forgets the secret. One that is not there is forgotten already.
    fn delete(&self, slot: &str) -> Result<(), SecretError>;
}
