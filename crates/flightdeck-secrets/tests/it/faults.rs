//! A keychain that is absent, locked, confused or dumb.

use flightdeck_secrets::{Keychain, SERVICE, Secret, SecretError, SecretStore, Session};
use keyring_core::{CredentialStore, Entry, Error, mock};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

fn mock() -> (Arc<CredentialStore>, Keychain) {
    let store: Arc<CredentialStore> = mock::Store::new().unwrap();
    let opened = store.clone();
    (store, Keychain::new(move || Ok(opened.clone()), PATIENCE))
}

/// The next thing that is asked of this slot fails so.
fn fail(store: &Arc<CredentialStore>, slot: &str, error: Error) {
    let entry = Entry::new_in_store(store, SERVICE, slot).unwrap();
    entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
}

fn refusal<T>(answer: Result<T, SecretError>) -> SecretError {
    answer.err().unwrap()
}

#[test]
fn what_was_kept_is_found_and_what_was_forgotten_is_not() {
    let stores: [Box<dyn SecretStore>; 2] = [Box::new(mock().1), Box::<Session>::default()];
    for store in stores {
        assert!(store.get("a").unwrap().is_none());
        for text in ["first", "second"] {
            store.set("a", &Secret::new(text.into())).unwrap();
            assert_eq!(store.get("a").unwrap().unwrap().reveal(), text);
        }
        assert!(store.get("b").unwrap().is_none());
        store.delete("a").unwrap();
        store.delete("a").unwrap();
        assert!(store.get("a").unwrap().is_none());
    }
}

#[test]
fn k1_a_locked_keychain_says_so_and_is_asked_again() {
    let (store, keychain) = mock();
    fail(&store, "a", Error::NoStorageAccess("no".into()));
    assert_eq!(refusal(keychain.set("a", &Secret::new("canary".into()))), SecretError::Locked);
    assert!(keychain.get("a").unwrap().is_none(), "nothing was kept meanwhile");
    keychain.set("a", &Secret::new("canary".into())).unwrap();
    fail(&store, "a", Error::NoStorageAccess("no".into()));
    assert_eq!(refusal(keychain.get("a")), SecretError::Locked);
    assert_eq!(keychain.get("a").unwrap().unwrap().reveal(), "canary");
}

#[test]
fn k1_other_failures_have_their_words_and_never_the_secret() {
    let (store, keychain) = mock();
    let canary = || b"canary-7f3a".to_vec();
    let entry = || Entry::new_in_store(&store, SERVICE, "x").unwrap();
    let failures = [
        (Error::PlatformFailure("bus".into()), "keychain-failed"),
        (Error::BadEncoding(canary()), "keychain-failed"),
        (Error::BadDataFormat(canary(), "odd".into()), "keychain-failed"),
        (Error::TooLong("password".into(), 2560), "keychain-failed"),
        (Error::Ambiguous(vec![entry(), entry()]), "keychain-failed"),
        (Error::NoDefaultStore, "no-keychain"),
    ];
    for (failure, code) in failures {
        fail(&store, "a", failure);
        let refused = refusal(keychain.get("a"));
        assert_eq!(refused.code(), code);
        let said = format!("{refused} {refused:?} {}", refused.hint());
        assert!(!said.contains("canary") && !said.contains("99, 97, 110"), "{said}");
    }
}

#[test]
fn k1_without_a_keychain_nothing_is_kept() {
    let keychain = Keychain::new(|| Err(SecretError::Absent("no bus".into())), PATIENCE);
    let refused = refusal(keychain.set("a", &Secret::new("canary".into())));
    assert_eq!(refused, SecretError::Absent("no bus".into()));
    assert!(refused.hint().contains("this session only"));
}

#[test]
fn k1_a_keychain_that_hangs_holds_nobody_for_long() {
    let (store, _) = mock();
    let (reached, goes_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (at, until) = (reached.clone(), goes_on.clone());
    let open = move || {
        at.wait();
        until.wait();
        Ok(store.clone())
    };
    let keychain = Keychain::new(open, Duration::from_millis(50));
    assert_eq!(refusal(keychain.get("a")), SecretError::Silent);
    reached.wait();
    // Whoever comes next does not wait behind it.
    let began = Instant::now();
    for _ in 0..1000 {
        assert_eq!(refusal(keychain.get("a")), SecretError::Silent);
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // It answers after all, and is asked again.
    goes_on.wait();
    let helper = std::thread::spawn(move || {
        reached.wait();
        goes_on.wait();
    });
    let answered = loop {
        match keychain.get("a") {
            Err(SecretError::Silent) => std::thread::yield_now(),
            answered => break answered,
        }
    };
    assert!(answered.unwrap().is_none());
    helper.join().unwrap();
}
