//! JSON numbers, read.

use super::text::{SyntaxError, Text};

/// A number as it will be built.
pub(super) enum Number<'a> {
    Int(i64),
    BigInt(&'a str),
    Float(f64),
}

/// Any run of this many digits fits an `i64`.
const SAFE_DIGITS: usize = 18;

/// Reads one number. An integer of any length stays an integer; a float is the nearest one.
pub(super) fn read<'a>(text: &mut Text<'a>) -> Result<Number<'a>, SyntaxError> {
    let start = text.at();
    let negative = text.peek() == Some(b'-');
    if negative {
        text.skip(1);
    }
    let first = text.peek();
    let (digits, value) = take_digits(text);
    if digits == 0 {
        return Err(text.error("a digit is missing"));
    }
    if digits > 1 && first == Some(b'0') {
        return Err(text.error("a number with a leading zero"));
    }
    let mut float = false;
    if text.peek() == Some(b'.') {
        float = true;
        text.skip(1);
        if take_digits(text).0 == 0 {
            return Err(text.error("a digit is missing after the point"));
        }
    }
    if let Some(b'e' | b'E') = text.peek() {
        float = true;
        text.skip(1);
        if let Some(b'+' | b'-') = text.peek() {
            text.skip(1);
        }
        if take_digits(text).0 == 0 {
            return Err(text.error("a digit is missing in the exponent"));
        }
    }
    let written = text.since(start);
    if float {
        return match written.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Number::Float(number)),
            _ => Err(text.error("a number too large for a float")),
        };
    }
    if digits <= SAFE_DIGITS {
        return Ok(Number::Int(if negative { -value } else { value }));
    }
    Ok(written.parse::<i64>().map_or(Number::BigInt(written), Number::Int))
}

/// How many digits stand here, and their value if it is within [`SAFE_DIGITS`].
fn take_digits(text: &mut Text<'_>) -> (usize, i64) {
    let mut value: i64 = 0;
    let mut count = 0;
    for byte in text.rest() {
        if !byte.is_ascii_digit() {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
        count += 1;
    }
    text.skip(count);
    (count, value)
}
