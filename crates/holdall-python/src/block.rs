//! Sixteen bytes of a JSON string at once: which of them must be escaped.

/// Fewer than sixteen bytes as a block. They are put together in registers: a block that was written
/// by pieces cannot be read at once.
#[inline(always)]
pub fn short(bytes: &[u8]) -> [u8; 16] {
    let length = bytes.len() as u32;
    let word = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
            // Twice 32 bits, because a shift by all 64 is none.
            u128::from(first) | u128::from(last >> (64 - 4 * length) >> (64 - 4 * length)) << 64
        }
        _ => match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => {
                let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
                u128::from(u64::from(first) | u64::from(last) << (8 * length - 32))
            }
            _ => u128::from(bytes.iter().rev().fold(0_u32, |word, byte| word << 8 | u32::from(*byte))),
        },
    };
    word.to_le_bytes()
}

/// A bit for each byte that a JSON string does not hold as it is, the first in the lowest bit.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn specials(block: [u8; 16]) -> u32 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };
    // SAFETY: every x86-64 has SSE2; the load reads the sixteen bytes of the block.
    unsafe {
        let block = _mm_loadu_si128(block.as_ptr().cast::<__m128i>());
        let quote = _mm_cmpeq_epi8(block, _mm_set1_epi8(b'"' as i8));
        let backslash = _mm_cmpeq_epi8(block, _mm_set1_epi8(b'\\' as i8));
        // There is no unsigned comparison: what is its own minimum with 0x1F is not above it.
        let control = _mm_cmpeq_epi8(block, _mm_min_epu8(block, _mm_set1_epi8(0x1F)));
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control)) as u32
    }
}

/// A bit for each byte that a JSON string does not hold as it is, the first in the lowest bit.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn specials(block: [u8; 16]) -> u32 {
    let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    block.iter().rev().fold(0, |mask, byte| mask << 1 | u32::from(special(*byte)))
}
