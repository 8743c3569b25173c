//! Secrets that are gone with the process.

use crate::{Secret, SecretError, SecretStore};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps secrets in memory.
#[derive(Default)]
pub struct Session(Mutex<HashMap<String, Secret>>);

impl Session {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecretStore for Session {
    fn set(&self, slot: &str, secret: &Secret) -> Result<(), SecretError> {
        self.lock().insert(slot.into(), secret.clone());
        Ok(())
    }

    fn get(&self, slot: &str) -> Result<Option<Secret>, SecretError> {
        Ok(self.lock().get(slot).cloned())
    }

    fn delete(&self, slot: &str) -> Result<(), SecretError> {
        self.lock().remove(slot);
        Ok(())
    }
}
