//! Eight decimal digits at a time, in the eight bytes of a word.

use crate::buffer::Buffer;

const ZEROS: u64 = 0x3030_3030_3030_3030;
const FOUR: u64 = 10_000;
const EIGHT: u64 = 100_000_000;

/// Appends an integer and the byte that follows it. It takes at most 32 bytes of what was reserved.
#[inline(always)]
pub(super) fn write_int<B: Buffer>(number: i64, follow: u8, out: &mut B) {
    if number < 0 {
        out.push(b'-');
    }
    write_uint(number.unsigned_abs(), follow, out);
}

/// As [`write_int`], for what has no sign.
#[inline(always)]
pub(super) fn write_uint<B: Buffer>(number: u64, follow: u8, out: &mut B) {
    if number < FOUR {
        write_few(number as u32, follow, out);
    } else if number < EIGHT {
        write_short(number, follow, out);
    } else {
        write_long(number, follow, out);
    }
}

/// Below 10⁴: most numbers are, and half of the work is enough.
#[inline(always)]
fn write_few<B: Buffer>(number: u32, follow: u8, out: &mut B) {
    let hundreds = (number * 5_243) >> 19;
    let pairs = hundreds | ((number - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000F_000F;
    let digits = tens | ((pairs - 10 * tens) << 8);
    let skip = (digits | 1 << 24).trailing_zeros() / 8;
    out.short(((digits | ZEROS as u32) >> (8 * skip)).to_le_bytes(), 4 - skip as usize, follow);
}

#[inline(always)]
fn write_short<B: Buffer>(number: u64, follow: u8, out: &mut B) {
    let (digits, length) = front(number);
    out.short(digits.to_le_bytes(), length, follow);
}

#[inline(never)]
fn write_long<B: Buffer>(number: u64, follow: u8, out: &mut B) {
    let (before, eight) = (number / EIGHT, number % EIGHT);
    let [first, rest @ ..] = (digits_of(eight) | ZEROS).to_le_bytes();
    if before < EIGHT {
        write_short(before, first, out)
    } else {
        write_long(before, first, out)
    }
    out.short(rest, rest.len(), follow);
}

/// The first digits of a number and how many they are: none of the zeros in front, unless it is zero.
#[inline(always)]
const fn front(number: u64) -> (u64, usize) {
    let digits = digits_of(number);
    let skip = (digits | 1 << 56).trailing_zeros() / 8;
    ((digits | ZEROS) >> (8 * skip), 8 - skip as usize)
}

/// The digits of a number below 10⁸, the first in the lowest byte: halves, then quarters, then
/// eighths, each step on all of them at once.
#[inline(always)]
const fn digits_of(number: u64) -> u64 {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    // A hundredth by multiplication is exact below 10,000, a tenth below 100.
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let quarters = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((quarters * 103) >> 10) & 0x000F_000F_000F_000F;
    tens | ((quarters - 10 * tens) << 8)
}

/// How many of the eight bytes, from the lowest, are digits.
#[inline(always)]
pub(super) const fn count(word: u64) -> u32 {
    let value = word ^ ZEROS;
    // Above nine, or not ASCII.
    let other = (((value & 0x7F7F_7F7F_7F7F_7F7F) + 0x7676_7676_7676_7676) | value) & 0x8080_8080_8080_8080;
    other.trailing_zeros() / 8
}

/// The number that the first `count` bytes spell, from one to eight of them.
#[inline(always)]
pub(super) const fn value_of(word: u64, count: u32) -> u64 {
    // Shifted up, the digits have zeros in front instead of bytes behind.
    let digits = (word ^ ZEROS) << (64 - 8 * count);
    let pairs = digits * 10 + (digits >> 8);
    let low = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let high = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    low.wrapping_add(high) >> 32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(number: i64) -> String {
        let mut out = Vec::new();
        write_int(number, b',', &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_length_is_written_as_it_is_spelt() {
        for power in 0..=18 {
            let number = 10_i64.pow(power);
            for number in [number - 1, number, number + 1, -number, number * 7 + 3] {
                assert_eq!(written(number), format!("{number},"));
            }
        }
        assert_eq!(written(i64::MIN), format!("{},", i64::MIN));
    }

    proptest! {
        #[test]
        fn numbers_are_written_as_they_are_spelt(number: i64, shift in 0..64) {
            let number = number >> shift;
            prop_assert_eq!(written(number), format!("{number},"));
        }

        #[test]
        fn digits_are_counted_and_read(bytes: [u8; 8], digits in "[0-9]{0,8}") {
            let mut bytes = bytes;
            for (to, from) in bytes.iter_mut().zip(digits.bytes()) {
                *to = from;
            }
            let count_here = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let word = u64::from_le_bytes(bytes);
            prop_assert_eq!(count(word) as usize, count_here);
            if count_here > 0 {
                let spelt = std::str::from_utf8(&bytes[..count_here]).unwrap();
                prop_assert_eq!(value_of(word, count(word)), spelt.parse::<u64>().unwrap());
            }
        }
    }
}
