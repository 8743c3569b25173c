//! ONNX Runtime kept quiet.
//!
//! As it is published, the library writes an id of the device into the user's cache folder and sends events to its makers as
//! soon as it is loaded, before a program can ask it not to. One word in the environment stops both, and a program
//! cannot change its own environment safely: so it begins once more with the word in it.

use std::io::Write;
use std::process::{Command, ExitCode};

/// The word in the environment.
const WORD: &str = flightdeck_engine::QUIET.0;

/// Makes sure that ONNX Runtime, loaded by this process, keeps quiet. `Some` when this process is to end with that code:
/// another one took its place, or none could.
pub fn quiet() -> Option<ExitCode> {
    if std::env::var_os(WORD).is_some_and(|word| word == flightdeck_engine::QUIET.1) {
        return None;
    }
    let again = std::env::current_exe().map(|program| {
        let mut again = Command::new(program);
        again.args(std::env::args_os().skip(1)).env(WORD, flightdeck_engine::QUIET.1);
        again
    });
    let failed = match again.and_then(begin) {
        Ok(code) => return Some(code),
        Err(error) => error,
    };
    let _ =
        writeln!(std::io::stderr(), "flightdeck-runner: cannot start: {failed}. Set {WORD}=1 and try again");
    Some(ExitCode::FAILURE)
}

/// Takes the place of this process, with its id, its standard streams and its parent.
#[cfg(unix)]
fn begin(mut again: Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    if let Some(name) = std::env::args_os().next() {
        again.arg0(name);
    }
    Err(again.exec())
}

/// Elsewhere a process cannot be replaced: this one waits for the other.
#[cfg(not(unix))]
fn begin(mut again: Command) -> std::io::Result<ExitCode> {
    let status = again.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
