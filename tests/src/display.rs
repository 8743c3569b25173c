//! A display of its own for each journey: an X server without a screen, a session bus, and a pointer.

use crate::desk::Desk;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A display that ends with its value.
pub struct Display {
    server: Child,
    name: String,
    runtime: PathBuf,
}

impl Display {
    /// Starts an X server on a display number that it chooses itself.
    ///
    /// # Panics
    /// When it does not start: a journey does not skip.
    pub fn start(desk: &Desk) -> Self {
        let runtime = desk.home().join("runtime");
        std::fs::create_dir_all(&runtime).unwrap_or_else(|error| panic!("{error}"));
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&runtime, private).unwrap_or_else(|error| panic!("{error}"));
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("Xvfb does not start: {error}"));
        let mut number = String::new();
        let output = server.stdout.take().unwrap_or_else(|| panic!("Xvfb has no output"));
        let read = BufReader::new(output).read_line(&mut number);
        assert!(read.is_ok() && !number.trim().is_empty(), "Xvfb gave no display: {read:?}");
        Self { server, name: format!(":{}", number.trim()), runtime }
    }

    /// Gives a program the display, and a session bus where it starts one.
    pub fn surround(&self, command: &mut Command) {
        command
            .env("DISPLAY", &self.name)
            .env_remove("WAYLAND_DISPLAY")
            .env("XDG_RUNTIME_DIR", &self.runtime)
            .env("GDK_BACKEND", "x11")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("NO_AT_BRIDGE", "1");
    }

    /// A program on this display in a process group of its own, ended as a whole.
    ///
    /// # Panics
    /// When it does not start.
    pub fn spawn(&self, command: &mut Command) -> Group {
        self.surround(command);
        self.spawn_as_is(command)
    }

    /// A program in a process group of its own, with what it was given.
    ///
    /// # Panics
    /// When it does not start.
    pub fn spawn_as_is(&self, command: &mut Command) -> Group {
        let child = command.process_group(0).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Group(child)
    }

    /// Drags files from another program's window to the middle of this display, as a hand would, and holds them there.
    ///
    /// # Panics
    /// When the pointer or the other program cannot be started.
    pub fn drag(&self, files: &[&Path]) -> Drag<'_> {
        let mut source = Command::new("/usr/bin/python3");
        source.arg("-c").arg(DRAG_SOURCE).args(files).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut source = self.spawn(&mut source);
        let mut line = String::new();
        let output = source.0.stdout.take().unwrap_or_else(|| panic!("no output"));
        let read = BufReader::new(output).read_line(&mut line);
        assert!(read.is_ok() && line.starts_with("shown"), "the window to drag from did not appear");
        self.pointer(&["mousemove", "60", "40", "mousedown", "1"]);
        // The steps of a hand: a drag begins only after the pointer has moved, and each window it passes needs a moment.
        for step in 1..=7 {
            let (x, y) = (60 + step * 80, 40 + step * 50);
            self.pointer(&["sleep", "0.1", "mousemove", &x.to_string(), &y.to_string()]);
        }
        Drag { display: self, _source: source }
    }

    fn pointer(&self, arguments: &[&str]) {
        let mut pointer = Command::new("xdotool");
        self.surround(&mut pointer);
        let moved = pointer.args(arguments).status().unwrap_or_else(|error| panic!("xdotool: {error}"));
        assert!(moved.success(), "xdotool {moved}");
    }
}

/// Files held over the window.
pub struct Drag<'a> {
    display: &'a Display,
    _source: Group,
}

impl Drag<'_> {
    /// A small move, after which the window says again whether it takes the files.
    pub fn nudge(&self) {
        self.display.pointer(&[
            "mousemove_relative",
            "4",
            "2",
            "sleep",
            "0.1",
            "mousemove_relative",
            "--",
            "-4",
            "-2",
        ]);
    }

    /// Lets go. The files are handed over only while this value lives.
    pub fn release(&self) {
        self.display.pointer(&["mouseup", "1"]);
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A process group that ends with its value.
pub struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
        }
        let _ = self.0.wait();
    }
}

/// A small window that gives its files to whoever they are dropped on.
const DRAG_SOURCE: &str = r#"
import sys, gi
gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Gdk, GLib, Gtk
from pathlib import Path
uris = [Path(path).resolve().as_uri() for path in sys.argv[1:]]
window = Gtk.Window(title="files")
window.set_default_size(120, 80)
window.move(0, 0)
window.set_keep_above(True)
box = Gtk.EventBox()
box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
box.drag_source_add_uri_targets()
box.connect("drag-data-get", lambda widget, context, data, info, time: data.set_uris(uris))
window.add(box)
window.connect("map-event", lambda *_: GLib.timeout_add(100, lambda: print("shown", flush=True)) and False)
window.show_all()
Gtk.main()
"#;
