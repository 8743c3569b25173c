//! Which names a file inside a package may have, alike on every system.
//!
//! A package travels between systems, so a name that any of them would read differently is refused by all of them.

use crate::error::PackageError;
use std::fmt;

/// Longest name of one file or folder, in bytes.
pub(crate) const MAX_COMPONENT_BYTES: usize = 128;
/// Longest path inside a package, in bytes.
pub(crate) const MAX_PATH_BYTES: usize = 1024;
/// Deepest path inside a package.
pub(crate) const MAX_DEPTH: usize = 16;

/// Left out of a model signature by every verifier, so that a package must not hold them.
const UNSIGNED: [&str; 4] = [".git", ".gitignore", ".gitattributes", ".github"];
const DEVICES: [&str; 7] = ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];

/// Why a text cannot be the path of a file inside a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFault {
    /// It or one of its parts is empty: a leading, trailing or doubled `/`, or no text at all.
    Empty,
    /// It has a part `.` or `..`.
    Dots,
    /// It, or a part of it, is too long, or it is too deep.
    TooLong,
    /// It has a control character or one of `\ : * ? " < > |`.
    Character,
    /// A part starts with a space, or ends with a space or a dot.
    Edge,
    /// A part is a name that a system or a signature reserves.
    Reserved,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a part of it is empty",
            Self::Dots => "it has a part \".\" or \"..\"",
            Self::TooLong => "it is too long",
            Self::Character => "it has a character that not every system allows",
            Self::Edge => "a part of it starts or ends with a space, or ends with a dot",
            Self::Reserved => "a part of it is a reserved name",
        })
    }
}

/// Checks that `path` can name a file inside a package: relative, `/` between its parts, no `.` or `..`, at most
/// 128 bytes a part, and nothing that another system would read differently.
pub fn check_path(path: &str) -> Result<(), PackageError> {
    match fault(path) {
        None => Ok(()),
        Some(fault) => Err(PackageError::BadPath { path: path.chars().take(80).collect(), fault }),
    }
}

fn fault(path: &str) -> Option<PathFault> {
    if path.len() > MAX_PATH_BYTES || path.split('/').count() > MAX_DEPTH {
        return Some(PathFault::TooLong);
    }
    if path.split('/').next().is_some_and(|first| UNSIGNED.contains(&first.to_ascii_lowercase().as_str())) {
        return Some(PathFault::Reserved);
    }
    path.split('/').find_map(component_fault)
}

fn component_fault(part: &str) -> Option<PathFault> {
    let odd = |c: char| c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    match part {
        "" => Some(PathFault::Empty),
        "." | ".." => Some(PathFault::Dots),
        _ if part.len() > MAX_COMPONENT_BYTES => Some(PathFault::TooLong),
        _ if part.chars().any(odd) => Some(PathFault::Character),
        _ if part.starts_with(' ') || part.ends_with([' ', '.']) => Some(PathFault::Edge),
        _ if is_device(part) => Some(PathFault::Reserved),
        _ => None,
    }
}

/// Windows opens the device for `con`, `CON.txt` and `com1 .x` alike.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            let mut rest = rest.chars();
            matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_allowed() {
        let long = format!("{}/b", "x".repeat(MAX_COMPONENT_BYTES));
        for path in [
            "model.onnx",
            "data/weights.bin",
            "Gewichte ä.bin",
            ".hidden",
            "a..b",
            "console",
            "com",
            "com10",
            &long,
        ] {
            assert!(check_path(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn names_that_lead_outside_or_differ_between_systems_are_refused() {
        let cases = [
            ("", PathFault::Empty),
            ("/etc/passwd", PathFault::Empty),
            ("a//b", PathFault::Empty),
            ("a/", PathFault::Empty),
            ("..", PathFault::Dots),
            ("a/../../b", PathFault::Dots),
            ("./a", PathFault::Dots),
            ("a\\..\\b", PathFault::Character),
            ("C:\\x", PathFault::Character),
            ("x:ads", PathFault::Character),
            ("a\0b", PathFault::Character),
            ("a\nb", PathFault::Character),
            ("a.", PathFault::Edge),
            ("a /b", PathFault::Edge),
            ("CON", PathFault::Reserved),
            ("data/nul.bin", PathFault::Reserved),
            ("com1 .x", PathFault::Reserved),
            ("LPT³", PathFault::Reserved),
            (".Git/config", PathFault::Reserved),
        ];
        for (path, expected) in cases {
            assert_eq!(fault(path), Some(expected), "{path:?}");
        }
        assert_eq!(fault(&"x".repeat(MAX_COMPONENT_BYTES + 1)), Some(PathFault::TooLong));
        assert_eq!(fault(&"x/".repeat(MAX_DEPTH)), Some(PathFault::TooLong));
    }
}
