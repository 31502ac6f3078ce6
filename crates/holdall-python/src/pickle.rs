//! The codec that is Python's own.

use holdall_store::beside::token_of;
use holdall_types::ErrorKind;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyModule};

use crate::beside::{self, Reading, Writing};
use crate::error::{Raised, Result};

/// The Python version (major, minor) that a pickle is bound to, if code objects are in it.
pub type Version = Option<(u8, u8)>;

/// What a pickle is made of.
type Pickled<'py> = (Bound<'py, PyBytes>, Version, Vec<Bound<'py, PyAny>>);

/// The pickle of a value, its version, and the large buffers that are not in it if they may be
/// `beside` it.
pub fn dumps<'py>(value: &Bound<'py, PyAny>, beside: bool) -> Result<Pickled<'py>> {
    let py = value.py();
    let buffers = beside.then(|| PyList::empty(py));
    let written = module(py)?.call_method1(intern!(py, "dumps"), (value, &buffers))?;
    let (bytes, by_value): (Bound<'py, PyBytes>, bool) = written.extract()?;
    let buffers = buffers.iter().flatten().collect();
    Ok((bytes, by_value.then(|| running(py)), buffers))
}

/// The same, with objects of registered types written beside it.
pub fn dumps_with<'py>(value: &Bound<'py, PyAny>, writing: &Writing<'py>) -> Result<Pickled<'py>> {
    let py = value.py();
    let buffers = PyList::empty(py);
    let written =
        module(py)?.call_method1(intern!(py, "dumps_with"), (value, &buffers, writing.as_python()))?;
    let (bytes, by_value): (Bound<'py, PyBytes>, bool) = written.extract()?;
    Ok((bytes, by_value.then(|| running(py)), buffers.iter().collect()))
}

/// The value of a pickle that the reader trusts. Code of another Python version is refused before
/// any of it is read: running it ends in a crash, not in an error.
pub fn loads<'py>(
    py: Python<'py>,
    payload: &[u8],
    python: Option<(u8, u8)>,
    segments: &[Bound<'py, PyAny>],
    reading: Option<&Reading<'py>>,
) -> Result<Bound<'py, PyAny>> {
    let here = running(py);
    if let Some((major, minor)) = python.filter(|version| *version != here) {
        let message = format!(
            "the value holds code of Python {major}.{minor} and this is Python {}.{}; read it there, or define \
             the function or class in a module that both import",
            here.0, here.1
        );
        return Err(Raised::new(ErrorKind::PythonVersion, message));
    }
    let (bytes, buffers) = (crate::fresh::bytes(py, payload)?, PyList::new(py, segments)?);
    if token_of(payload).is_some() && beside::refers(&bytes)? {
        let Some(reading) = reading else { return Err(beside::missing(&bytes)) };
        return Ok(
            module(py)?.call_method1(intern!(py, "loads_with"), (bytes, buffers, reading.as_python()))?
        );
    }
    Ok(module(py)?.call_method1(intern!(py, "loads"), (bytes, buffers))?)
}

/// `holdall._pickle`, looked up once: importing it at each use took as long as a small pickle.
fn module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    Ok(MODULE.get_or_try_init(py, || py.import("holdall._pickle").map(Bound::unbind))?.bind(py))
}

/// Asked once: Python answers with a text to be taken apart.
fn running(py: Python<'_>) -> (u8, u8) {
    static RUNNING: PyOnceLock<(u8, u8)> = PyOnceLock::new();
    *RUNNING.get_or_init(py, || {
        let version = py.version_info();
        (version.major, version.minor)
    })
}
