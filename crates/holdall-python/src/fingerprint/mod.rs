//! Fingerprints of Python objects.
//!
//! [`walk`](self::walk) goes through a value without recursion, [`open`](self::open) holds the containers
//! it is in, [`leaf`](self::leaf) tells what has nothing inside, and [`array`](self::array) what NumPy
//! holds; [`buffer`](self::buffer) reads memory. [`kind`](self::kind) knows what Python describes: `holdall.fingerprint.describe`.

mod array;
mod buffer;
mod kind;
mod leaf;
mod open;
mod walk;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::Result;

/// Return the fingerprint of a value: 32 bytes, the same for whatever is alike in type and content.
#[pyfunction]
#[pyo3(signature = (value, *, path="$"))]
pub fn fingerprint<'py>(value: &Bound<'py, PyAny>, path: &str) -> Result<Bound<'py, PyBytes>> {
    let digest = walk::walk(value, path)?;
    Ok(PyBytes::new(value.py(), &digest))
}
