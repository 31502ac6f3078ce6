//! Small integers, read from where Python keeps them: asking for them costs a call each.

use std::os::raw::c_int;

use pyo3::ffi;

/// Bits of a digit; `--enable-big-digits=15` is for machines of 32 bits, which ask.
const DIGIT: u32 = 30;

/// An int as 3.12 and later lay it out: the number of digits above three bits, of which the lower
/// two say 0 for positive, 1 for zero, 2 for negative.
#[cfg(Py_3_12)]
#[repr(C)]
struct Layout {
    base: ffi::PyObject,
    tag: usize,
    digits: [u32; 2],
}

/// An int as 3.11 lays it out: the number of digits, negative for a negative int.
#[cfg(not(Py_3_12))]
#[repr(C)]
struct Layout {
    base: ffi::PyObject,
    size: ffi::Py_ssize_t,
    digits: [u32; 2],
}

/// An int as far as 64 bits go.
pub enum Integer {
    Int(i64),
    /// Too large for the sign.
    UInt(u64),
    Longer,
}

/// What an int is.
///
/// # Safety
/// The object is an exact int.
#[inline(always)]
pub unsafe fn read(object: *mut ffi::PyObject) -> Integer {
    // SAFETY: an exact int, says the caller, so no call runs code of anybody.
    unsafe {
        match value(object) {
            Ok(number) => return Integer::Int(number),
            Err(false) => return Integer::Longer,
            Err(true) => {}
        }
        let number = ffi::PyLong_AsUnsignedLongLong(object);
        if number == u64::MAX && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return Integer::Longer;
        }
        Integer::UInt(number)
    }
}

/// The value of an int that fits 64 bits with a sign: `Err(true)` if it is above them, `Err(false)` if
/// below.
///
/// # Safety
/// The object is an int.
#[inline(always)]
unsafe fn value(object: *mut ffi::PyObject) -> Result<i64, bool> {
    // SAFETY: an int, says the caller; as many digits are read as it says it has.
    if let Some(number) = unsafe { short(object) } {
        return Ok(number);
    }
    let mut overflow: c_int = 0;
    // SAFETY: an int, for which the call runs no code and sets no error.
    let number = unsafe { ffi::PyLong_AsLongLongAndOverflow(object, &mut overflow) };
    if overflow == 0 { Ok(number) } else { Err(overflow > 0) }
}

/// The value of an int of two digits at most.
#[cfg(all(target_pointer_width = "64", not(Py_3_15)))]
#[inline(always)]
unsafe fn short(object: *mut ffi::PyObject) -> Option<i64> {
    let int = object.cast::<Layout>();
    // SAFETY: an int of this version, says the caller. It has room for one digit at least, and the
    // second one is read only if it is there.
    unsafe {
        #[cfg(Py_3_12)]
        let (count, negative) = ((*int).tag >> 3, (*int).tag & 2 != 0);
        #[cfg(not(Py_3_12))]
        let (count, negative) = ((*int).size.unsigned_abs(), (*int).size < 0);
        let digits = (&raw const (*int).digits).cast::<u32>();
        let size = match count {
            0 => 0,
            1 => i64::from(digits.read()),
            2 => i64::from(digits.read()) | i64::from(digits.add(1).read()) << DIGIT,
            _ => return None,
        };
        Some(if negative { -size } else { size })
    }
}

#[cfg(not(all(target_pointer_width = "64", not(Py_3_15))))]
unsafe fn short(_: *mut ffi::PyObject) -> Option<i64> {
    None
}
