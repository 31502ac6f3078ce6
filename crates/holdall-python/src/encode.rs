//! From a value to a payload.

use holdall_codec::json::{self, Inexact};
use holdall_store::{Payload, Segment};
use holdall_types::{Codec, ErrorKind};
use pyo3::buffer::PyBuffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::cbor::{self, Cbor, Refusal};
use crate::error::{Raised, Result};
use crate::mode::Mode;
use crate::pickle;
use crate::segment::held;
use crate::source::Object;

/// A payload whose bytes still belong to the Python object they came from, where there is one.
pub struct Encoded<'py> {
    codec: Codec,
    active: bool,
    python: Option<(u8, u8)>,
    data: Data<'py>,
    segments: Vec<Box<dyn Segment>>,
}

enum Data<'py> {
    Text(Bound<'py, PyString>),
    Bytes(Bound<'py, PyBytes>),
    Owned(Vec<u8>),
}

impl Encoded<'_> {
    pub fn payload(&self) -> Payload<'_> {
        let bytes = match &self.data {
            Data::Text(text) => text.to_str().map_or(&[][..], str::as_bytes),
            Data::Bytes(bytes) => bytes.as_bytes(),
            Data::Owned(bytes) => bytes,
        };
        let Self { codec, active, python, segments, .. } = self;
        Payload { codec: *codec, bytes, python: *python, active: *active, segments }
    }
}

/// The payload of a value in a mode, its large buffers beside it.
pub fn encode<'py>(value: &Bound<'py, PyAny>, mode: Mode) -> Result<Encoded<'py>> {
    encode_in(value, mode, true)
}

/// The same, with everything in the payload unless it may be `beside` it.
pub fn encode_in<'py>(value: &Bound<'py, PyAny>, mode: Mode, beside: bool) -> Result<Encoded<'py>> {
    match mode {
        Mode::Auto => auto(value, beside),
        Mode::Raw => raw(value),
        Mode::Text => text(value),
        Mode::Json => json(value),
        Mode::Cbor => cbor(value, beside),
        Mode::Pickle => pickle(value, beside),
    }
}

/// The first codec that is proved exact for this value.
fn auto<'py>(value: &Bound<'py, PyAny>, beside: bool) -> Result<Encoded<'py>> {
    if let Ok(text) = value.cast_exact::<PyString>() {
        return match text.to_str() {
            Ok(_) => Ok(plain(Codec::Text, Data::Text(text.clone()))),
            Err(_) => cbor(value, beside),
        };
    }
    if let Ok(bytes) = value.cast_exact::<PyBytes>() {
        return Ok(plain(Codec::Raw, Data::Bytes(bytes.clone())));
    }
    if let Some(bytes) = exact_json(value)? {
        return Ok(plain(Codec::Json, Data::Owned(bytes)));
    }
    match cbor::dumps(value, beside)? {
        Ok(written) => tagged(written),
        Err(_) => pickle(value, beside),
    }
}

fn raw<'py>(value: &Bound<'py, PyAny>) -> Result<Encoded<'py>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(plain(Codec::Raw, Data::Bytes(bytes.clone())));
    }
    let py = value.py();
    let buffer = PyBuffer::<u8>::get(value).map_err(|cause| {
        let message = format!(
            "$: {}: mode 'raw' keeps bytes, bytearray and memoryview only; encode it first, or use 'auto'",
            type_name(value)
        );
        Raised::new(ErrorKind::Serialization, message).caused_by(py, cause)
    })?;
    Ok(plain(Codec::Raw, Data::Owned(buffer.to_vec(py)?)))
}

fn text<'py>(value: &Bound<'py, PyAny>) -> Result<Encoded<'py>> {
    let py = value.py();
    let Ok(text) = value.cast::<PyString>() else {
        let message = format!("$: {}: mode 'text' keeps str only; use 'auto'", type_name(value));
        return Err(Raised::new(ErrorKind::Serialization, message));
    };
    if let Err(cause) = text.to_str() {
        let message = "$: str: it holds lone surrogates, which UTF-8 has no bytes for; use 'auto'";
        return Err(Raised::new(ErrorKind::Serialization, message).caused_by(py, cause));
    }
    Ok(plain(Codec::Text, Data::Text(text.clone())))
}

fn json<'py>(value: &Bound<'py, PyAny>) -> Result<Encoded<'py>> {
    if let Some(bytes) = exact_json(value)? {
        return Ok(plain(Codec::Json, Data::Owned(bytes)));
    }
    let py = value.py();
    let written = py.import(intern!(py, "holdall._json"))?.call_method1(intern!(py, "dumps"), (value,))?;
    let bytes = written.cast_into::<PyBytes>().map_err(PyErr::from)?;
    Ok(plain(Codec::Json, Data::Bytes(bytes)))
}

fn cbor<'py>(value: &Bound<'py, PyAny>, beside: bool) -> Result<Encoded<'py>> {
    match cbor::dumps(value, beside)? {
        Ok(written) => tagged(written),
        Err(Refusal { path, kind }) => {
            let message = format!(
                "{kind}: mode 'cbor' has nothing that holds it exactly; use 'auto', or give data instead"
            );
            Err(Raised::new(ErrorKind::Serialization, message).at(value.py(), &path))
        }
    }
}

fn tagged(written: Cbor<'_>) -> Result<Encoded<'_>> {
    let Cbor { bytes, active, segments } = written;
    let segments = held(&segments)?;
    Ok(Encoded { codec: Codec::Cbor, active, python: None, data: Data::Owned(bytes), segments })
}

fn pickle<'py>(value: &Bound<'py, PyAny>, beside: bool) -> Result<Encoded<'py>> {
    let (bytes, python, buffers) = pickle::dumps(value, beside)?;
    let segments = held(&buffers)?;
    Ok(Encoded { codec: Codec::Pickle, active: true, python, data: Data::Bytes(bytes), segments })
}

/// The value as JSON, or `None` if JSON does not hold it exactly.
fn exact_json(value: &Bound<'_, PyAny>) -> Result<Option<Vec<u8>>> {
    let mut out = Vec::new();
    match json::encode(Object::new(value), &mut out) {
        Ok(()) => Ok(Some(out)),
        Err(Inexact::Value) => Ok(None),
        Err(Inexact::Memory(error)) => Err(error.into()),
    }
}

fn plain(codec: Codec, data: Data<'_>) -> Encoded<'_> {
    Encoded { codec, active: false, python: None, data, segments: Vec::new() }
}

fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}
