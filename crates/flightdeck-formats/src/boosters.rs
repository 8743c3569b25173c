//! The versions that the boosting libraries write into their own files.

use crate::kind::Kind;
use crate::recognised::{Format, How, Need};

/// How a file of a boosting library is converted; nothing for other kinds.
pub(crate) fn how(kind: Kind, tail: &[u8]) -> Option<How> {
    let (format, needs) = match kind {
        Kind::XgboostJson => (Format::Xgboost, xgboost(json_version(tail))),
        Kind::XgboostUbj => (Format::Xgboost, xgboost(ubj_version(tail))),
        Kind::Lightgbm => (Format::Lightgbm, vec![Need::any("lightgbm"), Need::any("onnxmltools")]),
        Kind::Catboost => (Format::Catboost, vec![Need::any("catboost")]),
        _ => return None,
    };
    Some(How::ByConverter { format, needs })
}

fn xgboost(version: Option<String>) -> Vec<Need> {
    vec![Need::at_least("xgboost", version), Need::any("onnxmltools")]
}

/// `"version":[3,2,0]`.
fn json_version(tail: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(tail);
    let (_, rest) = text.rsplit_once("\"version\"")?;
    let (_, rest) = rest.split_once('[')?;
    let (numbers, _) = rest.split_once(']')?;
    let numbers: Option<Vec<u32>> = numbers.split(',').map(|number| number.trim().parse().ok()).collect();
    joined(&numbers?)
}

/// The same in UBJSON: a list of three small numbers, each behind its type.
fn ubj_version(tail: &[u8]) -> Option<String> {
    let word = b"version[#L\0\0\0\0\0\0\0\x03";
    let at = tail.windows(word.len()).rposition(|window| window == word)?;
    let mut rest = &tail[at + word.len()..];
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let (number, used) = match rest {
            [b'i' | b'U', number, ..] => (u32::from(*number), 2),
            [b'I', high, low, ..] => (u32::from(u16::from_be_bytes([*high, *low])), 3),
            [b'l', a, b, c, d, ..] => (u32::from_be_bytes([*a, *b, *c, *d]), 5),
            _ => return None,
        };
        numbers.push(number);
        rest = &rest[used..];
    }
    joined(&numbers)
}

fn joined(numbers: &[u32]) -> Option<String> {
    let [major, minor, patch] = numbers else { return None };
    Some(format!("{major}.{minor}.{patch}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_at_the_end() {
        // The last bytes of files that XGBoost 3.2.0 wrote.
        let ubj = b"}}}L\0\0\0\0\0\0\0\x07version[#L\0\0\0\0\0\0\0\x03i\x03i\x02i\0}";
        assert_eq!(ubj_version(ubj).as_deref(), Some("3.2.0"));
        assert_eq!(json_version(b"\"1\"}}},\"version\":[3,2,0]}").as_deref(), Some("3.2.0"));
        assert_eq!(json_version(b"\"version\":[\"x\"]"), None);
        assert_eq!(ubj_version(&ubj[..ubj.len() - 3]), None);
    }
}
