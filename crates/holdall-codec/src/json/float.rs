//! From decimal to the nearest float: the method of Eisel and Lemire ("Number parsing at a gigabyte per
//! second", 2021).
//!
//! The mantissa, shifted to 64 bits, is multiplied by the first 128 bits of the power of five. Between
//! 10⁻²⁷ and 10⁵⁵ these decide every case, ties included, so no second method is needed there; what lies
//! outside, or has more than 19 digits, is left to the standard library. The reader has the digits' value
//! already, which that would work out again from the text.

/// The exponents whose product with any mantissa is decided by 128 bits.
const LOWEST: i32 = -27;
const HIGHEST: i32 = 55;

/// The float nearest to `mantissa` × 10^`exponent`; `None` if this method does not say.
pub(super) fn nearest(mantissa: u64, exponent: i32) -> Option<f64> {
    if !(LOWEST..=HIGHEST).contains(&exponent) {
        return None;
    }
    if mantissa == 0 {
        return Some(0.0);
    }
    let power = *FIVES.get(usize::try_from(exponent - LOWEST).ok()?)?;
    let zeros = mantissa.leading_zeros();
    let (high, low) = product(mantissa << zeros, power);
    // 54 bits: those of a float and one to round by. The product of two numbers with their highest
    // bit set has it set or the next one.
    let top = (high >> 63) as u32;
    let shift = top + 9;
    let mut bits = high >> shift;
    // Half-way and exact, which only small powers allow, is rounded to even.
    if low <= 1 && (-4..=23).contains(&exponent) && bits & 3 == 1 && bits << shift == high {
        bits &= !1;
    }
    bits = (bits + (bits & 1)) >> 1;
    // How many bits 10^exponent has, by the logarithm as a fraction.
    let mut two = ((217_706 * exponent) >> 16) + 63 + top as i32 - zeros as i32 + 1023;
    if bits >> 53 != 0 {
        bits >>= 1;
        two += 1;
    }
    // Neither too small nor too large: 1e-27 at least, below 2⁶⁴ × 10⁵⁵.
    Some(f64::from_bits(bits & !(1 << 52) | u64::try_from(two).ok()? << 52))
}

/// The highest 128 bits of the product; the lowest of them may be one too small.
const fn product(mantissa: u64, power: u128) -> (u64, u64) {
    let first = mantissa as u128 * (power >> 64);
    let (mut high, mut low) = ((first >> 64) as u64, first as u64);
    // The power's second half can change the bits that count only by a carry through all the others.
    if high & 0x1FF == 0x1FF {
        let second = ((mantissa as u128 * (power as u64 as u128)) >> 64) as u64;
        let (sum, carry) = low.overflowing_add(second);
        low = sum;
        if carry {
            high += 1;
        }
    }
    (high, low)
}

/// 5^LOWEST to 5^HIGHEST, each shifted so that its highest bit is set: positive powers exact, negative
/// ones rounded up.
static FIVES: [u128; (HIGHEST - LOWEST + 1) as usize] = fives();

// Worked out when the crate is compiled: an index out of range would not compile.
#[allow(clippy::indexing_slicing)]
const fn fives() -> [u128; (HIGHEST - LOWEST + 1) as usize] {
    let mut table = [0; (HIGHEST - LOWEST + 1) as usize];
    let mut five: u128 = 1;
    let mut exponent = 0;
    while exponent <= HIGHEST {
        table[(exponent - LOWEST) as usize] = five << five.leading_zeros();
        if exponent > 0 && -exponent >= LOWEST {
            table[(-exponent - LOWEST) as usize] = reciprocal(five);
        }
        exponent += 1;
        if exponent <= HIGHEST {
            five *= 5;
        }
    }
    table
}

/// The first 128 bits of 1/`five`, rounded up: long division, bit by bit.
const fn reciprocal(five: u128) -> u128 {
    let mut rest: u128 = 1;
    let mut quotient: u128 = 0;
    while quotient >> 127 == 0 {
        rest <<= 1;
        quotient <<= 1;
        if rest >= five {
            rest -= five;
            quotient |= 1;
        }
    }
    quotient + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(mantissa: u64, exponent: i32) {
        let text = format!("{mantissa}e{exponent}");
        assert_eq!(nearest(mantissa, exponent), Some(text.parse().unwrap()), "{text}");
    }

    #[test]
    fn edges_are_as_the_standard_library_reads_them() {
        for exponent in LOWEST..=HIGHEST {
            for bit in 0..64 {
                for near in -2..=2 {
                    check((1_u64 << bit).wrapping_add_signed(near), exponent);
                }
            }
            check(u64::MAX, exponent);
        }
        assert_eq!(nearest(1, LOWEST - 1), None);
        assert_eq!(nearest(1, HIGHEST + 1), None);
    }

    #[test]
    fn halves_are_rounded_to_even() {
        for odd in [(1_u64 << 53) + 1, (1 << 53) + 3, (1 << 54) - 1] {
            for exponent in 0..=4 {
                check(odd, exponent);
                check(odd * 5, exponent);
            }
            // n + 1/2 for n with 53 bits, written with a decimal point.
            check(odd / 2 * 10 + 5, -1);
        }
        for tie in [45_035_996_273_704_965_u64, 45_035_996_273_704_975, 90_071_992_547_409_915] {
            check(tie, -1);
            check(tie * 10, -2);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn any_number_is_as_the_standard_library_reads_it(mantissa: u64, shift in 0..64, exponent in LOWEST..=HIGHEST) {
            check(mantissa >> shift, exponent);
        }

        #[test]
        fn shortest_spellings_are_read_back(number in prop::num::f64::NORMAL) {
            let text = format!("{number:e}");
            let (digits, exponent) = text.split_once('e').unwrap();
            let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
            let mantissa: u64 = digits.replace(['.', '-'], "").parse().unwrap();
            if let Some(found) = nearest(mantissa, exponent.parse::<i32>().unwrap() - fraction) {
                prop_assert_eq!(found, number.abs());
            }
        }
    }
}
