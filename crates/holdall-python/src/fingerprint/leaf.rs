//! Values with nothing inside.

use holdall_flow::digest::{Digester, Tag};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyBytesMethods, PyDict};
use pyo3::{IntoPyObjectExt, ffi};

use crate::integer::{self, Integer};
use crate::utf8;

/// Tells a value, if it is one of those that have nothing inside.
#[inline]
pub fn leaf(object: &Bound<'_, PyAny>, out: &mut Digester) -> PyResult<bool> {
    let at = object.as_ptr();
    // SAFETY: a live object; what is read of it belongs to the exact type that it was found to be.
    unsafe {
        if ffi::PyUnicode_CheckExact(at) != 0 {
            match utf8::of(at) {
                Some(text) => out.bytes(Tag::Text, text.as_bytes()),
                None => surrogates(object, out)?,
            }
        } else if ffi::PyLong_CheckExact(at) != 0 {
            match integer::read(at) {
                Integer::Int(number) => out.integer(number),
                Integer::UInt(_) | Integer::Longer => long(object, out)?,
            }
        } else if ffi::PyFloat_CheckExact(at) != 0 {
            out.fixed(Tag::Float, ffi::PyFloat_AS_DOUBLE(at).to_le_bytes());
        } else if at == ffi::Py_None() {
            out.unit(Tag::None);
        } else if at == ffi::Py_True() {
            out.unit(Tag::True);
        } else if at == ffi::Py_False() {
            out.unit(Tag::False);
        } else if ffi::PyBytes_CheckExact(at) != 0 {
            out.bytes(Tag::Bytes, object.cast_unchecked::<PyBytes>().as_bytes());
        } else {
            return rare(object, out);
        }
    }
    Ok(true)
}

fn rare(object: &Bound<'_, PyAny>, out: &mut Digester) -> PyResult<bool> {
    let at = object.as_ptr();
    // SAFETY: as above.
    unsafe {
        if ffi::PyComplex_CheckExact(at) != 0 {
            let number = ffi::PyComplex_AsCComplex(at);
            let mut bytes = [0; 16];
            let (real, imaginary) = bytes.split_at_mut(8);
            real.copy_from_slice(&number.real.to_le_bytes());
            imaginary.copy_from_slice(&number.imag.to_le_bytes());
            out.fixed(Tag::Complex, bytes);
        } else if at == ffi::Py_Ellipsis() {
            out.unit(Tag::Ellipsis);
        } else if at == ffi::Py_NotImplemented() {
            out.unit(Tag::NotImplemented);
        } else {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A str that is no UTF-8: each lone surrogate in the three bytes that it would have.
#[cold]
fn surrogates(text: &Bound<'_, PyAny>, out: &mut Digester) -> PyResult<()> {
    let bytes = text.call_method1(intern!(text.py(), "encode"), ("utf-8", "surrogatepass"))?;
    out.bytes(Tag::Text, bytes.cast::<PyBytes>()?.as_bytes());
    Ok(())
}

/// An int of more than 64 bits. How long it takes grows with its size alone.
#[cold]
fn long(number: &Bound<'_, PyAny>, out: &mut Digester) -> PyResult<()> {
    let py = number.py();
    let bits: usize = number.call_method0(intern!(py, "bit_length"))?.extract()?;
    let signed = PyDict::new(py);
    signed.set_item(intern!(py, "signed"), true)?;
    let length = (bits / 8 + 1).into_py_any(py)?;
    let bytes = number.call_method(intern!(py, "to_bytes"), (length, "little"), Some(&signed))?;
    out.bytes(Tag::LongInteger, bytes.cast::<PyBytes>()?.as_bytes());
    Ok(())
}
