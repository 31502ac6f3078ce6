//! Integers of any size.

use pyo3::exceptions::PyOverflowError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fresh;

/// The sign of an integer and the big-endian bytes of n, or of -1 - n where it is negative.
pub fn magnitude(value: &Bound<'_, PyAny>) -> PyResult<(bool, Vec<u8>)> {
    let py = value.py();
    if let Ok(number) = value.extract::<i128>() {
        let negative = number < 0;
        let bytes = (if negative { !number } else { number }).to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        return Ok((negative, bytes.get(zeros..).unwrap_or_default().to_vec()));
    }
    let negative = value.lt(0)?;
    let number = if negative { value.call_method0(intern!(py, "__invert__"))? } else { value.clone() };
    let bits: usize = number.call_method0(intern!(py, "bit_length"))?.extract()?;
    let bytes = number.call_method1(intern!(py, "to_bytes"), (bits.div_ceil(8), intern!(py, "big")))?;
    Ok((negative, fresh::vec(bytes.cast::<PyBytes>()?.as_bytes())?))
}

/// The integer of a sign and its bytes.
pub fn integer<'py>(py: Python<'py>, negative: bool, magnitude: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    if negative && magnitude.len() < 16 {
        let number = magnitude.iter().fold(0i128, |number, byte| number << 8 | i128::from(*byte));
        return fresh::integer(py, &(!number).to_be_bytes(), true);
    }
    let number = fresh::integer(py, magnitude, false)?;
    if negative { number.call_method0(intern!(py, "__invert__")) } else { Ok(number) }
}

/// A decimal number as its digits without a point, and the power of ten they are to be taken times.
/// `None` for what 64 bits do not hold, for a zero with a sign, and for what is no number.
pub fn decimal(text: &str) -> Option<(i64, i64)> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (digits, exponent) = match unsigned.split_once(['E', 'e']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let mut mantissa: i64 = 0;
    let mut after_point: Option<i64> = None;
    for byte in digits.bytes() {
        if byte == b'.' {
            after_point = Some(0);
            continue;
        }
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        mantissa = mantissa.checked_mul(10)?.checked_add(i64::from(digit))?;
        after_point = after_point.map(|count| count + 1);
    }
    if negative && mantissa == 0 {
        return None;
    }
    let exponent = exponent.checked_sub(after_point.unwrap_or(0))?;
    Some((exponent, if negative { -mantissa } else { mantissa }))
}

/// A value that a reader announced is none.
pub fn bad(reason: &str) -> PyErr {
    pyo3::exceptions::PyValueError::new_err(reason.to_owned())
}

/// The exponent that Python's decimals can have.
pub fn exponent(number: i64) -> PyResult<i64> {
    const MOST: i64 = 2_000_000_000_000_000_000;
    if (-MOST..=MOST).contains(&number) { Ok(number) } else { Err(PyOverflowError::new_err("the exponent")) }
}
