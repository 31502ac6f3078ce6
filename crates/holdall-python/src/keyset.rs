//! Keysets, for `holdall key`.

use holdall_frame::Keyset;
use holdall_store::Keyring;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::error::Result;

/// Return the text of a new keyset with one key.
#[pyfunction]
pub fn keyset_new() -> Result<String> {
    Ok(Keyset::generate()?.to_text())
}

/// Return where the keyset is and its keys' ids and states, never a secret.
#[pyfunction]
#[pyo3(signature = (keyset=None))]
pub fn keyset_show(py: Python<'_>, keyset: Option<String>) -> Result<Bound<'_, PyDict>> {
    let ring = Keyring::new(keyset);
    let shown = PyDict::new(py);
    shown.set_item("place", ring.place()?)?;
    let keys = PyList::empty(py);
    if let Some(keyset) = ring.find()? {
        let primary = keyset.primary().id;
        for key in keyset.keys() {
            let entry = PyDict::new(py);
            entry.set_item("id", key.id.to_string())?;
            entry.set_item("enabled", key.enabled)?;
            entry.set_item("primary", key.id == primary)?;
            keys.append(entry)?;
        }
    }
    shown.set_item("keys", keys)?;
    Ok(shown)
}
