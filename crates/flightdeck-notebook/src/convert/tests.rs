//! What the converter's room promises, and what its walls hold.

use super::*;

#[test]
fn ids_that_are_paths_are_refused() {
    for id in ["", "..", "a/b", "a\\b", "c0.x", "ü"] {
        assert_eq!(plain_id(id).unwrap_err().code(), "path-escape", "{id}");
    }
    assert_eq!(plain_id("c0").unwrap(), "c0");
}

#[test]
fn the_last_lines_are_short_and_plain() {
    let text = format!("first\n{}\n\nlast \u{1b}[31mred\n", "x".repeat(900));
    let last = events::last_lines(&text);
    assert_eq!(last.chars().count(), 500);
    assert!(last.ends_with("last  [31mred"), "{last}");
}
