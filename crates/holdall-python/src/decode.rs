//! From a payload to a value.

use holdall_codec::json::{self, DecodeError};
use holdall_frame::Frame;
use holdall_store::{Keyring, Loaded, Trust};
use holdall_types::limits::MAX_DEPTH;
use holdall_types::{Codec, ErrorKind};
use pyo3::prelude::*;

use crate::beside;
use crate::cbor::{self, Reading};
use crate::encode::long;
use crate::error::{Raised, Result};
use crate::fresh;
use crate::mode::Mode;
use crate::pickle;
use crate::sink::Builder;

/// The value of a stored frame or bare value, in a mode, as far as the reader's trust goes.
pub fn decode<'py>(
    py: Python<'py>,
    loaded: &Loaded,
    segments: Vec<Bound<'py, PyAny>>,
    mode: Mode,
    keyring: &Keyring,
    trust: Trust,
) -> Result<Bound<'py, PyAny>> {
    decode_with(py, loaded, segments, mode, keyring, trust, None)
}

/// The same, of a value that may refer to what was written beside it.
pub fn decode_with<'py>(
    py: Python<'py>,
    loaded: &Loaded,
    segments: Vec<Bound<'py, PyAny>>,
    mode: Mode,
    keyring: &Keyring,
    trust: Trust,
    reading: Option<&beside::Reading<'py>>,
) -> Result<Bound<'py, PyAny>> {
    if loaded.header.sealed.is_some() {
        let opened = long(py, loaded.bytes.len(), || keyring.open(loaded))?;
        // That it opened is as good as a signature.
        return decode_with(py, &opened, segments, mode, keyring, Trust::All, reading);
    }
    let stored = loaded.header.codec;
    // What a bare value is follows from its bytes, so any passive reading of them is as good.
    let open_to_all = loaded.bare || matches!(stored, Codec::Text | Codec::Raw);
    match mode {
        Mode::Raw if !segments.is_empty() => Err(several(segments.len())),
        Mode::Raw => Ok(fresh::bytes(py, loaded.payload())?.into_any()),
        Mode::Text if open_to_all || stored == Codec::Text => text(py, loaded.payload()),
        Mode::Json if open_to_all || stored == Codec::Json => json(py, loaded.payload()),
        Mode::Cbor if stored == Codec::Cbor => cbor(py, loaded, segments, keyring, trust),
        Mode::Cbor if open_to_all => cbor(py, loaded, segments, keyring, trust),
        Mode::Pickle if loaded.bare => bare_pickle(py, loaded, trust),
        Mode::Auto => auto(py, loaded, segments, keyring, trust, reading),
        Mode::Pickle if stored == Codec::Pickle => auto(py, loaded, segments, keyring, trust, reading),
        _ => {
            let (stored, mode) = (stored.name(), mode.name());
            let message = format!(
                "the value was stored as {stored:?} and cannot be read in mode {mode:?}; read it in mode 'auto', \
                 or its bytes in mode 'raw'"
            );
            Err(Raised::new(ErrorKind::Serialization, message))
        }
    }
}

/// The value of bytes whose codec the mode takes and that nobody needs to vouch for; `None` if there is
/// more to be asked.
pub fn passive<'py>(
    py: Python<'py>,
    codec: Codec,
    payload: &[u8],
    mode: Mode,
) -> Result<Option<Bound<'py, PyAny>>> {
    Ok(Some(match (codec, mode) {
        (Codec::Json, Mode::Auto | Mode::Json) => json(py, payload)?,
        (Codec::Text, Mode::Auto | Mode::Text) => text(py, payload)?,
        (Codec::Raw, Mode::Auto) | (_, Mode::Raw) => fresh::bytes(py, payload)?.into_any(),
        _ => return Ok(None),
    }))
}

fn auto<'py>(
    py: Python<'py>,
    loaded: &Loaded,
    segments: Vec<Bound<'py, PyAny>>,
    keyring: &Keyring,
    trust: Trust,
    reading: Option<&beside::Reading<'py>>,
) -> Result<Bound<'py, PyAny>> {
    let codec = loaded.header.codec;
    let passive = passive(py, codec, loaded.payload(), Mode::Auto).map_err(|error| {
        if codec != Codec::Json || !loaded.bare {
            return error;
        }
        let message = "a value without a frame that begins as JSON is not JSON; read it with mode=\"text\" or \
                       mode=\"raw\"";
        Raised::new(ErrorKind::Serialization, message).caused_by(py, error.into())
    })?;
    if let Some(value) = passive {
        return Ok(value);
    }
    if codec == Codec::Pickle {
        keyring.check(loaded, trust)?;
        return pickle::loads(py, loaded.payload(), loaded.header.python, &segments, reading);
    }
    cbor(py, loaded, segments, keyring, trust)
}

fn cbor<'py>(
    py: Python<'py>,
    loaded: &Loaded,
    segments: Vec<Bound<'py, PyAny>>,
    keyring: &Keyring,
    trust: Trust,
) -> Result<Bound<'py, PyAny>> {
    let signed = loaded.header.signed.is_some();
    cbor::loads(py, loaded.payload(), reading(segments, trust, signed, || keyring.verify(loaded, trust)))
}

/// The value of a CBOR frame, read where it lies.
pub fn cbor_in<'py>(
    py: Python<'py>,
    frame: &Frame<'_>,
    keyring: &Keyring,
    trust: Trust,
) -> Result<Bound<'py, PyAny>> {
    let signed = frame.header.signed.is_some();
    cbor::loads(py, frame.payload, reading(Vec::new(), trust, signed, || keyring.vouch(frame)))
}

/// CBOR is data for everybody; instances of classes in it, for which it is signed, are for whoever
/// trusts the writer.
fn reading<'py>(
    segments: Vec<Bound<'py, PyAny>>,
    trust: Trust,
    signed: bool,
    verify: impl FnOnce() -> holdall_types::Result<()>,
) -> Reading<'py> {
    if trust == Trust::All || !signed {
        return Reading { trusted: trust == Trust::All, distrust: None, segments };
    }
    let distrust = verify().err().map(Raised::from);
    Reading { trusted: distrust.is_none(), distrust, segments }
}

/// Why a value with segments has no bytes that could be given.
fn several(count: usize) -> Raised {
    let message = format!(
        "the value is a payload with large buffers beside it ({count} segments), so there is no one run of bytes \
         to give; read it in mode 'auto'"
    );
    Raised::new(ErrorKind::Serialization, message)
}

fn bare_pickle<'py>(py: Python<'py>, loaded: &Loaded, trust: Trust) -> Result<Bound<'py, PyAny>> {
    if trust != Trust::All {
        let message = "bytes without a frame are never unpickled, for anyone may have written them; if you trust \
                       whoever did, say both mode=\"pickle\" and trust=\"all\"";
        return Err(Raised::new(ErrorKind::UntrustedPayload, message));
    }
    pickle::loads(py, loaded.payload(), None, &[], None)
}

fn text<'py>(py: Python<'py>, payload: &[u8]) -> Result<Bound<'py, PyAny>> {
    match std::str::from_utf8(payload) {
        Ok(text) => Ok(fresh::text(py, text)?.into_any()),
        Err(error) => {
            let message = format!("the bytes are not UTF-8 text: {error}; read them with mode=\"raw\"");
            Err(Raised::new(ErrorKind::Serialization, message))
        }
    }
}

/// Reads strict JSON.
pub fn json<'py>(py: Python<'py>, payload: &[u8]) -> Result<Bound<'py, PyAny>> {
    let mut builder = Builder::new(py);
    let reason = match json::decode(payload, &mut builder) {
        Ok(()) => match builder.finish() {
            Some(value) => return Ok(value),
            None => "the document is empty".to_owned(),
        },
        Err(DecodeError::Sink(error)) => return Err(error),
        Err(DecodeError::Memory(error)) => return Err(error.into()),
        Err(DecodeError::TooDeep) => {
            let message =
                format!("the JSON is nested deeper than {MAX_DEPTH} levels; read it with mode=\"raw\"");
            return Err(Raised::new(ErrorKind::LimitExceeded, message));
        }
        Err(DecodeError::NotUtf8(error)) => error.to_string(),
        Err(DecodeError::Syntax(error)) => error.to_string(),
    };
    let message = format!("not JSON: {reason}; read the bytes with mode=\"raw\" or mode=\"text\"");
    Err(Raised::new(ErrorKind::Serialization, message))
}
