//! JSON strings, written.

use std::collections::TryReserveError;

use crate::buffer::Buffer;

const WORD: usize = 8;
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The high bit of the first byte that must be escaped, and of some after it: a quote, a backslash
/// or below 0x20. Each term is the usual "has a zero byte" trick, whose lowest bit is never wrong;
/// bytes above 0x7F are never meant.
const fn specials(word: u64) -> u64 {
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5C);
    let found = quote.wrapping_sub(ONES) & !quote
        | backslash.wrapping_sub(ONES) & !backslash
        | word.wrapping_sub(ONES * 0x20) & !word;
    found & HIGHS
}

const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// How many bytes at the front need no escape, and whether they are all ASCII.
#[inline]
pub(super) fn plain_run(bytes: &[u8]) -> (usize, bool) {
    let (words, rest) = bytes.as_chunks::<WORD>();
    let (mut length, mut high) = (0, 0);
    for word in words {
        let word = u64::from_le_bytes(*word);
        let found = specials(word);
        if found != 0 {
            let plain = found.trailing_zeros() as usize / 8;
            // Only the bytes before the special one.
            high |= word & ((found & found.wrapping_neg()) >> 7).wrapping_sub(1);
            return (length + plain, high & HIGHS == 0);
        }
        high |= word;
        length += WORD;
    }
    let rest =
        rest.iter().position(|byte| is_special(*byte)).map_or(rest, |end| rest.get(..end).unwrap_or(rest));
    (length + rest.len(), high & HIGHS == 0 && rest.is_ascii())
}

/// Appends a quoted string and the byte that follows it, and reserves what that takes: what
/// [`Buffer::quoted`] does unless it knows better.
///
/// # Errors
/// No memory.
pub fn write_string<B: Buffer>(text: &str, follow: u8, out: &mut B) -> Result<(), TryReserveError> {
    /// The quotes and what follows, or an escape.
    const AROUND: usize = 8;
    let mut rest = text.as_bytes();
    out.reserve(rest.len() + AROUND)?;
    out.push(b'"');
    loop {
        let (plain, special) = rest.split_at_checked(plain_run(rest).0).unwrap_or((rest, &[]));
        out.extend(plain);
        let Some((byte, after)) = special.split_first() else { break };
        out.reserve(after.len() + 2 * AROUND)?;
        write_escape(*byte, out);
        rest = after;
    }
    out.array([b'"', follow]);
    Ok(())
}

fn write_escape<B: Buffer>(byte: u8, out: &mut B) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        _ => {
            let hex = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0') as u8;
            out.array([b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
            return;
        }
    };
    out.array([b'\\', short]);
}
