//! From the engine's errors to Python's.

use holdall_types::{Error, ErrorKind};
use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// What every function of the binding fails with: an error of the engine, or one that Python
/// code raised, on its way to Python.
#[derive(Debug)]
pub struct Raised(PyErr);

/// What every fallible function of the binding returns.
pub type Result<T> = std::result::Result<T, Raised>;

impl From<PyErr> for Raised {
    fn from(error: PyErr) -> Self {
        Self(error)
    }
}

impl From<Raised> for PyErr {
    fn from(raised: Raised) -> Self {
        raised.0
    }
}

impl From<Error> for Raised {
    fn from(error: Error) -> Self {
        Self(Python::attach(|py| to_python(py, &error)))
    }
}

impl From<std::collections::TryReserveError> for Raised {
    fn from(_: std::collections::TryReserveError) -> Self {
        Self(Python::attach(no_memory))
    }
}

impl Raised {
    /// An error of the engine's tree.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error::new(kind, message).into()
    }

    /// An argument of another type than the one it takes.
    pub fn wrong_type(py: Python<'_>, message: String) -> Self {
        Self(made(py, "WrongTypeError", message))
    }

    /// Whether memory has run out: then an error had better be left as it is.
    pub fn is_memory(&self, py: Python<'_>) -> bool {
        self.0.is_instance_of::<PyMemoryError>(py)
    }

    /// The same error, its message led by what was being done. Errors of Python's own stay as they are.
    pub fn about(self, py: Python<'_>, what: &str) -> Self {
        if self.is_memory(py) {
            return self;
        }
        if Self::is_ours(py, &self.0) {
            // Failing to improve a message must not hide it.
            let _ = self.0.value(py).call_method1("about", (what,));
        }
        self
    }

    /// Whether an error is of holdall's tree.
    pub fn is_ours(py: Python<'_>, error: &PyErr) -> bool {
        let ours = py.import("holdall.errors").and_then(|module| module.getattr("HoldallError"));
        ours.is_ok_and(|ours| error.value(py).is_instance(&ours).unwrap_or(false))
    }

    /// The same error, led by where in the value it happened, which its `path` says, too.
    pub fn at(self, py: Python<'_>, path: &str) -> Self {
        let raised = self.about(py, path);
        if raised.is_memory(py) {
            return raised;
        }
        let value = raised.0.value(py);
        if value.hasattr("path").unwrap_or(false) {
            let _ = value.setattr("path", path);
        }
        raised
    }

    /// The same error, its path and message as if what is at `from` in the value were at `to`.
    pub fn moved(self, py: Python<'_>, from: &str, to: &str) -> Self {
        if self.is_memory(py) {
            return self;
        }
        let value = self.0.value(py);
        let path = value.getattr("path").and_then(|path| path.extract::<String>()).unwrap_or_default();
        if let Some(rest) = path.strip_prefix(from) {
            let moved = format!("{to}{rest}");
            let message = value.to_string().replacen(&path, &moved, 1);
            // As for `about`: failing to improve a message must not hide it.
            let _ = value.setattr("path", moved);
            let _ = value.setattr("args", (message,));
        }
        self
    }

    /// The same error with the Python error that caused it.
    pub fn caused_by(self, py: Python<'_>, cause: PyErr) -> Self {
        self.0.set_cause(py, Some(cause));
        self
    }
}

fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    let cause = std::error::Error::source(error);
    if let Some(raised) = cause.and_then(|cause| cause.downcast_ref::<PyErr>()) {
        return raised.clone_ref(py);
    }
    match name_of(error.kind()) {
        Some(name) => made(py, name, error.message().to_owned()),
        None => no_memory(py),
    }
}

/// The error that Python keeps at hand for this moment: there may be no memory left to make one.
fn no_memory(py: Python<'_>) -> PyErr {
    // SAFETY: sets an error, which is taken at once.
    unsafe { ffi::PyErr_NoMemory() };
    PyErr::fetch(py)
}

fn made(py: Python<'_>, name: &str, message: String) -> PyErr {
    let class = py.import("holdall.errors").and_then(|module| module.getattr(name));
    match class.and_then(|class| Ok(class.cast_into::<PyType>()?)) {
        Ok(class) => PyErr::from_type(class, message),
        Err(broken) => broken,
    }
}

/// The class of a kind of error; `None` is Python's own for want of memory.
fn name_of(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::DoesNotExist => "DoesNotExist",
        ErrorKind::Serialization => "SerializationError",
        ErrorKind::UntrustedPayload => "UntrustedPayloadError",
        ErrorKind::PythonVersion => "PythonVersionError",
        ErrorKind::NotAFrame => "NotAFrame",
        ErrorKind::CorruptFrame => "CorruptFrame",
        ErrorKind::UnsupportedVersion => "UnsupportedVersion",
        ErrorKind::UnknownKey => "UnknownKey",
        ErrorKind::LimitExceeded => "LimitExceeded",
        ErrorKind::StoreFull => "StoreFull",
        ErrorKind::StoreBusy => "StoreBusy",
        ErrorKind::StorePoisoned => "StorePoisoned",
        ErrorKind::StoreReadOnly => "StoreReadOnly",
        ErrorKind::ConnectionLost => "ConnectionLost",
        ErrorKind::Conflict => "Conflict",
        ErrorKind::LeaseLost => "LeaseLostError",
        ErrorKind::Validation => "ValidationError",
        ErrorKind::Backend | ErrorKind::Interrupted => "BackendError",
        ErrorKind::OutOfMemory => return None,
    })
}
