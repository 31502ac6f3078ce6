//! Bytes as a value, without a store.

use std::borrow::Cow;

use bytes::Bytes;
use holdall_frame::{Frame, Header};
use holdall_store::{Keyring, Loaded, Trust, read};
use holdall_types::{Codec, ErrorKind};
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::beside::Reading;
use crate::decode::{cbor_in, decode, decode_with, passive};
use crate::dumps::default_keyring;
use crate::encode::long;
use crate::error::{Raised, Result};
use crate::memory;
use crate::mode::{Mode, either};
use crate::options::{keyset_of, trust_of, validated};
use crate::pickle;

/// Return the value of bytes that `dumps` gave.
#[pyfunction]
#[pyo3(signature = (data, *, mode=None, serialization_mode=None, model=None, frame=true, trust=None, keyset=None, seal=false))]
#[expect(clippy::too_many_arguments, reason = "the keywords of the Python function")]
pub fn loads<'py>(
    data: &Bound<'py, PyAny>,
    mode: Option<&str>,
    serialization_mode: Option<&str>,
    model: Option<&Bound<'py, PyAny>>,
    frame: bool,
    trust: Option<&str>,
    keyset: Option<&Bound<'py, PyAny>>,
    seal: bool,
) -> Result<Bound<'py, PyAny>> {
    let py = data.py();
    let keyset = keyset_of(keyset)?;
    let mode = either(mode, serialization_mode)?.unwrap_or(Mode::Auto);
    let trust = trust_of(trust)?.unwrap_or_default();
    let named;
    let keyring = if keyset.is_some() {
        named = Keyring::new(keyset);
        &named
    } else {
        default_keyring()
    };
    let in_place = if seal { None } else { in_place(data, mode, frame, keyring, trust)? };
    let value = match in_place {
        Some(value) => value,
        None => {
            let mut loaded =
                if frame { framed(py, &bytes_of(data)?)? } else { unframed(owned(data)?, mode)? };
            if seal && loaded.header.sealed.is_none() {
                return Err(not_sealed());
            }
            let segments = memory::take(py, &mut loaded, false)?;
            decode(py, &loaded, segments, mode, keyring, trust)?
        }
    };
    match model {
        Some(model) => validated(&value, model),
        None => Ok(value),
    }
}

/// Return the value of bytes that `dumps_with` gave.
#[pyfunction]
#[pyo3(signature = (data, beside, *, trust=None, keyset=None))]
pub fn loads_with<'py>(
    data: &Bound<'py, PyAny>,
    beside: &Bound<'py, PyAny>,
    trust: Option<&str>,
    keyset: Option<&Bound<'py, PyAny>>,
) -> Result<Bound<'py, PyAny>> {
    let py = data.py();
    let named = keyset_of(keyset)?.map(|keyset| Keyring::new(Some(keyset)));
    let keyring = named.as_ref().unwrap_or_else(|| default_keyring());
    let trust = trust_of(trust)?.unwrap_or_default();
    let mut loaded = framed(py, &bytes_of(data)?)?;
    let segments = memory::take(py, &mut loaded, false)?;
    decode_with(py, &loaded, segments, Mode::Auto, keyring, trust, Some(&Reading::new(beside)))
}

/// The value of a frame that is read where it lies, if there is nothing beside its payload. Only bytes
/// objects: nobody can change them meanwhile.
fn in_place<'py>(
    data: &Bound<'py, PyAny>,
    mode: Mode,
    frame: bool,
    keyring: &Keyring,
    trust: Trust,
) -> Result<Option<Bound<'py, PyAny>>> {
    let Ok(bytes) = data.cast::<PyBytes>() else { return Ok(None) };
    if !frame {
        return Ok(None);
    }
    let (py, bytes) = (data.py(), bytes.as_bytes());
    if let Some((codec, payload)) = long(py, bytes.len(), || Frame::read_data(bytes))
        && let Some(value) = passive(py, codec, payload, mode)?
    {
        return Ok(Some(value));
    }
    if let Some((header, _)) = Header::read(bytes)?
        && (header.table.is_some() || header.sealed.is_some())
    {
        return Ok(None);
    }
    let frame = long(py, bytes.len(), || Frame::read(bytes))?;
    if frame.header.codec == Codec::Cbor && matches!(mode, Mode::Auto | Mode::Cbor) {
        return cbor_in(py, &frame, keyring, trust).map(Some);
    }
    if frame.header.codec == Codec::Pickle && matches!(mode, Mode::Auto | Mode::Pickle) {
        if trust != Trust::All {
            keyring.vouch(&frame)?;
        }
        return pickle::loads(py, frame.payload, frame.header.python, &[], None).map(Some);
    }
    passive(py, frame.header.codec, frame.payload, mode)
}

/// The bytes of a bytes-like object, to be kept; those of a bytes object are not copied.
fn owned(data: &Bound<'_, PyAny>) -> Result<Bytes> {
    match data.extract::<PyBackedBytes>() {
        Ok(bytes) if data.is_instance_of::<PyBytes>() => Ok(Bytes::from_owner(bytes)),
        _ => Ok(Bytes::from(bytes_of(data)?.into_owned())),
    }
}

/// The bytes of a bytes-like object.
pub fn bytes_of<'a>(data: &'a Bound<'_, PyAny>) -> Result<Cow<'a, [u8]>> {
    if let Ok(bytes) = data.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(bytes.as_bytes()));
    }
    let py = data.py();
    let buffer = PyBuffer::<u8>::get(data).map_err(|cause| {
        Raised::new(ErrorKind::Validation, "bytes are wanted here: bytes, bytearray or memoryview")
            .caused_by(py, cause)
    })?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(buffer.len_bytes())?;
    bytes.resize(buffer.len_bytes(), 0);
    buffer.copy_to_slice(py, &mut bytes)?;
    Ok(Cow::Owned(bytes))
}

fn framed(py: Python<'_>, bytes: &[u8]) -> Result<Loaded> {
    if !holdall_frame::bare::has_magic(bytes) {
        // The error of the frame's own reader, which names the way out.
        holdall_frame::Frame::read(bytes)?;
    }
    Ok(long(py, bytes.len(), || read(bytes))?)
}

/// A stranger can write what is not sealed, and can take a seal off: what is under it is then read as if
/// it were the payload.
fn not_sealed() -> Raised {
    let message = "the bytes are not sealed, so that anyone may have written them; read them with seal=False, \
                   which takes what is passive from anyone";
    Raised::new(ErrorKind::UntrustedPayload, message)
}

fn unframed(bytes: Bytes, mode: Mode) -> Result<Loaded> {
    let codec = match mode {
        Mode::Auto => {
            let message =
                "bytes without a frame do not say what they are; give mode='json', 'cbor', 'text' or 'raw'";
            return Err(Raised::new(ErrorKind::Validation, message));
        }
        Mode::Json => Codec::Json,
        Mode::Text => Codec::Text,
        Mode::Cbor => Codec::Cbor,
        Mode::Raw | Mode::Pickle => Codec::Raw,
    };
    Ok(Loaded::bare(bytes, codec))
}
