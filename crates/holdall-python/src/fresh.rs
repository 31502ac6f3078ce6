//! New objects, or a `MemoryError`: PyO3's own constructors end in a panic when memory runs out.

use pyo3::exceptions::PyOverflowError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyList, PyString};

use crate::error::Raised;

fn size(length: usize) -> PyResult<ffi::Py_ssize_t> {
    length.try_into().map_err(|_| PyOverflowError::new_err("longer than anything in Python"))
}

/// A copy of bytes that is Rust's.
pub fn vec(bytes: &[u8]) -> PyResult<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(Raised::from)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

/// A copy of bytes.
pub fn bytes<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, bytes.len(), |out| {
        out.copy_from_slice(bytes);
        Ok(())
    })
}

/// The same, to be changed.
pub fn bytearray<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyByteArray>> {
    PyByteArray::new_with(py, bytes.len(), |out| {
        out.copy_from_slice(bytes);
        Ok(())
    })
}

/// The integer of big-endian bytes, in two's complement where it is `signed`.
pub fn integer<'py>(py: Python<'py>, bytes: &[u8], signed: bool) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: bytes of that length; a new reference, or null with an error.
    unsafe {
        #[cfg(not(Py_3_13))]
        let made = ffi::_PyLong_FromByteArray(bytes.as_ptr(), bytes.len(), 0, signed.into());
        #[cfg(Py_3_13)]
        let made = {
            let make = if signed { ffi::PyLong_FromNativeBytes } else { ffi::PyLong_FromUnsignedNativeBytes };
            make(bytes.as_ptr().cast(), bytes.len(), ffi::Py_ASNATIVEBYTES_BIG_ENDIAN)
        };
        Bound::from_owned_ptr_or_err(py, made)
    }
}

/// A str.
pub fn text<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyString>> {
    let length = size(text.len())?;
    // SAFETY: UTF-8 of that length; a new reference, or null with an error.
    let made = unsafe {
        let made = ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), length);
        Bound::from_owned_ptr_or_err(py, made)?
    };
    Ok(made.cast_into()?)
}

/// A list of items.
pub fn list<'py>(
    py: Python<'py>,
    items: impl ExactSizeIterator<Item = Py<PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let length = size(items.len())?;
    // SAFETY: a new reference, or null with an error. The list has as many places as the iterator says
    // it has items, and nobody sees it before they are filled: an empty place of a list is null.
    let made = unsafe {
        let made = Bound::from_owned_ptr_or_err(py, ffi::PyList_New(length))?;
        for (at, item) in (0..length).zip(items) {
            ffi::PyList_SET_ITEM(made.as_ptr(), at, item.into_ptr());
        }
        made
    };
    Ok(made.cast_into()?)
}

/// An empty dict.
pub fn dict(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    // SAFETY: a new reference, or null with an error.
    let made = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyDict_New())? };
    Ok(made.cast_into()?)
}
