//! A value as bytes, without a store.

use holdall_store::{Framing, Keyring};
use holdall_types::ErrorKind;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::beside::Writing;
use crate::encode::{auto_framed, encode_in, encode_with, long};
use crate::error::{Raised, Result};
use crate::fresh;
use crate::mode::{Mode, either};
use crate::options::{keyset_of, modelled};

/// Return a value as bytes.
#[pyfunction]
#[pyo3(signature = (value, *, mode=None, serialization_mode=None, model=None, frame=true, keyset=None, seal=false))]
pub fn dumps<'py>(
    value: &Bound<'py, PyAny>,
    mode: Option<&str>,
    serialization_mode: Option<&str>,
    model: Option<&Bound<'py, PyAny>>,
    frame: bool,
    keyset: Option<&Bound<'py, PyAny>>,
    seal: bool,
) -> Result<Bound<'py, PyBytes>> {
    let py = value.py();
    let keyset = keyset_of(keyset)?;
    let mode = either(mode, serialization_mode)?.unwrap_or(Mode::Auto);
    let modelled = model.map(|model| modelled(value, Some(model))).transpose()?;
    let value = modelled.as_ref().unwrap_or(value);
    if seal {
        if !frame {
            let message =
                "seal=True makes a frame, so that frame=False cannot go with it; leave one of them out";
            return Err(Raised::new(ErrorKind::Validation, message));
        }
        // One payload is sealed, so nothing can be beside it.
        let encoded = encode_in(value, mode, false)?;
        let payload = encoded.payload();
        return filled(
            py,
            &long(py, payload.bytes.len(), || ringed(keyset, |ring| Framing::sealed(&payload, ring)))?,
        );
    }
    let encoded = if frame && mode == Mode::Auto {
        match auto_framed(value)? {
            Ok(framed) => return Ok(framed),
            Err(encoded) => encoded,
        }
    } else {
        // A bare payload is all there is: nothing can be beside it.
        encode_in(value, mode, frame)?
    };
    if !frame {
        return Ok(fresh::bytes(py, encoded.payload().bytes)?);
    }
    if encoded.is_plain() {
        return encoded.framed(py);
    }
    framed(py, &encoded.payload(), keyset)
}

/// Return a value as bytes, and whether objects of registered types were written beside them.
#[pyfunction]
#[pyo3(signature = (value, beside, *, keyset=None))]
pub fn dumps_with<'py>(
    value: &Bound<'py, PyAny>,
    beside: &Bound<'py, PyAny>,
    keyset: Option<&Bound<'py, PyAny>>,
) -> Result<(Bound<'py, PyBytes>, bool)> {
    let py = value.py();
    let keyset = keyset_of(keyset)?;
    let writing = Writing::new(beside);
    let encoded = encode_with(value, Mode::Auto, &writing)?;
    let refers = writing.refers()?;
    let bytes =
        if encoded.is_plain() { encoded.framed(py)? } else { framed(py, &encoded.payload(), keyset)? };
    Ok((bytes, refers))
}

fn framed<'py>(
    py: Python<'py>,
    payload: &holdall_store::Payload<'_>,
    keyset: Option<String>,
) -> Result<Bound<'py, PyBytes>> {
    filled(py, &ringed(keyset, |ring| Framing::new(payload, ring))?)
}

fn ringed<T>(keyset: Option<String>, work: impl FnOnce(&Keyring) -> T) -> T {
    match keyset {
        None => work(default_keyring()),
        Some(_) => work(&Keyring::new(keyset)),
    }
}

fn filled<'py>(py: Python<'py>, framing: &Framing<'_>) -> Result<Bound<'py, PyBytes>> {
    let size = framing.size()?;
    let mut failed = None;
    let written = PyBytes::new_with(py, size, |out| {
        failed = long(py, size, || framing.fill(out)).err();
        Ok(())
    })?;
    failed.map_or(Ok(written), |error| Err(error.into()))
}

/// The keyring of calls that name none; it keeps what it has read.
pub fn default_keyring() -> &'static Keyring {
    static RING: std::sync::OnceLock<Keyring> = std::sync::OnceLock::new();
    RING.get_or_init(Keyring::default)
}
