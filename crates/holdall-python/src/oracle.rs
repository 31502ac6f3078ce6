//! What the tests hold the fast writer against.

use holdall_codec::json::{self, Inexact};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::cbor;
use crate::error::Result;
use crate::source::Object;

/// Return a value as the safe writer puts it into JSON, or None where JSON does not hold it exactly.
#[pyfunction]
#[pyo3(name = "_safe_json")]
pub fn safe_json<'py>(value: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyBytes>>> {
    let mut out: Vec<u8> = Vec::new();
    match json::encode(Object::new(value), &mut out) {
        Ok(()) => Ok(Some(PyBytes::new(value.py(), &out))),
        Err(Inexact::Value) => Ok(None),
        Err(Inexact::Memory(error)) => Err(error.into()),
    }
}

/// Return what the safe writer makes of a value as CBOR, everything in the payload; None if it is none
/// of CBOR's.
#[pyfunction]
#[pyo3(name = "_safe_cbor")]
pub fn safe_cbor<'py>(value: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyBytes>>> {
    match cbor::dumps(value, false, None, Vec::new())? {
        Ok(written) => Ok(Some(PyBytes::new(value.py(), &written.out))),
        Err(_) => Ok(None),
    }
}
