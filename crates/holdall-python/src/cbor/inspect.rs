//! What a CBOR payload says of itself. Nothing of it is built.

use holdall_codec::cbor::{self, Classes};
use pyo3::prelude::*;

/// Return of a CBOR payload whether it has instances, the names of their classes, and its beginning
/// in diagnostic notation, more than `most` bytes of it if there is more.
#[pyfunction]
pub fn inspect_cbor(payload: &[u8], most: usize) -> (bool, Vec<&str>, String) {
    let Classes { active, names } = cbor::classes(payload);
    (active, names, cbor::diagnostic(payload, most))
}
