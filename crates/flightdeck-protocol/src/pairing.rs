//! Pairing: how a desktop and a runner that have never met come to trust each other's keys.
//!
//! A person carries a [`Code`] from the runner to the desktop. Neither side ever sends it: each proves that it knows the
//! code, over the key that the TLS connection showed. Somebody between the two shows another key, so that what one side
//! proves is not what the other side expects. How often a code may be tried, and what is given to who knows it, is the
//! runner's business.

use flightdeck_core::Digest;
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Crockford's base 32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 20;
const GROUP: usize = 5;

/// Random bytes in a [`Code`]; the last four bits are not used.
pub const CODE_BYTES: usize = 13;
/// How long a code may be used.
pub const CODE_SECONDS: i64 = 600;
/// Wrong proofs after which a code is worth nothing.
pub const CODE_TRIES: u32 = 5;

/// 100 random bits that a person can read aloud. Cannot be serialised or shown by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; LENGTH]);

/// A text that is not a pairing code. It does not repeat the text.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a pairing code is 20 letters and digits, such as 7K3QF-9M2XA-00000-ABCDE")]
pub struct CodeError;

/// `POST /pair`: who asks, and the proof that it knows the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairRequest {
    /// What the runner shall call the other side, such as a computer's name.
    pub name: String,
    /// 32 random bytes in hexadecimal, new for each try.
    pub nonce: Hex32,
    /// [`Code::client_proof`].
    pub proof: Hex32,
}

/// The answer to a right proof.
#[derive(Clone, Serialize, Deserialize)]
pub struct Paired {
    /// The runner's id.
    pub runner_id: String,
    /// What may be sent to the runner from now on: 64 hexadecimal digits.
    pub token: String,
    /// The token's id, by which it can be revoked.
    pub token_id: String,
    /// [`Code::server_proof`].
    pub proof: Hex32,
}

impl fmt::Debug for Paired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paired").field("runner_id", &self.runner_id).finish_non_exhaustive()
    }
}

/// 32 bytes that travel as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hex32(pub [u8; 32]);

impl Code {
    /// A code of these random bytes.
    pub fn from_bytes(bytes: [u8; CODE_BYTES]) -> Self {
        let bit = |at: usize| usize::from(bytes[at / 8] >> (7 - at % 8) & 1);
        let digit = |place: usize| (0..5).fold(0, |value, at| value << 1 | bit(place * 5 + at));
        Self(std::array::from_fn(|place| ALPHABET[digit(place)]))
    }

    /// `XXXXX-XXXXX-XXXXX-XXXXX`, for the one place that shows it.
    pub fn reveal(&self) -> String {
        let groups = self.0.chunks(GROUP).map(|group| String::from_utf8_lossy(group).into_owned());
        groups.collect::<Vec<_>>().join("-")
    }

    /// What a desktop proves: that it knows the code and saw this key.
    pub fn client_proof(&self, spki_sha256: &[u8; 32], nonce: &Hex32) -> Hex32 {
        let tag = self.sign(&[b"flightdeck-pair-client-1", spki_sha256, &nonce.0]);
        Hex32(tag)
    }

    /// What the runner proves: that it knows the code, showed this key and gave this token.
    pub fn server_proof(&self, spki_sha256: &[u8; 32], nonce: &Hex32, token: &str) -> Hex32 {
        let tag = self.sign(&[b"flightdeck-pair-server-1", spki_sha256, &nonce.0, token.as_bytes()]);
        Hex32(tag)
    }

    fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        for part in parts {
            context.update(part);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.sign().as_ref());
        bytes
    }
}

impl FromStr for Code {
    type Err = CodeError;

    /// As a person types it: any case, with or without dashes and spaces, O for 0 and I or L for 1.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let mut digits = text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')).map(canonical);
        let mut code = [0; LENGTH];
        for place in &mut code {
            *place = digits.next().flatten().ok_or(CodeError)?;
        }
        if digits.next().is_none() { Ok(Self(code)) } else { Err(CodeError) }
    }
}

fn canonical(byte: u8) -> Option<u8> {
    let upper = match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.contains(&upper).then_some(upper)
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

impl Hex32 {
    /// Compares every byte, wherever the first difference is.
    pub fn is_equal(&self, other: &Self) -> bool {
        std::hint::black_box(self.0.iter().zip(&other.0).fold(0, |found, (a, b)| found | (a ^ b))) == 0
    }
}

impl fmt::Display for Hex32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Digest::from_bytes(self.0).hex())
    }
}

impl fmt::Debug for Hex32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hex32({self})")
    }
}

impl FromStr for Hex32 {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let nibble = |byte: &u8| (*byte as char).to_digit(16).map(|digit| digit as u8);
        let digits: Vec<u8> = text.as_bytes().iter().map_while(nibble).collect();
        if text.len() != 64 || digits.len() != 64 {
            return Err(CodeError);
        }
        Ok(Self(std::array::from_fn(|at| digits[2 * at] << 4 | digits[2 * at + 1])))
    }
}

impl Serialize for Hex32 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex32 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("expected 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_100_bits_that_a_person_can_type() {
        let code = Code::from_bytes([0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff]);
        let shown = code.reveal();
        // 1111 1111 0000 0000 …, five bits each: 31, 28, 0, 15, 30, 0, 7, 31, …
        assert!(shown.starts_with("ZW0FY-07Z"), "{shown}");
        assert_eq!((shown.len(), shown.matches('-').count()), (23, 3));
        for typed in [shown.clone(), shown.replace('-', ""), shown.to_lowercase(), shown.replace('0', "o")] {
            assert_eq!(typed.parse(), Ok(code.clone()), "{typed}");
        }
        for wrong in
            ["", &shown[1..], &format!("{shown}0"), &shown.replace('Z', "U"), &shown.replace('Z', "é")]
        {
            assert_eq!(wrong.parse::<Code>(), Err(CodeError), "{wrong}");
        }
        assert!(!format!("{code:?}").contains("ZW0"));
        // The four bits that are left over change nothing.
        let mut other = [0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xf0];
        assert_eq!(Code::from_bytes(other), code);
        other[12] = 0xef;
        assert_ne!(Code::from_bytes(other), code);
    }

    /// The expected values are Python's: `hmac.new(code, label + spki + nonce [+ token], "sha256").hexdigest()`.
    #[test]
    fn proofs_are_hmacs_that_another_program_computes_alike() {
        let code: Code = "01234-56789-ABCDE-FGHJK".parse().unwrap();
        let (spki, nonce) = ([1; 32], Hex32([2; 32]));
        let token = "ab".repeat(32);
        assert_eq!(
            code.client_proof(&spki, &nonce).to_string(),
            "ed5066757ff10c0fdb88faf25bb82afabe09630813a0de41407f2d63da9bd8ea"
        );
        assert_eq!(
            code.server_proof(&spki, &nonce, &token).to_string(),
            "920e7d255f2988d01954b6e57b03de875f6adbd11875d34967a9c5f1383a2057"
        );
    }

    #[test]
    fn k6_a_proof_holds_for_its_key_and_its_nonce_only() {
        let code = Code::from_bytes([7; CODE_BYTES]);
        let (spki, nonce) = ([1; 32], Hex32([2; 32]));
        let proof = code.client_proof(&spki, &nonce);
        assert!(proof.is_equal(&code.client_proof(&spki, &nonce)));
        assert!(!proof.is_equal(&code.client_proof(&[3; 32], &nonce)), "a relay shows another key");
        assert!(!proof.is_equal(&code.client_proof(&spki, &Hex32([3; 32]))));
        assert!(
            !proof.is_equal(&code.server_proof(&spki, &nonce, "")),
            "one side's proof is not the other's"
        );
        assert!(!proof.is_equal(&Code::from_bytes([8; CODE_BYTES]).client_proof(&spki, &nonce)));
    }

    #[test]
    fn what_travels_is_checked_and_hides_the_token() {
        let text =
            format!(r#"{{"name":"desk","nonce":"{}","proof":"{}"}}"#, "0a".repeat(32), "F0".repeat(32));
        let request: PairRequest = serde_json::from_str(&text).unwrap();
        assert_eq!((request.nonce, request.proof), (Hex32([10; 32]), Hex32([0xf0; 32])));
        for wrong in
            [text.replace("0a0a", "0a0"), text.replace("0a0a", "0a0g"), text.replace('}', r#","x":1}"#)]
        {
            assert!(serde_json::from_str::<PairRequest>(&wrong).is_err(), "{wrong}");
        }
        let (token, proof) = ("cd".repeat(32), Hex32([0; 32]));
        let paired = Paired { runner_id: "r".into(), token, token_id: "t".into(), proof };
        assert!(!format!("{paired:?}").contains("cdcd"));
    }
}
