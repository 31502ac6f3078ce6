//! JSON numbers, read.

use super::digits::{count, value_of};
use super::float;
use super::text::{SyntaxError, Text};

/// A number as it will be built.
pub(super) enum Number<'a> {
    Int(i64),
    BigInt(&'a str),
    Float(f64),
}

/// Any run of this many digits fits an `i64`.
const SAFE_DIGITS: usize = 18;
/// Any run of this many digits fits a `u64`.
const MANTISSA_DIGITS: usize = 19;

/// Reads one number. An integer of any length stays an integer; a float is the nearest one.
#[inline(always)]
pub(super) fn read<'a>(text: &mut Text<'a>) -> Result<Number<'a>, SyntaxError> {
    let start = text.at();
    let negative = text.peek() == Some(b'-');
    if negative {
        text.skip(1);
    }
    let first = text.peek();
    let mut value = 0;
    let digits = take_digits(text, &mut value);
    if digits == 0 {
        return Err(text.error("a digit is missing"));
    }
    if digits > 1 && first == Some(b'0') {
        return Err(text.error("a number with a leading zero"));
    }
    if let Some(b'.' | b'e' | b'E') = text.peek() {
        return read_float(text, start, negative, digits, value).map(Number::Float);
    }
    if digits <= SAFE_DIGITS {
        let value = value as i64;
        return Ok(Number::Int(if negative { -value } else { value }));
    }
    let written = text.since(start);
    Ok(written.parse::<i64>().map_or(Number::BigInt(written), Number::Int))
}

/// Reads on from the point or the exponent.
#[inline]
fn read_float(
    text: &mut Text<'_>,
    start: usize,
    negative: bool,
    mut digits: usize,
    mut mantissa: u64,
) -> Result<f64, SyntaxError> {
    let mut exponent = 0;
    if text.peek() == Some(b'.') {
        text.skip(1);
        let fraction = take_digits(text, &mut mantissa);
        if fraction == 0 {
            return Err(text.error("a digit is missing after the point"));
        }
        digits += fraction;
        // What is too long for a mantissa is read by other means, whatever stands here.
        exponent = -i32::try_from(fraction).unwrap_or(0);
    }
    if let Some(b'e' | b'E') = text.peek() {
        text.skip(1);
        let below_one = text.peek() == Some(b'-');
        if let Some(b'+' | b'-') = text.peek() {
            text.skip(1);
        }
        let mut written = 0;
        let length = take_digits(text, &mut written);
        if length == 0 {
            return Err(text.error("a digit is missing in the exponent"));
        }
        // Beyond what `nearest` takes, whatever else is added to it.
        let written = if length > 4 { 10_000 } else { written as i32 };
        exponent += if below_one { -written } else { written };
    }
    let quick = if digits <= MANTISSA_DIGITS { float::nearest(mantissa, exponent) } else { None };
    match quick {
        Some(number) => Ok(if negative { -number } else { number }),
        None => match text.since(start).parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(text.error("a number too large for a float")),
        },
    }
}

/// How many digits stand here. They are appended to the value, which is right as long as it fits.
#[inline(always)]
fn take_digits(text: &mut Text<'_>, value: &mut u64) -> usize {
    const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
    let start = text.at();
    while let Some(word) = text.rest().first_chunk() {
        let word = u64::from_le_bytes(*word);
        let here = count(word);
        if here == 0 {
            return text.at() - start;
        }
        let power = POWERS.get(here as usize).copied().unwrap_or(1);
        *value = value.wrapping_mul(power).wrapping_add(value_of(word, here));
        text.skip(here as usize);
        if here < 8 {
            return text.at() - start;
        }
    }
    while let Some(byte @ b'0'..=b'9') = text.peek() {
        *value = value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        text.skip(1);
    }
    text.at() - start
}
