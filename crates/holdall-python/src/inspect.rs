//! What a frame says of itself. Nothing of the payload is opened.

use bytes::Bytes;
use holdall_store::read;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::error::Result;
use crate::loads::bytes_of;

/// Return what a frame or a bare value says of itself, opening nothing; `holdall.inspect` shows it.
#[pyfunction]
pub fn inspect_frame<'py>(data: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
    let py = data.py();
    let loaded = read(Bytes::from(bytes_of(data)?.into_owned()))?;
    let header = &loaded.header;
    let shown = PyDict::new(py);
    shown.set_item("codec", header.codec.name())?;
    shown.set_item("bare", loaded.bare)?;
    shown.set_item("active", header.codec.is_active())?;
    shown.set_item("size", loaded.bytes.len())?;
    shown.set_item("header_size", loaded.start)?;
    shown.set_item("expires", header.expires)?;
    shown.set_item("python", header.python.map(|(major, minor)| format!("{major}.{minor}")))?;
    shown.set_item("key", header.key.as_deref())?;
    shown.set_item("signed_by", header.signed.as_ref().map(|signature| signature.key_id.to_string()))?;
    shown.set_item("payload", PyBytes::new(py, loaded.payload()))?;
    Ok(shown)
}
