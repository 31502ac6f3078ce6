//! A value as bytes, without a store.

use holdall_store::{Framing, Keyring};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::encode::{auto_framed, encode_in, long};
use crate::error::Result;
use crate::fresh;
use crate::mode::{Mode, either};
use crate::options::{keyset_of, modelled};

/// Return a value as bytes.
#[pyfunction]
#[pyo3(signature = (value, *, mode=None, serialization_mode=None, model=None, frame=true, keyset=None))]
pub fn dumps<'py>(
    value: &Bound<'py, PyAny>,
    mode: Option<&str>,
    serialization_mode: Option<&str>,
    model: Option<&Bound<'py, PyAny>>,
    frame: bool,
    keyset: Option<&Bound<'py, PyAny>>,
) -> Result<Bound<'py, PyBytes>> {
    let py = value.py();
    let keyset = keyset_of(keyset)?;
    let mode = either(mode, serialization_mode)?.unwrap_or(Mode::Auto);
    let modelled = model.map(|model| modelled(value, Some(model))).transpose()?;
    let value = modelled.as_ref().unwrap_or(value);
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

fn framed<'py>(
    py: Python<'py>,
    payload: &holdall_store::Payload<'_>,
    keyset: Option<String>,
) -> Result<Bound<'py, PyBytes>> {
    let framing = match keyset {
        None => Framing::new(payload, default_keyring())?,
        Some(_) => Framing::new(payload, &Keyring::new(keyset))?,
    };
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
