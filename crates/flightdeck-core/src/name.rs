//! Names of models, endpoints and runners: safe in an address, in a path and in a shell.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use ts_rs::TS;

/// A name of 1 to 64 characters: lower-case letters, digits, `-`, `_` and `.`, starting and ending with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(as = "String")]
pub struct Name(String);

/// A text that cannot be a name.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("\"{}\" cannot be a name: use 1 to 64 lower-case letters, digits, '-', '_' or '.', starting and ending with a letter or digit", .0.escape_debug())]
pub struct NameError(String);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest name to a free text such as a file's stem: `Flights (late)` becomes `flights-late`.
    pub fn suggest(text: &str) -> Self {
        let mut name = String::new();
        for c in text.chars().flat_map(char::to_lowercase) {
            match c {
                'a'..='z' | '0'..='9' | '_' | '.' => name.push(c),
                _ if !name.ends_with('-') => name.push('-'),
                _ => {}
            }
            if name.len() == 64 {
                break;
            }
        }
        let name = name.trim_matches(|c| matches!(c, '-' | '_' | '.'));
        Self(if name.is_empty() { "model".into() } else { name.into() })
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let inner = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        let outer = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        let fits = (1..=64).contains(&bytes.len()) && bytes.iter().copied().all(inner);
        if fits && outer(bytes.first()) && outer(bytes.last()) {
            Ok(Self(text.into()))
        } else {
            Err(NameError(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_names_are_refused() {
        for wrong in ["", ".", "..", "a/b", "../x", "a b", "A", "é", "-a", "a-", "a\0", &"x".repeat(65)] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn every_suggestion_is_a_name(text in ".{0,200}") {
            let name = Name::suggest(&text);
            prop_assert_eq!(name.as_str().parse::<Name>(), Ok(name));
        }
    }
}
