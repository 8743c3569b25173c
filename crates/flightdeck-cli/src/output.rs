//! Printing answers: documents for scripts, sentences for people.
//!
//! A reader that went away is no error: `flightdeck models | head -1`. Names out of files reach a terminal escaped: a
//! line of text moves no cursor and changes no colour.

use flightdeck_app::Error;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write;

/// Says one line on standard output, with everything escaped in it that is not text.
macro_rules! say {
    ($($word:tt)*) => { $crate::output::say(&format!($($word)*)) };
}

/// Prints a line that [`say!`] put together.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{}", clean(line));
}

/// Text that is safe on a terminal: control characters, line breaks and what turns the direction of writing become
/// `\u{1b}`.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            let _ = write!(clean, "{}", character.escape_unicode());
        } else {
            clean.push(character);
        }
    }
    clean
}

fn is_hidden(character: char) -> bool {
    let turns = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // The two separators break lines as well.
    character.is_control() || turns || matches!(character, '\u{2028}' | '\u{2029}')
}

/// One JSON document, indented.
pub(crate) fn document(value: &impl Serialize) {
    write(serde_json::to_string_pretty(value));
}

/// One line of a stream of JSON lines.
pub(crate) fn line(value: &impl Serialize) {
    write(serde_json::to_string(value));
}

fn write(text: serde_json::Result<String>) {
    match text {
        Ok(text) => drop(writeln!(std::io::stdout(), "{text}")),
        Err(error) => complain(&format!("internal: {error}")),
    }
}

/// What went wrong and what to do: a document on standard output, or sentences on standard error.
pub(crate) fn error(error: &Error, json: bool) {
    crate::progress::clear();
    if json {
        return line(&serde_json::json!({ "error": error.view() }));
    }
    complain(&error.message);
    for finding in &error.findings {
        complain(&format!("  - {}", finding.message));
    }
    if !error.hint.is_empty() {
        complain(&error.hint);
    }
}

fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", clean(line));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_is_shown_and_not_done() {
        assert_eq!(clean("a\u{1b}[2Jb\r\n\u{9b}"), r"a\u{1b}[2Jb\u{d}\u{a}\u{9b}");
        assert_eq!(clean("\u{202e}gpj\u{2066}"), r"\u{202e}gpj\u{2066}");
        assert_eq!(clean("Städte · ▲ 東京 é"), "Städte · ▲ 東京 é");
    }
}
