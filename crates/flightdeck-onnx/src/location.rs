//! Where a model may say that its data lies: beside it or below, written plainly, alike on every system.

use std::fmt;

const DEVICES: [&str; 7] = ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];

/// Why a model's data cannot lie where the model says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocationFault {
    /// No place is stated.
    Missing,
    /// It stands for memory of the process that loads the model.
    MemoryAddress,
    /// It starts at a root, a drive or another computer.
    Absolute,
    /// It has a part `.` or `..`, or an empty one.
    Dots,
    /// It has a `%`, a `\`, a control character, or one of `: * ? " < > |`.
    Character,
    /// A part ends with a dot or a space, or starts with a space.
    Edge,
    /// A part is the name of a device.
    Device,
    /// It is longer than 1 KiB, or a part longer than 255 bytes.
    TooLong,
}

impl fmt::Display for LocationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "no place is stated",
            Self::MemoryAddress => "it stands for an address in memory",
            Self::Absolute => "it is not relative to the model",
            Self::Dots => "a part of it is empty, \".\" or \"..\"",
            Self::Character => "it has a character that not every system reads alike",
            Self::Edge => "a part of it starts or ends with a space, or ends with a dot",
            Self::Device => "a part of it is the name of a device",
            Self::TooLong => "it is too long",
        })
    }
}

/// Checks a location without touching the disk.
pub(crate) fn check(location: &str) -> Result<(), LocationFault> {
    let first = location.as_bytes();
    let drive = matches!(first, [letter, b':', ..] if letter.is_ascii_alphabetic());
    if location.to_ascii_uppercase().contains("_ORT_MEM_ADDR_") {
        return Err(LocationFault::MemoryAddress);
    }
    match location {
        "" => Err(LocationFault::Missing),
        _ if location.len() > 1024 => Err(LocationFault::TooLong),
        _ if drive || location.starts_with(['/', '\\']) => Err(LocationFault::Absolute),
        _ => location.split('/').try_for_each(check_part),
    }
}

fn check_part(part: &str) -> Result<(), LocationFault> {
    let odd = |c: char| c.is_control() || matches!(c, '%' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_lowercase();
    match part {
        "" | "." | ".." => Err(LocationFault::Dots),
        _ if part.len() > 255 => Err(LocationFault::TooLong),
        _ if part.chars().any(odd) => Err(LocationFault::Character),
        _ if part.starts_with(' ') || part.ends_with([' ', '.']) => Err(LocationFault::Edge),
        _ if DEVICES.contains(&stem.as_str()) || is_port(&stem) => Err(LocationFault::Device),
        _ => Ok(()),
    }
}

fn is_port(stem: &str) -> bool {
    let number = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    number.is_some_and(|rest| {
        rest.chars().count() == 1 && rest.starts_with(|c| matches!(c, '0'..='9' | '¹' | '²' | '³'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_locations_are_allowed() {
        for location in ["model.onnx.data", "weights/layer 1.bin", "a..b", "Gewichte-ä.bin"] {
            assert_eq!(check(location), Ok(()), "{location}");
        }
    }

    #[test]
    fn o1_o2_o3_o9_locations_that_lead_elsewhere_are_refused() {
        use LocationFault::{Absolute, Character, Device, Dots, Edge, MemoryAddress, Missing, TooLong};
        let long = "x".repeat(256);
        let cases = [
            ("../../etc/passwd", Dots),
            ("/etc/passwd", Absolute),
            ("C:\\Windows\\win.ini", Absolute),
            ("c:x", Absolute),
            ("\\\\?\\C:\\x", Absolute),
            ("\\\\host\\share\\x", Absolute),
            ("//host/x", Absolute),
            ("a/../../b", Dots),
            (".\\..\\x", Character),
            ("a//b", Dots),
            ("%2e%2e/x", Character),
            ("a\0b", Character),
            ("x.", Edge),
            ("x ", Edge),
            ("CON", Device),
            ("data/aux.bin", Device),
            ("COM1", Device),
            ("x:ads", Absolute),
            ("file:ads", Character),
            ("*/_ORT_MEM_ADDR_/*", MemoryAddress),
            ("", Missing),
            (long.as_str(), TooLong),
        ];
        for (location, fault) in cases {
            assert_eq!(check(location), Err(fault), "{location:?}");
        }
    }
}
