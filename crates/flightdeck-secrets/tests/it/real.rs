//! A real Secret Service. The test runs itself again inside of a bus of its own, because a process has one keychain for
//! all its life.

use flightdeck_secrets::{Keychain, Secret, SecretError, SecretStore};
use std::process::{Command, Output};

/// Which part of this file the child plays.
const PART: &str = "FLIGHTDECK_TEST_KEYCHAIN";
const CANARY: &str = "canary-5b1e7c";

/// Runs one part in a child, in a home of its own with a bus of its own and what `before` starts there.
fn play(part: &str, before: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    let own = std::env::current_exe().unwrap();
    let script = format!("{before}\nexec \"$0\" --exact real::{part} --nocapture");
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-eu", "-c", &script]).arg(own).env(PART, part);
    command.env("HOME", home.path()).env("XDG_RUNTIME_DIR", home.path()).env("XDG_DATA_HOME", home.path());
    // Nobody is there to be asked: a prompt would wait for a display.
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("DBUS_SESSION_BUS_ADDRESS");
    command.output().unwrap()
}

fn is_child(part: &str) -> bool {
    std::env::var(PART).is_ok_and(|asked| asked == part)
}

fn assert_played(output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

/// Starts it with a login keyring that is open, and waits until it is there.
const UNLOCKED: &str = "
printf word | gnome-keyring-daemon --unlock --components=secrets --foreground >/dev/null 2>&1 &
until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetNameOwner \
  string:org.freedesktop.secrets >/dev/null 2>&1; do :; done";

#[test]
fn a_real_secret_service_keeps_and_forgets() {
    if !is_child("a_real_secret_service_keeps_and_forgets") {
        return assert_played(&play("a_real_secret_service_keeps_and_forgets", UNLOCKED));
    }
    let keychain = Keychain::of_system();
    let other = Keychain::of_system();
    assert!(keychain.get("slot").unwrap().is_none());
    for text in ["another", CANARY] {
        keychain.set("slot", &Secret::new(text.into())).unwrap();
        assert_eq!(other.get("slot").unwrap().unwrap().reveal(), text);
    }
    assert!(keychain.get("slot-2").unwrap().is_none());
    // What it wrote about that is its own, and not readable.
    let home = std::env::var("HOME").unwrap();
    let found = Command::new("grep").args(["-rlF", CANARY, &home]).output().unwrap();
    assert!(found.stdout.is_empty(), "{}", String::from_utf8_lossy(&found.stdout));
    other.delete("slot").unwrap();
    assert!(keychain.get("slot").unwrap().is_none());
}

#[test]
fn k1_a_bus_without_a_secret_service_is_said() {
    if !is_child("k1_a_bus_without_a_secret_service_is_said") {
        return assert_played(&play(
            "k1_a_bus_without_a_secret_service_is_said",
            "export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent",
        ));
    }
    let refused = Keychain::of_system().set("slot", &Secret::new(CANARY.into())).unwrap_err();
    assert!(matches!(refused, SecretError::Absent(_)), "{refused}");
}

#[test]
fn k1_a_locked_secret_service_is_said() {
    if !is_child("k1_a_locked_secret_service_is_said") {
        // The keyring of before, and nobody who knows its word.
        let locked = UNLOCKED.to_owned()
            + "
kill $!; wait $! || true
until ! dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetNameOwner \
  string:org.freedesktop.secrets >/dev/null 2>&1; do :; done";
        return assert_played(&play("k1_a_locked_secret_service_is_said", &locked));
    }
    let refused = Keychain::of_system().set("slot", &Secret::new(CANARY.into())).unwrap_err();
    assert_eq!(refused, SecretError::Locked);
}
