//! A session bus with a keychain that is open, for one desk: what a person who has logged in has.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// The bus and the keychain; they end with it.
pub struct Keychain {
    bus: Child,
    daemon: Child,
    address: String,
    runtime: PathBuf,
}

impl Keychain {
    /// Starts both in this home.
    ///
    /// # Panics
    /// When they do not start: a journey does not skip.
    pub fn start(home: &Path) -> Self {
        let runtime = home.join("session");
        std::fs::create_dir_all(&runtime).unwrap_or_else(|error| panic!("{error}"));
        std::fs::set_permissions(&runtime, std::fs::Permissions::from_mode(0o700))
            .unwrap_or_else(|error| panic!("{error}"));
        let mut bus = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address"])
            .env("XDG_RUNTIME_DIR", &runtime)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("dbus-daemon: {error}"));
        let mut address = String::new();
        if let Some(output) = bus.stdout.take() {
            BufReader::new(output).read_line(&mut address).unwrap_or_else(|error| panic!("{error}"));
        }
        let address = address.trim().to_owned();
        let mut daemon = Command::new("gnome-keyring-daemon")
            .args(["--unlock", "--components=secrets", "--foreground"])
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", &runtime)
            .env("DBUS_SESSION_BUS_ADDRESS", &address)
            .env_remove("XDG_DATA_HOME")
            .env_remove("DISPLAY")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("gnome-keyring-daemon: {error}"));
        if let Some(mut input) = daemon.stdin.take() {
            input.write_all(b"word").unwrap_or_else(|error| panic!("{error}"));
        }
        let keychain = Self { bus, daemon, address, runtime };
        keychain.wait();
        keychain
    }

    fn wait(&self) {
        let began = Instant::now();
        let mut asked = Command::new("dbus-send");
        asked.args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"]);
        asked.args(["org.freedesktop.DBus.GetNameOwner", "string:org.freedesktop.secrets"]);
        asked.stdout(Stdio::null()).stderr(Stdio::null());
        self.surround(&mut asked);
        while !asked.status().is_ok_and(|status| status.success()) {
            assert!(began.elapsed() < PATIENCE, "the keychain does not start");
        }
    }

    /// Gives a program this bus.
    pub fn surround(&self, command: &mut Command) {
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address).env("XDG_RUNTIME_DIR", &self.runtime);
    }

    /// Every secret that stands under our name, as another program of the same person reads it.
    ///
    /// # Panics
    /// When the keychain cannot be read.
    pub fn secrets(&self) -> Vec<String> {
        let mut read = Command::new("/usr/bin/python3");
        read.arg("-c").arg(READ);
        self.surround(&mut read);
        let output = read.output().unwrap_or_else(|error| panic!("python3: {error}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said.lines().map(str::to_owned).collect()
    }
}

const READ: &str = "
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
def call(method, arguments):
    place = ('org.freedesktop.secrets', '/org/freedesktop/secrets', 'org.freedesktop.Secret.Service')
    return bus.call_sync(*place, method, arguments, None, Gio.DBusCallFlags.NONE, 10000, None).unpack()
session = call('OpenSession', GLib.Variant('(sv)', ('plain', GLib.Variant('s', ''))))[1]
items = call('SearchItems', GLib.Variant('(a{ss})', ({'service': 'flightdeck'},)))[0]
for secret in call('GetSecrets', GLib.Variant('(aoo)', (items, session)))[0].values():
    print(bytes(secret[2]).decode())
";

impl Drop for Keychain {
    fn drop(&mut self) {
        for child in [&mut self.daemon, &mut self.bus] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
