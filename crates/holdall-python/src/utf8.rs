//! UTF-8 from a str, and a str from UTF-8.

use std::slice;
use std::str;

use pyo3::ffi;

use crate::copy::copy_short;

/// The UTF-8 of a str, without lone surrogates; it is kept by the str as long as that lives.
///
/// # Safety
/// The object is a str, and outlives `'a`.
#[inline(always)]
pub unsafe fn of<'a>(object: *mut ffi::PyObject) -> Option<&'a str> {
    // SAFETY: a str, says the caller. Compact ASCII keeps its bytes right behind the header, another
    // compact str the UTF-8 that it was once asked for; a str does not change.
    #[cfg(not(Py_3_14))]
    unsafe {
        if ffi::PyUnicode_IS_COMPACT_ASCII(object) != 0 {
            let length = ffi::PyUnicode_GET_LENGTH(object) as usize;
            return Some(str::from_utf8_unchecked(slice::from_raw_parts(ascii_data(object), length)));
        }
        if ffi::PyUnicode_IS_COMPACT(object) != 0 {
            let text = object.cast::<ffi::PyCompactUnicodeObject>();
            if !(*text).utf8.is_null() {
                let (start, length) = ((*text).utf8.cast::<u8>(), (*text).utf8_length as usize);
                return Some(str::from_utf8_unchecked(slice::from_raw_parts(start, length)));
            }
        }
    }
    // SAFETY: a str, says the caller.
    unsafe { asked(object) }
}

#[cold]
unsafe fn asked<'a>(object: *mut ffi::PyObject) -> Option<&'a str> {
    let mut length = 0;
    // SAFETY: a str, says the caller; what it gives is UTF-8 that lives as long as it does.
    unsafe {
        let start = ffi::PyUnicode_AsUTF8AndSize(object, &mut length);
        if start.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(str::from_utf8_unchecked(slice::from_raw_parts(start.cast::<u8>(), length as usize)))
    }
}

/// Where a compact ASCII str keeps its bytes.
///
/// # Safety
/// The object is a compact ASCII str.
#[inline(always)]
unsafe fn ascii_data(object: *mut ffi::PyObject) -> *mut u8 {
    // SAFETY: they stand right behind the header.
    unsafe { object.cast::<ffi::PyASCIIObject>().add(1).cast::<u8>() }
}

/// A new str, or null with an error set. `ascii` says whether the text is.
///
/// # Safety
/// The GIL is held.
#[inline(always)]
pub unsafe fn new(text: &str, ascii: bool) -> *mut ffi::PyObject {
    let length = text.len() as ffi::Py_ssize_t;
    // SAFETY: a fresh compact ASCII str has exactly that many bytes, which nobody has seen yet.
    unsafe {
        // Python keeps the empty and the one-letter strings itself.
        if length < 2 {
            return ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), length);
        }
        if !ascii {
            return wide(text);
        }
        let object = ffi::PyUnicode_New(length, 0x7F);
        if !object.is_null() {
            copy_short(text.as_ptr(), ascii_data(object), text.len());
        }
        object
    }
}

/// A new str of a text that is not all ASCII.
unsafe fn wide(text: &str) -> *mut ffi::PyObject {
    // The first byte of a character tells how many bits it has; of equal lengths the larger is more.
    let bytes = text.as_bytes();
    let highest = bytes.iter().copied().max().unwrap_or(0);
    let length = bytes.iter().filter(|byte| (**byte as i8) >= -0x40).count();
    let limit = match highest {
        0..0xC4 => 0xFF,
        0xC4..0xF0 => 0xFFFF,
        _ => 0x10_FFFF,
    };
    // SAFETY: a fresh str of that many characters, each within the limit; nobody has seen it yet.
    unsafe {
        let object = ffi::PyUnicode_New(length as ffi::Py_ssize_t, limit);
        if object.is_null() {
            return object;
        }
        let data = object.cast::<ffi::PyCompactUnicodeObject>().add(1);
        match limit {
            0xFF => spread(text, data.cast::<u8>()),
            0xFFFF => spread(text, data.cast::<u16>()),
            _ => spread(text, data.cast::<u32>()),
        }
        object
    }
}

/// A unit of a str: wide enough for each of its characters.
trait Unit: Copy {
    fn of(character: char) -> Self;
}

impl Unit for u8 {
    fn of(character: char) -> Self {
        character as Self
    }
}

impl Unit for u16 {
    fn of(character: char) -> Self {
        character as Self
    }
}

impl Unit for u32 {
    fn of(character: char) -> Self {
        character as Self
    }
}

/// # Safety
/// There is room for all characters.
unsafe fn spread<U: Unit>(text: &str, mut to: *mut U) {
    for character in text.chars() {
        // SAFETY: there is room, says the caller.
        unsafe {
            to.write(U::of(character));
            to = to.add(1);
        }
    }
}
