//! The keychain of the operating system, asked on a thread of its own.
//!
//! A keychain may wait for its person, or hang on a bus that nobody serves. Whoever asks waits for a limited time; while
//! a question hangs, the next ones are told so at once instead of waiting behind it.

use crate::{Secret, SecretError, SecretStore};
use keyring_core::{CredentialStore, Entry, Error as Keyring};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The name under which all our secrets stand.
pub const SERVICE: &str = "flightdeck";

/// How long a person may take to unlock it.
const PATIENCE: Duration = Duration::from_secs(30);

type Open = dyn Fn() -> Result<Arc<CredentialStore>, SecretError> + Send + Sync;
type Work = Box<dyn FnOnce() + Send>;

/// Keeps secrets in the keychain. It is not touched before the first question.
pub struct Keychain {
    open: Arc<Open>,
    patience: Duration,
    /// Where questions are put; the thread that takes them is started with the first.
    questions: Mutex<Option<Sender<Work>>>,
    hangs: Arc<AtomicBool>,
}

impl Keychain {
    /// The keychain of this person on this system.
    pub fn of_system() -> Self {
        Self::new(of_system, PATIENCE)
    }

    /// A keychain that is opened so, and waited for so long.
    pub fn new(
        open: impl Fn() -> Result<Arc<CredentialStore>, SecretError> + Send + Sync + 'static,
        patience: Duration,
    ) -> Self {
        Self { open: Arc::new(open), patience, questions: Mutex::default(), hangs: Arc::default() }
    }

    fn ask<T: Send + 'static>(
        &self,
        slot: &str,
        question: impl FnOnce(&Entry) -> Result<T, Keyring> + Send + 'static,
    ) -> Result<T, SecretError> {
        if self.hangs.load(Ordering::Acquire) {
            return Err(SecretError::Silent);
        }
        let (open, slot, hangs) = (self.open.clone(), slot.to_owned(), self.hangs.clone());
        let (answer, answered) = channel();
        let work = move || {
            let entry = open().and_then(|store| Ok(Entry::new_in_store(&store, SERVICE, &slot)?));
            // An answer that comes too late is dropped, and the keychain is asked again.
            drop(answer.send(entry.and_then(|entry| Ok(question(&entry)?))));
            hangs.store(false, Ordering::Release);
        };
        self.put(Box::new(work));
        match answered.recv_timeout(self.patience) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Disconnected) => Err(SecretError::Failed("it broke off".into())),
            Err(RecvTimeoutError::Timeout) => {
                self.hangs.store(true, Ordering::Release);
                // It may have answered just now, and then nothing hangs.
                let late = answered.try_recv();
                if late.is_ok() {
                    self.hangs.store(false, Ordering::Release);
                }
                late.unwrap_or(Err(SecretError::Silent))
            }
        }
    }

    fn put(&self, work: Work) {
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        let rejected = match questions.as_ref() {
            Some(open) => open.send(work).err().map(|error| error.0),
            None => Some(work),
        };
        // A thread that a panicking keychain took with it is replaced.
        if let Some(work) = rejected {
            let (sender, receiver) = channel();
            thread::spawn(move || answer_all(&receiver));
            drop(sender.send(work));
            *questions = Some(sender);
        }
    }
}

fn answer_all(questions: &Receiver<Work>) {
    for question in questions {
        question();
    }
}

fn of_system() -> Result<Arc<CredentialStore>, SecretError> {
    if let Err(error) = keyring::Entry::store_status() {
        return Err(SecretError::Absent(error.to_string()));
    }
    keyring_core::get_default_store().ok_or_else(|| Keyring::NoDefaultStore.into())
}

impl SecretStore for Keychain {
    fn set(&self, slot: &str, secret: &Secret) -> Result<(), SecretError> {
        let secret = secret.clone();
        self.ask(slot, move |entry| entry.set_password(secret.reveal()))
    }

    fn get(&self, slot: &str) -> Result<Option<Secret>, SecretError> {
        self.ask(slot, |entry| match entry.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(Keyring::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn delete(&self, slot: &str) -> Result<(), SecretError> {
        self.ask(slot, |entry| match entry.delete_credential() {
            Ok(()) | Err(Keyring::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }
}
