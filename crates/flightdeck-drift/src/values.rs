//! Recognising the values of a categorical column: the kept ones exactly, the other known ones by a 32-bit hash.
//!
//! A baseline can know a hundred thousand values. Their texts would be most of the package and could name people, so that
//! beyond the kept ones only hashes are stored; one new value in `2^32 / known` is then taken for a known one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Hashes of the known values that are not kept by text, ascending. In JSON base64 over little-endian 32-bit words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownHashes(Vec<u32>);

/// Finds the slot of a value: its position among the kept ones, then the known rest, then new.
#[derive(Clone, Debug)]
pub(crate) struct ValueIndex {
    kept: HashMap<u64, (u32, Box<str>), BuildHasherDefault<Identity>>,
    rest: HashSet<u32, BuildHasherDefault<Identity>>,
    rest_slot: u32,
}

impl KnownHashes {
    pub(crate) fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut hashes: Vec<u32> = values.map(|value| short(hash(value.as_bytes()))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.to_le_bytes()).collect()
    }
}

impl Serialize for KnownHashes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.bytes()))
    }
}

impl<'de> Deserialize<'de> for KnownHashes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = STANDARD.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)?;
        let words = bytes.chunks_exact(4);
        let ragged = !words.remainder().is_empty();
        let hashes: Vec<u32> =
            words.map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        if ragged || !hashes.is_sorted_by(|a, b| a < b) {
            return Err(de::Error::custom("expected ascending 32-bit words"));
        }
        Ok(Self(hashes))
    }
}

impl ValueIndex {
    pub(crate) fn new<'a>(kept: impl ExactSizeIterator<Item = &'a str>, rest: &KnownHashes) -> Self {
        let rest_slot = kept.len() as u32;
        let kept =
            kept.enumerate().map(|(slot, value)| (hash(value.as_bytes()), (slot as u32, value.into())));
        Self { kept: kept.collect(), rest: rest.0.iter().copied().collect(), rest_slot }
    }

    pub(crate) fn slot(&self, value: &str) -> usize {
        let hash = hash(value.as_bytes());
        match self.kept.get(&hash) {
            Some((slot, text)) if **text == *value => *slot as usize,
            _ if self.rest.contains(&short(hash)) => self.rest_slot as usize,
            _ => self.rest_slot as usize + 1,
        }
    }
}

/// Keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(bytes);
    }
    fn write_u32(&mut self, key: u32) {
        self.0 = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// A 64-bit hash by folded multiplication. It is stored in baselines: changing it changes every edge set.
fn hash(bytes: &[u8]) -> u64 {
    let mut state = fold(bytes.len() as u64 ^ 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word), 0x8ebc_6af0_9c88_c6e3);
    }
    if !rest.is_empty() {
        state = fold(state ^ tail(bytes, rest.len()), 0x8ebc_6af0_9c88_c6e3);
    }
    fold(state, 0x5895_10c7_4a4d_d1e5)
}

/// The last `n` bytes, 1 to 7, padded with zeros; without a copy of a length that is only known when it runs.
fn tail(bytes: &[u8], n: usize) -> u64 {
    if let Some(last) = bytes.last_chunk::<8>() {
        return u64::from_le_bytes(*last) >> (64 - 8 * n);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first))
            | (u64::from(u32::from_le_bytes(*last)) << (8 * (n - 4)));
    }
    bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64 ^ a.rotate_left(32)
}

fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_padded_words() {
        let plain = |bytes: &[u8]| {
            let start = fold(bytes.len() as u64 ^ 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db);
            let words = bytes.chunks(8).map(|word| {
                let mut padded = [0; 8];
                padded[..word.len()].copy_from_slice(word);
                u64::from_le_bytes(padded)
            });
            fold(
                words.fold(start, |state, word| fold(state ^ word, 0x8ebc_6af0_9c88_c6e3)),
                0x5895_10c7_4a4d_d1e5,
            )
        };
        let bytes: Vec<u8> = (0..40_u8).map(|i| i.wrapping_mul(37).wrapping_add(5)).collect();
        for length in 0..=bytes.len() {
            assert_eq!(hash(&bytes[..length]), plain(&bytes[..length]), "{length} bytes");
        }
    }

    #[test]
    fn kept_known_and_new_values_find_their_slots() {
        let known: Vec<String> = (0..50_000).map(|i| format!("customer-{i}")).collect();
        let rest = KnownHashes::of(known.iter().map(String::as_str));
        let index = ValueIndex::new(["red", "", "green"].into_iter(), &rest);
        assert_eq!((index.slot("red"), index.slot(""), index.slot("green")), (0, 1, 2));
        assert!(known.iter().all(|value| index.slot(value) == 3));
        let taken_for_known = (0..50_000).filter(|i| index.slot(&format!("visitor-{i}")) != 4).count();
        assert!(taken_for_known < 5, "{taken_for_known}");
        let json = serde_json::to_string(&rest).unwrap();
        assert_eq!(serde_json::from_str::<KnownHashes>(&json).unwrap(), rest);
    }
}
