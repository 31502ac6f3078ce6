//! From a value to a payload.

use holdall_codec::Buffer;
use holdall_codec::json::{self, Inexact};
use holdall_frame::Header;
use holdall_queue::envelope::Beside;
use holdall_store::{Payload, Segment};
use holdall_types::{Codec, ErrorKind};
use pyo3::buffer::PyBuffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::beside::Writing;
use crate::cbor::{self, Cbor, Refusal};
use crate::error::{Raised, Result};
use crate::fresh;
use crate::mode::Mode;
use crate::output::{self, Output, Written};
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
    Written(Written<'py>),
}

impl<'py> Encoded<'py> {
    pub fn payload(&self) -> Payload<'_> {
        let bytes = match &self.data {
            Data::Text(text) => text.to_str().map_or(&[][..], str::as_bytes),
            Data::Bytes(bytes) => bytes.as_bytes(),
            Data::Owned(bytes) => bytes,
            Data::Written(written) => written.payload(),
        };
        let Self { codec, active, python, segments, .. } = self;
        Payload { codec: *codec, bytes, python: *python, active: *active, segments }
    }

    /// What is beside the payload, to be written by another thread; the payload itself stays.
    pub fn take_beside(&mut self) -> Beside {
        Beside { python: self.python, segments: std::mem::take(&mut self.segments) }
    }

    /// Whether nothing but the codec is to be said of the payload.
    pub fn is_plain(&self) -> bool {
        !self.active && self.python.is_none() && self.segments.is_empty()
    }

    /// The whole frame of a plain payload: in place where there is room in front of it, else with one copy.
    pub fn framed(self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        let Payload { codec, bytes, .. } = self.payload();
        let head = long(py, bytes.len(), || Header::write_plain(codec, bytes))?;
        if let Data::Written(written) = self.data {
            return Ok(written.framed(head));
        }
        let mut room = output::room();
        let mut out = Output::new(py, &mut room);
        out.reserve(bytes.len())?;
        out.extend(bytes);
        Ok(out.finish()?.framed(head))
    }
}

/// Works on so many bytes that nobody changes, and lets other threads run meanwhile if they are many.
pub fn long<T: Send>(py: Python<'_>, size: usize, work: impl FnOnce() -> T + Send) -> T {
    /// A tenth of a millisecond: getting the GIL back may take far longer.
    const MANY: usize = 1 << 20;
    if size < MANY { work() } else { py.detach(work) }
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

/// The same, in mode `auto` or `pickle`, with objects of registered types written beside it. Of the
/// codecs that come before pickle each either holds the value exactly without them or gives up.
pub fn encode_with<'py>(
    value: &Bound<'py, PyAny>,
    mode: Mode,
    writing: &Writing<'py>,
) -> Result<Encoded<'py>> {
    encode_later(value, mode, writing.everyday()?, || Ok(writing.clone()))
}

/// The same, with what writes made only for a value that JSON does not hold, unless `everyday` types are
/// registered too.
pub fn encode_later<'py>(
    value: &Bound<'py, PyAny>,
    mode: Mode,
    everyday: bool,
    writing: impl FnOnce() -> Result<Writing<'py>>,
) -> Result<Encoded<'py>> {
    if !matches!(mode, Mode::Auto | Mode::Pickle) {
        return encode(value, mode);
    }
    if mode == Mode::Auto && !everyday {
        if is_text(value) {
            return auto(value, true);
        }
        if let Some(written) = exact_json(value)? {
            return Ok(plain(Codec::Json, Data::Written(written)));
        }
        let writing = writing()?;
        if let Ok(encoded) = tagged(value, true, Some(&writing))? {
            return Ok(encoded);
        }
        let (bytes, python, buffers) = pickle::dumps_with(value, &writing)?;
        return pickled(bytes, python, &buffers);
    }
    let (bytes, python, buffers) = pickle::dumps_with(value, &writing()?)?;
    pickled(bytes, python, &buffers)
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
    match exact_json(value)? {
        Some(written) => Ok(plain(Codec::Json, Data::Written(written))),
        None => beyond_json(value, beside),
    }
}

/// In mode `auto`: at once the whole frame of what JSON holds, as most values are; of the others the
/// payload.
pub fn auto_framed<'py>(
    value: &Bound<'py, PyAny>,
) -> Result<std::result::Result<Bound<'py, PyBytes>, Encoded<'py>>> {
    if is_text(value) {
        return auto(value, true).map(Err);
    }
    let Some(written) = exact_json(value)? else { return beyond_json(value, true).map(Err) };
    let payload = written.payload();
    let head = long(value.py(), payload.len(), || Header::write_plain(Codec::Json, payload))?;
    Ok(Ok(written.framed(head)))
}

/// Whether it is a text or bytes, which are not even looked into.
fn is_text(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyString>() || value.is_exact_instance_of::<PyBytes>()
}

/// What JSON does not hold exactly.
fn beyond_json<'py>(value: &Bound<'py, PyAny>, beside: bool) -> Result<Encoded<'py>> {
    match tagged(value, beside, None)? {
        Ok(encoded) => Ok(encoded),
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
    if let Some(written) = exact_json(value)? {
        return Ok(plain(Codec::Json, Data::Written(written)));
    }
    let py = value.py();
    let written = py.import(intern!(py, "holdall._json"))?.call_method1(intern!(py, "dumps"), (value,))?;
    let bytes = written.cast_into::<PyBytes>().map_err(PyErr::from)?;
    Ok(plain(Codec::Json, Data::Bytes(bytes)))
}

fn cbor<'py>(value: &Bound<'py, PyAny>, beside: bool) -> Result<Encoded<'py>> {
    match tagged(value, beside, None)? {
        Ok(encoded) => Ok(encoded),
        Err(Refusal { path, kind }) => {
            let message = format!(
                "{kind}: mode 'cbor' has nothing that holds it exactly; use 'auto', or give data instead"
            );
            Err(Raised::new(ErrorKind::Serialization, message).at(value.py(), &path))
        }
    }
}

/// The value as CBOR, or what of it CBOR does not hold; nor does it hold what is to be written beside it.
fn tagged<'py>(
    value: &Bound<'py, PyAny>,
    beside: bool,
    writing: Option<&Writing<'py>>,
) -> Result<std::result::Result<Encoded<'py>, Refusal>> {
    let mut room = output::room();
    match cbor::dumps(value, beside, writing, Output::new(value.py(), &mut room))? {
        Ok(Cbor { out, active, segments }) => {
            let segments = held(&segments)?;
            let data = Data::Written(out.finish()?);
            Ok(Ok(Encoded { codec: Codec::Cbor, active, python: None, data, segments }))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

fn pickle<'py>(value: &Bound<'py, PyAny>, beside: bool) -> Result<Encoded<'py>> {
    let (bytes, python, buffers) = pickle::dumps(value, beside)?;
    pickled(bytes, python, &buffers)
}

fn pickled<'py>(
    bytes: Bound<'py, PyBytes>,
    python: pickle::Version,
    buffers: &[Bound<'py, PyAny>],
) -> Result<Encoded<'py>> {
    let segments = held(buffers)?;
    Ok(Encoded { codec: Codec::Pickle, active: true, python, data: Data::Bytes(bytes), segments })
}

/// The value as JSON, or `None` if JSON does not hold it exactly.
fn exact_json<'py>(value: &Bound<'py, PyAny>) -> Result<Option<Written<'py>>> {
    let mut room = output::room();
    let mut out = Output::new(value.py(), &mut room);
    match json::encode(Object::new(value), &mut out) {
        Ok(()) => Ok(Some(out.finish()?)),
        Err(Inexact::Value) => Ok(None),
        Err(Inexact::Memory(error)) => Err(error.into()),
    }
}

/// Return a value as JSON, or None where JSON does not hold it exactly.
#[pyfunction]
#[pyo3(name = "exact_json")]
pub fn exact_json_of<'py>(value: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyBytes>>> {
    let written = exact_json(value)?;
    Ok(written.map(|written| fresh::bytes(value.py(), written.payload())).transpose()?)
}

fn plain(codec: Codec, data: Data<'_>) -> Encoded<'_> {
    Encoded { codec, active: false, python: None, data, segments: Vec::new() }
}

fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}
