//! The control token: a type that shows itself to nobody.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// 256 random bits that let their holder control a runner. Cannot be printed or serialised by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// A text that is not a token. It does not repeat the text.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a control token is 64 hexadecimal digits")]
pub struct TokenError;

impl Token {
    /// A token of these random bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(flightdeck_core::Digest::from_bytes(bytes).hex())
    }

    /// The 64 hexadecimal digits, for the one place that hands them over.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let fits = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if fits { Ok(Self(text.into())) } else { Err(TokenError) }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_64_hex_digits_and_never_shown() {
        let token = Token::from_bytes([0xab; 32]);
        assert_eq!(token.reveal().parse(), Ok(token.clone()));
        assert!(!format!("{token:?}").contains("ab"));
        for wrong in ["", &token.reveal()[1..], &token.reveal().to_uppercase()] {
            assert_eq!(wrong.parse::<Token>(), Err(TokenError), "{wrong}");
        }
    }
}
