//! What a frame says of itself. Nothing of the payload is opened.

use holdall_frame::{Frame, Header, bare};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::Result;
use crate::fresh;
use crate::loads::bytes_of;

/// Return what a frame or a bare value says of itself, opening nothing; `holdall.inspect` shows it.
#[pyfunction]
pub fn inspect_frame<'py>(data: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
    let py = data.py();
    let bytes = bytes_of(data)?;
    let framed = bare::has_magic(&bytes).then(|| Frame::read(&bytes)).transpose()?;
    let (header, start, payload, segments) = match framed {
        Some(Frame { header, head, payload, segments, .. }) => (header, head.len(), payload, segments.len()),
        None => (Header::plain(bare::codec_of(&bytes)), 0, &*bytes, 0),
    };
    let shown = PyDict::new(py);
    shown.set_item("codec", header.codec.name())?;
    shown.set_item("bare", start == 0)?;
    shown.set_item("active", header.is_active())?;
    shown.set_item("size", bytes.len())?;
    shown.set_item("header_size", start)?;
    shown.set_item("segments", segments)?;
    shown.set_item("expires", header.expires)?;
    shown.set_item("python", header.python.map(|(major, minor)| format!("{major}.{minor}")))?;
    shown.set_item("key", header.key.as_deref())?;
    shown.set_item("signed_by", header.signed.as_ref().map(|signature| signature.key_id.to_string()))?;
    shown.set_item("sealed_by", header.sealed.as_ref().map(|seal| seal.key_id.to_string()))?;
    shown.set_item("payload", fresh::bytes(py, payload)?)?;
    Ok(shown)
}
