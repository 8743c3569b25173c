//! Each file by itself: a head that says what the room is for, and a size that can still be read.

use std::path::Path;

/// Above this nobody reads a file in one go; most stay under half of it.
const RUST_LINES: usize = 450;
const SVELTE_LINES: usize = 200;
const BYTES: usize = 1_000_000;

/// Real data may be larger than anything written by hand.
const DATA: &str = "sample-models/";

pub(super) fn complaints(path: &str, bytes: &[u8]) -> Vec<String> {
    let mut complaints = Vec::new();
    if bytes.len() > BYTES && !path.starts_with(DATA) {
        complaints.push(format!("{path}: {} bytes, at most {BYTES} outside {DATA}", bytes.len()));
    }
    let lines = bytes.split(|byte| *byte == b'\n').count() - usize::from(bytes.ends_with(b"\n"));
    if let Some(most) = most_lines(path).filter(|most| lines > *most) {
        complaints.push(format!("{path}: {lines} lines, at most {most}; what is its second subject?"));
    }
    if extension(path) == Some("rs") && !has_head(bytes) {
        complaints.push(format!("{path}: no module head (`//!`) that says what the room is for"));
    }
    complaints
}

fn most_lines(path: &str) -> Option<usize> {
    match extension(path) {
        Some("rs") => Some(RUST_LINES),
        Some("svelte") => Some(SVELTE_LINES),
        _ => None,
    }
}

fn extension(path: &str) -> Option<&str> {
    Path::new(path).extension()?.to_str()
}

fn has_head(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with("//!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rust_file_needs_a_head() {
        assert!(complaints("crates/a/src/lib.rs", b"\n//! What this is.\n").is_empty());
        assert_eq!(complaints("crates/a/src/lib.rs", b"// A note.\nfn main() {}\n").len(), 1);
        assert_eq!(complaints("crates/a/src/lib.rs", b"").len(), 1);
        assert!(complaints("README.md", b"# A title\n").is_empty());
    }

    #[test]
    fn lines_are_counted_with_and_without_the_last_newline() {
        let page = |lines: usize| format!("//! Head.\n{}", "x\n".repeat(lines - 1));
        assert!(complaints("a.rs", page(RUST_LINES).as_bytes()).is_empty());
        assert_eq!(complaints("a.rs", page(RUST_LINES + 1).as_bytes()).len(), 1);
        assert_eq!(complaints("a.rs", format!("{}x", page(RUST_LINES)).as_bytes()).len(), 1);
    }

    #[test]
    fn a_component_is_shorter_and_the_complaint_names_it() {
        let long = "x\n".repeat(SVELTE_LINES + 1);
        let found = complaints("ui/src/Live.svelte", long.as_bytes());
        assert!(found.len() == 1 && found[0].starts_with("ui/src/Live.svelte: 201 lines"), "{found:?}");
        assert!(complaints("ui/src/live.ts", long.as_bytes()).is_empty());
    }

    #[test]
    fn only_sample_data_may_be_large() {
        let large = vec![b'x'; BYTES + 1];
        assert_eq!(complaints("icons/icon.png", &large).len(), 1);
        assert!(complaints("sample-models/flights/training.csv", &large).is_empty());
    }
}
