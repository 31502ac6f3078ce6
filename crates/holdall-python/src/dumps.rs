//! A value as bytes, without a store.

use holdall_store::{Keyring, frame};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::encode::encode;
use crate::error::Result;
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
    let encoded = encode(modelled.as_ref().unwrap_or(value), mode)?;
    if !frame {
        return Ok(PyBytes::new(py, encoded.payload().bytes));
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
    let bytes = match keyset {
        None => frame(payload, default_keyring())?,
        Some(_) => frame(payload, &Keyring::new(keyset))?,
    };
    Ok(PyBytes::new(py, &bytes))
}

/// The keyring of calls that name none; it keeps what it has read.
pub fn default_keyring() -> &'static Keyring {
    static RING: std::sync::OnceLock<Keyring> = std::sync::OnceLock::new();
    RING.get_or_init(Keyring::default)
}
