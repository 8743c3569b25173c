//! Which names an archive may give its files: the same on every system, whatever this one would allow.

use std::collections::{HashMap, HashSet};

use super::ArchiveError;
use crate::text::shown;

/// Longer names do not fit on every file system.
const NAME_BYTES: usize = 1024;
const PART_BYTES: usize = 255;
const DEPTH: usize = 32;

/// Names that are devices on Windows, whatever follows after a dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The parts of a name, if it stays inside and means the same file everywhere.
pub(crate) fn parts(name: &str) -> Result<Vec<&str>, ArchiveError> {
    let refuse = |problem| Err(ArchiveError::Name { name: shown(name), problem });
    let path = name.strip_suffix('/').unwrap_or(name);
    if path.is_empty() || path.len() > NAME_BYTES {
        return refuse("is empty or too long");
    }
    if path.contains(|character: char| character.is_control() || "\\:*?\"<>|".contains(character)) {
        return refuse("has a backslash, a colon or another character that file systems read differently");
    }
    if path.starts_with('/') {
        return refuse("starts at the root of the file system");
    }
    let parts: Vec<&str> = path.split('/').collect();
    if parts.len() > DEPTH {
        return refuse("lies too many folders deep");
    }
    match parts.iter().find_map(|part| fault(part)) {
        Some(problem) => refuse(problem),
        None => Ok(parts),
    }
}

fn fault(part: &str) -> Option<&'static str> {
    if part.is_empty() || part == "." || part == ".." {
        return Some("leaves its folder, or has an empty part");
    }
    if part.ends_with(['.', ' ']) || part.starts_with(' ') {
        return Some("has a part with a space at its edge or a dot at its end");
    }
    if part.len() > PART_BYTES {
        return Some("is empty or too long");
    }
    is_device(part).then_some("is the name of a device on Windows")
}

fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_ascii_lowercase();
    let numbered = |word: &str| {
        stem.strip_prefix(word).is_some_and(|rest| {
            let mut characters = rest.chars();
            let numbered = matches!(characters.next(), Some('0'..='9' | '¹' | '²' | '³'));
            numbered && characters.next().is_none()
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// Sees to it that no two names are the same file on any system, and that no file is also a folder.
#[derive(Default)]
pub(crate) struct Seen {
    files: HashSet<String>,
    /// As compared, and as written.
    folders: HashMap<String, String>,
}

impl Seen {
    pub(crate) fn add(&mut self, name: &str, is_folder: bool) -> Result<(), ArchiveError> {
        let parts = parts(name)?;
        let twice = || ArchiveError::Twice { name: shown(name) };
        let ends = if is_folder { parts.len() } else { parts.len() - 1 };
        for end in 1..=ends {
            let written = parts[..end].join("/");
            let folded = fold(&written);
            let other = self.folders.get(&folded).is_some_and(|known| *known != written);
            if other || self.files.contains(&folded) {
                return Err(twice());
            }
            self.folders.insert(folded, written);
        }
        let folded = fold(&parts.join("/"));
        if !is_folder && (self.folders.contains_key(&folded) || !self.files.insert(folded)) {
            return Err(twice());
        }
        Ok(())
    }
}

fn fold(name: &str) -> String {
    // Twice, since lower case alone keeps apart what some systems do not, such as ſ and s.
    name.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z1_names_that_leave_the_folder_or_are_devices_are_refused() {
        let bad = [
            "",
            "/",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a/..",
            "./a",
            "a//b",
            "C:\\x",
            "C:x",
            "\\\\host\\x",
            "a\\b",
            "//host/x",
            "x.",
            "x ",
            "a /b",
            "a./b",
            " a",
            "CON",
            "con.txt",
            "nul",
            "COM1",
            "lpt9.onnx",
            "com¹",
            "x:ads",
            "a\0b",
            "a\nb",
            "NUL .txt",
            "a*",
            "conin$",
        ];
        for name in bad {
            assert!(matches!(parts(name), Err(ArchiveError::Name { .. })), "{name:?}");
        }
        assert!(parts(&"a/".repeat(40)).is_err());
        assert!(parts(&"a".repeat(256)).is_err());
        for name in [
            "model.onnx",
            "a/b/c.bin",
            "console.txt",
            "com10",
            "ünï/模型.onnx",
            ".hidden",
            "a/",
            "..a",
            "%2e%2e/x",
        ] {
            assert!(parts(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn z1_two_names_for_one_file_are_refused() {
        for (first, second) in [
            ("a", "a"),
            ("Model.onnx", "model.ONNX"),
            ("a", "a/b"),
            ("a/b", "a"),
            ("A/x", "a/y"),
            ("ſ", "s"),
            ("STRASSE", "straße"),
        ] {
            let mut seen = Seen::default();
            seen.add(first, false).unwrap();
            assert!(matches!(seen.add(second, false), Err(ArchiveError::Twice { .. })), "{first} {second}");
        }
        let mut seen = Seen::default();
        for (name, is_folder) in
            [("a/", true), ("a/b", false), ("a/c/", true), ("a/c/d", false), ("a/", true)]
        {
            seen.add(name, is_folder).unwrap();
        }
    }
}
