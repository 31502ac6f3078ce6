//! JSON strings, written.

use std::collections::TryReserveError;

const WORD: usize = 8;
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether any byte of the word must be escaped: a quote, a backslash or below 0x20. Each term is
/// the usual "has a zero byte" trick; bytes above 0x7F are never meant.
pub(super) const fn has_special(word: u64) -> bool {
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5C);
    let found = quote.wrapping_sub(ONES) & !quote
        | backslash.wrapping_sub(ONES) & !backslash
        | word.wrapping_sub(ONES * 0x20) & !word;
    found & HIGHS != 0
}

pub(super) const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// How many bytes at the front need no escape.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    let mut chunks = bytes.chunks_exact(WORD);
    for chunk in &mut chunks {
        let Ok(word) = <[u8; WORD]>::try_from(chunk) else { break };
        if has_special(u64::from_le_bytes(word)) {
            return length + chunk.iter().position(|byte| is_special(*byte)).unwrap_or(WORD);
        }
        length += WORD;
    }
    let rest = chunks.remainder();
    length + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

/// Appends a quoted string and the byte that follows it.
pub(super) fn write_string(text: &str, follow: u8, out: &mut Vec<u8>) -> Result<(), TryReserveError> {
    let mut rest = text.as_bytes();
    out.try_reserve(rest.len() + 3)?;
    out.push(b'"');
    loop {
        let length = plain_length(rest);
        let (plain, special) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let Some((byte, after)) = special.split_first() else { break };
        out.try_reserve(after.len() + 16)?;
        write_escape(*byte, out);
        rest = after;
    }
    out.extend_from_slice(&[b'"', follow]);
    Ok(())
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        _ => {
            let hex = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0') as u8;
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
