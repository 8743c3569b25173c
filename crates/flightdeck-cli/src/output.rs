//! Printing answers: documents for scripts, sentences for people.

use flightdeck_app::Error;
use serde::Serialize;
use std::io::Write;

/// One JSON document, indented.
pub(crate) fn document(value: &impl Serialize) {
    write(serde_json::to_string_pretty(value));
}

/// One line of a stream of JSON lines.
pub(crate) fn line(value: &impl Serialize) {
    write(serde_json::to_string(value));
}

/// A reader that went away is no error: `flightdeck models | head -1`.
fn write(text: serde_json::Result<String>) {
    match text {
        Ok(text) => drop(writeln!(std::io::stdout(), "{text}")),
        Err(error) => eprintln!("internal: {error}"),
    }
}

/// What went wrong and what to do: a document on standard output, or sentences on standard error.
pub(crate) fn error(error: &Error, json: bool) {
    crate::progress::clear();
    if json {
        return line(&serde_json::json!({ "error": error.view() }));
    }
    eprintln!("{}", error.message);
    for finding in &error.findings {
        eprintln!("  - {}", finding.message);
    }
    if !error.hint.is_empty() {
        eprintln!("{}", error.hint);
    }
}
