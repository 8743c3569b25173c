//! Runners elsewhere: reached over TLS by the key they were paired with, with a token of the keychain.
//!
//! A connection is made once and kept. A keychain that refused is not asked again by itself, because asking may put a
//! question before a person; [`App::unlock`] asks again. How a runner becomes known is in `pairing`.

use crate::embedded::{Attached, GREETING, THIS_COMPUTER};
use crate::{App, Error, Result};
use flightdeck_core::{Digest, Name};
use flightdeck_protocol::{Control, ControlError, Token};
use flightdeck_secrets::{Keychain, Secret, SecretError, SecretStore, Session};
use flightdeck_store::runner::{self, Pairing, RunnerRecord};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What is known of runners elsewhere while the program runs.
pub(crate) struct Remotes {
    keychain: Arc<Keychain>,
    session: Session,
    /// Why the keychain gave nothing when it was last asked.
    refused: Mutex<Option<SecretError>>,
    connections: Mutex<HashMap<Name, Connection>>,
    standings: Mutex<HashMap<Name, Standing>>,
    /// Told when a runner that did not answer may do so now.
    pub(crate) repaired: Notify,
}

/// A connection, and what it was made from.
struct Connection {
    url: String,
    pairing: Pairing,
    control: Control,
}

/// How a runner stood when it was last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Why it could not be talked to.
    pub(crate) problem: Option<Problem>,
    /// Whether everything that it should serve is warm.
    pub(crate) ready: bool,
}

/// Why a runner cannot be talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) error: Error,
    /// The key that it shows instead of its own.
    pub(crate) found: Option<Digest>,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { error, found: None }
    }
}

impl Default for Remotes {
    fn default() -> Self {
        Self {
            keychain: Arc::new(Keychain::of_system()),
            session: Session::default(),
            refused: Mutex::default(),
            connections: Mutex::default(),
            standings: Mutex::default(),
            repaired: Notify::new(),
        }
    }
}

impl App {
    /// The runner of this name, if it answers. None is started.
    pub(crate) async fn attach_to(&self, name: &Name) -> Result<Attached> {
        if name.as_str() == THIS_COMPUTER {
            return self.attach().await;
        }
        let record = self.runner_record(name)?;
        let before = self.standing(name);
        let reached = self.reach(&record).await;
        let standing = match &reached {
            Ok(attached) => {
                let ready = tokio::time::timeout(GREETING, attached.control.ready()).await;
                let ready = matches!(ready, Ok(Ok(true)));
                Standing { problem: None, ready }
            }
            Err(problem) => Standing { problem: Some(problem.clone()), ready: false },
        };
        if before.as_ref() != Some(&standing) {
            lock(&self.inner.remotes.standings).insert(name.clone(), standing);
            self.inner.host.emit(crate::views::Event::Changed { kinds: vec!["runner".into()] });
        }
        let attached = reached.map_err(|problem| problem.error)?;
        self.note_contact(&attached)?;
        Ok(attached)
    }

    /// The runner of this name, started if it is this computer's.
    pub(crate) async fn runner_for(&self, name: &Name) -> Result<Attached> {
        if name.as_str() == THIS_COMPUTER { self.started().await } else { self.attach_to(name).await }
    }

    /// What is known of a runner elsewhere; an error for names of runners that nobody knows.
    pub(crate) fn runner_record(&self, name: &Name) -> Result<RunnerRecord> {
        let known = self.read(runner::all)?;
        if let Some(record) = known.iter().find(|record| record.name == *name) {
            return Ok(record.clone());
        }
        let others: Vec<&str> = known.iter().map(|record| record.name.as_str()).collect();
        let others = others.into_iter().filter(|other| *other != THIS_COMPUTER);
        let names: Vec<&str> = std::iter::once(THIS_COMPUTER).chain(others).collect();
        let hint =
            format!("There is {}; another one is added with `flightdeck runner add`", names.join(", "));
        Err(Error::input("no-runner", format!("There is no runner {name}"), hint))
    }

    /// All runners: this computer's first.
    pub(crate) fn runner_names(&self) -> Result<Vec<Name>> {
        let others = self.read(runner::all)?.into_iter().filter(|record| record.pairing.is_some());
        Ok(std::iter::once(Self::this_computer()).chain(others.map(|record| record.name)).collect())
    }

    /// How a runner stood when it was last asked by this process.
    pub(crate) fn standing(&self, name: &Name) -> Option<Standing> {
        lock(&self.inner.remotes.standings).get(name).cloned()
    }

    async fn reach(&self, record: &RunnerRecord) -> Result<Attached, Problem> {
        let control = self.connection(record).await?;
        let away = || {
            let message = format!("{} does not answer", record.name);
            Error::failed("runner-away", message, "Check that it runs and that the network reaches it")
        };
        let greeted = tokio::time::timeout(GREETING, control.handshake()).await.map_err(|_| away())?;
        let handshake = greeted.map_err(|error| problem(record, &away(), error))?;
        Ok(Attached { name: record.name.clone(), control, handshake })
    }

    /// The connection to a runner, made anew when its address or its pairing are others than before.
    async fn connection(&self, record: &RunnerRecord) -> Result<Control> {
        let (Some(url), Some(pairing)) = (record.url.as_ref(), record.pairing.as_ref()) else {
            return Err(unpaired(&record.name));
        };
        if let Some(known) = lock(&self.inner.remotes.connections).get(&record.name)
            && known.url == *url
            && known.pairing == *pairing
        {
            return Ok(known.control.clone());
        }
        let token = self.token_of(&record.name, pairing).await?;
        let control = Control::pinned(url, Some(token), pairing.pin.into());
        let connection = Connection { url: url.clone(), pairing: pairing.clone(), control: control.clone() };
        lock(&self.inner.remotes.connections).insert(record.name.clone(), connection);
        Ok(control)
    }

    async fn token_of(&self, name: &Name, pairing: &Pairing) -> Result<Token> {
        let remotes = &self.inner.remotes;
        let mut kept = remotes.session.get(&pairing.secret)?;
        if kept.is_none() {
            if let Some(refused) = lock(&remotes.refused).clone() {
                return Err(refused.into());
            }
            let slot = pairing.secret.clone();
            let asked = self.keychain(move |keychain| keychain.get(&slot)).await;
            *lock(&remotes.refused) = asked.as_ref().err().cloned();
            kept = asked?;
        }
        kept.and_then(|secret| secret.reveal().parse().ok()).ok_or_else(|| unpaired(name))
    }

    /// Asks the keychain again, after a person had the chance to unlock it.
    pub fn unlock(&self) {
        *lock(&self.inner.remotes.refused) = None;
        self.inner.remotes.repaired.notify_waiters();
    }

    /// Keeps a token in the keychain, or until the program ends.
    pub(crate) async fn keep_secret(
        &self,
        slot: &str,
        secret: Secret,
        session: bool,
    ) -> Result<(), SecretError> {
        if session {
            return self.inner.remotes.session.set(slot, &secret);
        }
        let slot = slot.to_owned();
        self.keychain(move |keychain| keychain.set(&slot, &secret)).await
    }

    /// Forgets a token wherever it is. A keychain that does not answer keeps what is worth nothing any more.
    pub(crate) async fn forget_secret(&self, slot: &str) {
        let _ = self.inner.remotes.session.delete(slot);
        let slot = slot.to_owned();
        if let Err(error) = self.keychain(move |keychain| keychain.delete(&slot)).await {
            tracing::warn!(%error, "a token stays in the keychain");
        }
    }

    /// Forgets the connection to a runner, and how it stood.
    pub(crate) fn disconnect(&self, name: &Name) {
        lock(&self.inner.remotes.connections).remove(name);
        lock(&self.inner.remotes.standings).remove(name);
        self.unlock();
    }

    /// A keychain may take its time: it is asked where nobody else waits.
    async fn keychain<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Keychain) -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, SecretError> {
        let keychain = self.inner.remotes.keychain.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&keychain)).await;
        asked.unwrap_or_else(|error| Err(SecretError::Failed(error.to_string())))
    }
}

fn unpaired(name: &Name) -> Error {
    let message = format!("The token for {name} is not in the keychain of this computer");
    Error::failed("no-token", message, "Pair the runner again with a new code")
}

fn problem(record: &RunnerRecord, away: &Error, error: ControlError) -> Problem {
    match error {
        ControlError::OtherCertificate { expected, found, .. } => {
            let message = format!(
                "What answers for {} is not the runner that was paired: its key is {found}, and {expected} was expected",
                record.name
            );
            let hint = "Nothing was sent to it. If it was installed anew, pair it again with a new code; if not, find out who \
                        answers there";
            Problem { error: Error::failed("other-certificate", message, hint), found: Some(found.digest()) }
        }
        ControlError::Refused { status: 401, .. } => {
            let message = format!("{} no longer takes the token of this computer", record.name);
            Error::failed("token-refused", message, "Pair the runner again with a new code").into()
        }
        ControlError::Away { .. } => away.clone().into(),
        other => Error::from(other).into(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
