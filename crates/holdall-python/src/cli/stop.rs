//! What ends a command before its time: a message on standard error and an exit code.

use pyo3::exceptions::{PyBrokenPipeError, PyKeyboardInterrupt, PyMemoryError, PyOSError};
use pyo3::prelude::*;

use crate::error::Raised;

/// What a command gives: its exit code, or what stopped it.
pub type Done<T = u8> = Result<T, Stop>;

pub const OK: u8 = 0;
pub const OTHER: u8 = 1;
pub const USAGE: u8 = 2;
const MISSING: u8 = 3;
const INTERRUPTED: u8 = 130;

/// The first class that fits decides.
const CODES: [(&str, u8); 11] = [
    ("DoesNotExist", MISSING),
    ("ValidationError", USAGE),
    ("UntrustedPayloadError", 4),
    ("CorruptFrame", 5),
    ("UnsupportedVersion", 5),
    ("StoreBusy", 6),
    ("StoreFull", 6),
    ("StoreReadOnly", 6),
    ("StorePoisoned", 6),
    ("ConnectionLost", 6),
    ("Conflict", 6),
];

/// What ended a command.
#[derive(Debug)]
pub enum Stop {
    /// An error to tell of.
    Error(PyErr),
    /// Whoever read standard output has seen enough, as `head` does. That is no failure.
    Pipe,
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Self::Error(error)
    }
}

impl From<Raised> for Stop {
    fn from(error: Raised) -> Self {
        Self::Error(error.into())
    }
}

impl From<holdall_types::Error> for Stop {
    fn from(error: holdall_types::Error) -> Self {
        Raised::from(error).into()
    }
}

impl Stop {
    /// An error in writing to standard output, which may be the end of a pipe.
    pub fn printing(py: Python<'_>, error: PyErr) -> Self {
        if error.is_instance_of::<PyBrokenPipeError>(py) { Self::Pipe } else { Self::Error(error) }
    }

    /// Whether there was no such key.
    pub fn is_missing(&self, py: Python<'_>) -> bool {
        matches!(self, Self::Error(error) if code(py, error) == MISSING)
    }

    /// Tells the user, and gives the exit code.
    pub fn report(self, py: Python<'_>) -> u8 {
        let error = match self {
            Self::Pipe => return OK,
            Self::Error(error) => error,
        };
        if error.is_instance_of::<PyKeyboardInterrupt>(py) {
            return INTERRUPTED;
        }
        complain(py, &message(py, &error));
        code(py, &error)
    }
}

fn code(py: Python<'_>, error: &PyErr) -> u8 {
    let Ok(errors) = py.import("holdall.errors") else { return OTHER };
    let fits = |name: &str| errors.getattr(name).is_ok_and(|class| error.matches(py, class).unwrap_or(false));
    CODES.iter().find(|(name, _)| fits(name)).map_or(OTHER, |(_, code)| *code)
}

fn message(py: Python<'_>, error: &PyErr) -> String {
    let value = error.value(py);
    let text = value.str().map(|text| text.to_string_lossy().into_owned()).unwrap_or_default();
    let ours = value.get_type().module().is_ok_and(|module| module.to_string_lossy() == "holdall.errors");
    if ours && !text.is_empty() {
        return text;
    }
    if error.is_instance_of::<PyMemoryError>(py) {
        return "no memory left for this".to_owned();
    }
    let attribute = |name: &str| value.getattr(name).ok().filter(|value| !value.is_none());
    if error.is_instance_of::<PyOSError>(py) {
        match (attribute("filename"), attribute("strerror")) {
            (Some(file), Some(reason)) => return format!("{file}: {reason}"),
            (None, None) if !text.is_empty() => return text,
            _ => {}
        }
    }
    // Raised by a class of the user's while it was read: its name says more than its text may.
    let class = value.get_type();
    let name = class.name().map_or_else(|_| "error".to_owned(), |name| name.to_string_lossy().into_owned());
    if text.is_empty() { name } else { format!("{name}: {text}") }
}

/// One line on standard error, whatever the message holds.
pub fn complain(py: Python<'_>, message: &str) {
    let line: Vec<&str> = message.split_whitespace().collect();
    let line = format!("holdall: {}\n", super::out::printable(&line.join(" ")));
    // Nobody can be told that nobody can be told.
    drop(py.import("sys").and_then(|sys| {
        let stderr = sys.getattr("stderr")?;
        if stderr.is_none() { Ok(stderr) } else { stderr.call_method1("write", (line,)) }
    }));
}

/// Sends what the logger `holdall` is told once, such as where a new keyset is, to standard error.
pub fn show_notices(py: Python<'_>) -> PyResult<()> {
    let logging = py.import("logging")?;
    let handler = logging.getattr("StreamHandler")?.call0()?;
    let format = logging.getattr("Formatter")?.call1(("holdall: %(message)s",))?;
    handler.call_method1("setFormatter", (format,))?;
    let logger = logging.call_method1("getLogger", ("holdall",))?;
    logger.call_method1("addHandler", (handler,))?;
    logger.call_method1("setLevel", ("INFO",))?;
    Ok(())
}
