//! Inputs made from good ones: whole words and values are moved, and bytes are changed. The same numbers, the same inputs.

/// A sequence of numbers that its seed decides (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.number() % limit as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Numbers at the edges of types and of arithmetic.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "255",
    "256",
    "-129",
    "32768",
    "2147483648",
    "4294967295",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "4611686018427387904",
    "0.1",
    "-0.0",
    "1e39",
    "1e400",
    "1e-400",
];

/// Longest input that is made.
const MAX_BYTES: usize = 1 << 16;

/// An input that differs from one of the seeds in up to six places.
pub fn mutate(random: &mut Random, seeds: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut input = random.pick(seeds).clone();
    for _ in 0..=random.below(6) {
        match random.below(9) {
            0 => flip(random, &mut input),
            1 => {
                let word = *random.pick(words);
                insert(random, &mut input, word.as_bytes());
            }
            2 => number(random, &mut input),
            3 => exchange(random, &mut input, &[]),
            4 => {
                let word = *random.pick(words);
                exchange(random, &mut input, word.as_bytes());
            }
            5 => repeat(random, &mut input),
            6 => {
                let end = random.below(input.len() + 1);
                input.truncate(end);
            }
            7 => splice(random, &mut input, seeds),
            _ => move_token(random, &mut input),
        }
    }
    input.truncate(MAX_BYTES);
    input
}

fn flip(random: &mut Random, input: &mut [u8]) {
    if !input.is_empty() {
        let (at, bit) = (random.below(input.len()), random.below(8));
        input[at] ^= 1 << bit;
    }
}

fn insert(random: &mut Random, input: &mut Vec<u8>, bytes: &[u8]) {
    let at = random.below(input.len() + 1);
    input.splice(at..at, bytes.iter().copied());
}

/// One run of digits becomes another number.
fn number(random: &mut Random, input: &mut Vec<u8>) {
    let starts: Vec<usize> = (0..input.len())
        .filter(|at| input[*at].is_ascii_digit() && (*at == 0 || !input[at - 1].is_ascii_digit()))
        .collect();
    if starts.is_empty() {
        return;
    }
    let start = *random.pick(&starts);
    let length = input[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = *random.pick(NUMBERS);
    input.splice(start..start + length, number.bytes());
}

/// Where one word or value ends and the next begins.
fn edges(input: &[u8]) -> Vec<usize> {
    let structural = |byte: u8| matches!(byte, b'[' | b']' | b'{' | b'}' | b',' | b':');
    let inner = (0..input.len()).filter(|at| structural(input[*at])).flat_map(|at| [at, at + 1]);
    let mut edges: Vec<usize> = inner.chain([0, input.len()]).collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// A place between two edges; any place where the input has no structure.
fn span(random: &mut Random, input: &[u8]) -> (usize, usize) {
    let mut edges = edges(input);
    if edges.len() < 4 {
        edges = (0..=input.len()).collect();
    }
    let first = random.below(edges.len());
    let last = (first + 1 + random.below(6)).min(edges.len() - 1);
    (edges[first], edges[last])
}

fn exchange(random: &mut Random, input: &mut Vec<u8>, with: &[u8]) {
    let (start, end) = span(random, input);
    input.splice(start..end, with.iter().copied());
}

fn repeat(random: &mut Random, input: &mut Vec<u8>) {
    let (start, end) = span(random, input);
    let most = if random.below(50) == 0 { 400 } else { 3 };
    let times = 1 + random.below(most);
    let piece = input[start..end].repeat(times);
    if piece.len() < MAX_BYTES {
        input.splice(end..end, piece);
    }
}

fn move_token(random: &mut Random, input: &mut Vec<u8>) {
    let (start, end) = span(random, input);
    let piece: Vec<u8> = input.drain(start..end).collect();
    let edges = edges(input);
    let to = *random.pick(&edges);
    input.splice(to..to, piece);
}

fn splice(random: &mut Random, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let other = random.pick(seeds);
    let at = random.below(input.len() + 1);
    input.truncate(at);
    let from = random.below(other.len() + 1);
    input.extend_from_slice(&other[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything() {
        let seeds = [b"[1,{\"a\":2}]".to_vec(), b"".to_vec(), b"\x00\xff".to_vec()];
        let inputs = |seed| {
            let mut random = Random::new(seed);
            (0..500).map(|_| mutate(&mut random, &seeds, &["null"])).collect::<Vec<_>>()
        };
        assert_eq!(inputs(7), inputs(7));
        assert_ne!(inputs(7), inputs(8));
        let mut different = inputs(7);
        different.sort();
        different.dedup();
        assert!(different.len() > 200, "{}", different.len());
    }
}
