//! The program as a shell runs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn flightdeck(library: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
    command.env("FLIGHTDECK_LIBRARY", library).stdin(Stdio::null());
    command
}

/// A pipe that nobody reads.
fn broken() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let library = tempfile::tempdir().unwrap();
    for command in ["models", "alerts"] {
        let status = flightdeck(library.path()).arg(command).stdout(broken()).status().unwrap();
        assert_eq!(status.code(), Some(0), "{command}");
    }
    let refused = flightdeck(library.path()).args(["show", "nobody"]).stderr(broken()).status().unwrap();
    assert_eq!(refused.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_utf_8_is_refused_in_words() {
    use std::os::unix::ffi::OsStrExt;
    let library = tempfile::tempdir().unwrap();
    let argument = std::ffi::OsStr::from_bytes(b"no\xffname");
    let refused = flightdeck(library.path()).arg("show").arg(argument).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let refused = flightdeck(library.path()).args(["show", "--json"]).arg(argument).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(said(&refused).contains("bad-arguments"), "{refused:?}");
}

#[test]
fn names_out_of_files_do_nothing_to_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    let rows = "1\n2\n3\n4\n".repeat(10);
    std::fs::write(&file, format!("a\u{1b}[2J\u{202e}\n{rows}")).unwrap();
    let compared = flightdeck(folder.path()).arg("compare").args([&file, &file]).output().unwrap();
    let text = said(&compared);
    assert_eq!(compared.status.code(), Some(0), "{compared:?}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']) && text.contains(r"a\u{1b}[2J\u{202e}"), "{text}");
}
