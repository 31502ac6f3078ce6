//! Decimal digits as an int, whatever their number.
//!
//! Python itself reads at most `sys.get_int_max_str_digits()` of them, 4,300 unless told otherwise,
//! because its way costs the square of their number. A higher limit would open that door for the
//! whole process, so here halves are joined by Python's own multiplication, which costs the power 1.58,
//! and what is read has a bound of its own: at a million digits one costs 0.6 microseconds, so that a
//! megabyte of digits keeps a reader busy for less than a second, and no run of them for longer.
//! (From 3.12 on Python splits so too, and keeps its limit.)

use std::ffi::CString;

use holdall_types::ErrorKind;
use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::error::{Raised, Result};

/// The most digits that are read.
const MOST: usize = 1_000_000;

/// Python reads up to 640 digits under any limit (`sys.int_info.str_digits_check_threshold`).
const PIECE: usize = 512;

/// The int of a run of decimal digits, with or without a minus in front.
pub fn int<'py>(py: Python<'py>, text: &str) -> Result<Bound<'py, PyAny>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.len() > MOST {
        let message = format!(
            "an integer of {} digits, and {MOST} are the most that are read; write it as a string",
            digits.len()
        );
        return Err(Raised::new(ErrorKind::LimitExceeded, message));
    }
    let value = joined(py, digits)?;
    Ok(if digits.len() == text.len() { value } else { value.neg()? })
}

/// Pieces of equal length are read apart, and neighbours joined until one is left.
fn joined<'py>(py: Python<'py>, digits: &str) -> PyResult<Bound<'py, PyAny>> {
    // From the end, so that only the first piece may be short; the last digits come first.
    let mut values =
        digits.as_bytes().rchunks(PIECE).map(|digits| piece(py, digits)).collect::<PyResult<Vec<_>>>()?;
    if values.len() > 1 {
        let mut unit = piece(py, b"10")?.pow(PIECE, py.None())?;
        loop {
            let join = |pair: &[Bound<'py, PyAny>]| match pair {
                [low, high] => high.mul(&unit)?.add(low),
                rest => rest.first().cloned().ok_or_else(no_digits),
            };
            values = values.chunks(2).map(join).collect::<PyResult<_>>()?;
            if values.len() < 2 {
                break;
            }
            py.check_signals()?;
            unit = unit.mul(&unit)?;
        }
    }
    values.pop().ok_or_else(no_digits)
}

fn piece<'py>(py: Python<'py>, digits: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let text = CString::new(digits)?;
    // SAFETY: a C string; a new reference, or null with an error.
    unsafe {
        Bound::from_owned_ptr_or_err(py, ffi::PyLong_FromString(text.as_ptr(), std::ptr::null_mut(), 10))
    }
}

#[cold]
fn no_digits() -> PyErr {
    PyValueError::new_err("no digits")
}
