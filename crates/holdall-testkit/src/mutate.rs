//! Bytes changed at random, for the parsers: what a fuzzer does, for a budget of seconds.

use std::time::{Duration, Instant};

/// The budget of each parser in seconds, from `HOLDALL_FUZZ_SECONDS`; 2 without it.
#[must_use]
pub fn budget() -> Duration {
    let told = std::env::var("HOLDALL_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(told.unwrap_or(2))
}

/// Feeds a parser its corpus, and then changed and joined pieces of it until the time is up. The order
/// of the changes is the same each time.
///
/// Returns how many inputs were tried.
pub fn mutate(corpus: &[Vec<u8>], budget: Duration, parse: impl Fn(&[u8])) -> u64 {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    corpus.iter().for_each(|input| parse(input));
    let (began, mut tried) = (Instant::now(), corpus.len() as u64);
    while began.elapsed() < budget {
        for _ in 0..64 {
            let mut input = corpus.get(dice.below(corpus.len())).cloned().unwrap_or_default();
            for _ in 0..=dice.below(4) {
                change(&mut input, corpus, &mut dice);
            }
            parse(&input);
            tried += 1;
        }
    }
    tried
}

/// Heads of CBOR, pieces of JSON and lengths that end where numbers do.
const PIECES: [&[u8]; 14] = [
    b"\xd8\x1c",
    b"\xd8\x1d\x00",
    b"\xd9\xc1\x48",
    b"\xd9\xc1\x49",
    b"\xd9\xc1\x4a",
    b"\xd8\x1b",
    b"\x9f",
    b"\xff",
    b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x81",
    b"\xa1",
    b"[",
    b"{\"",
    b"\\ud800",
];

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(input.len() + 1);
    match dice.below(6) {
        0 => {
            let bit = 1 << dice.below(8);
            if let Some(byte) = input.get_mut(at) {
                *byte ^= bit;
            }
        }
        1 => {
            let value = dice.below(256) as u8;
            if let Some(byte) = input.get_mut(at) {
                *byte = value;
            }
        }
        2 => input.truncate(at),
        3 => {
            let piece = PIECES.get(dice.below(PIECES.len())).copied().unwrap_or_default();
            drop(input.splice(at..at, piece.iter().copied()));
        }
        4 if at < input.len() => drop(input.remove(at)),
        _ => {
            let other = corpus.get(dice.below(corpus.len())).map_or(&[][..], Vec::as_slice);
            let tail = other.get(dice.below(other.len() + 1)..).unwrap_or_default();
            input.truncate(at);
            input.extend_from_slice(tail);
        }
    }
}

/// Numbers in an order that looks random (xorshift64*): a library would be one more to keep.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        (number as usize).checked_rem(limit).unwrap_or(0)
    }
}
