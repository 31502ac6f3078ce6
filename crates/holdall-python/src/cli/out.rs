//! Where a command reads and prints.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyMemoryView, PySlice};

use super::stop::{Done, Stop};

const CHUNK: usize = 1 << 16;

/// Standard output, or a file in its place.
///
/// Python's raw file, not Rust's: its writes end at Ctrl-C, it knows a console of Windows, and a
/// standard output that was closed before the start is `None` there. To Rust that is descriptor 1,
/// which may by now be a file of the store. Our own buffer, for one of Python's that cannot be
/// emptied complains when it is collected.
pub struct Out<'py> {
    file: Bound<'py, PyAny>,
    name: Cow<'static, str>,
    buffer: Vec<u8>,
    standard: bool,
    terminal: bool,
}

impl<'py> Out<'py> {
    /// Standard output.
    pub fn standard(py: Python<'py>) -> Done<Self> {
        let stdout = py.import("sys")?.getattr("stdout")?;
        if stdout.is_none() {
            let message = "standard output is closed; redirect it, or give a file with -o";
            return Err(PyOSError::new_err(message).into());
        }
        let file = raw(py, stdout.call_method0("fileno")?, "wb", false)?;
        let terminal = file.call_method0("isatty")?.extract()?;
        Ok(Self { file, name: "standard output".into(), buffer: Vec::new(), standard: true, terminal })
    }

    /// A file, emptied first; standard output for none and for `-`.
    pub fn to(py: Python<'py>, path: Option<&Path>) -> Done<Self> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else { return Self::standard(py) };
        let file = raw(py, path.as_os_str(), "wb", true)?;
        let name = path.display().to_string().into();
        Ok(Self { file, name, buffer: Vec::new(), standard: false, terminal: false })
    }

    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// A line of text.
    pub fn line(&mut self, text: &str) -> Done<()> {
        self.write(text.as_bytes())?;
        self.write(b"\n")
    }

    /// Bytes, gathered into large writes; a terminal sees each line at once.
    pub fn write(&mut self, bytes: &[u8]) -> Done<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK || (self.terminal && bytes.ends_with(b"\n")) {
            self.flush()?;
        }
        Ok(())
    }

    /// Bytes that Python has already, without a copy.
    pub fn write_object(&mut self, bytes: &Bound<'py, PyBytes>) -> Done<()> {
        self.flush()?;
        let py = self.file.py();
        self.send(bytes).map_err(|error| self.failed(py, error))
    }

    /// The last bytes; a file is closed. Without this call they are not written.
    pub fn finish(mut self) -> Done<()> {
        self.flush()?;
        let py = self.file.py();
        let closed = if self.standard { Ok(()) } else { self.file.call_method0("close").map(drop) };
        closed.map_err(|error| self.failed(py, error))
    }

    fn flush(&mut self) -> Done<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let py = self.file.py();
        let bytes = PyBytes::new(py, &self.buffer);
        self.buffer.clear();
        self.send(&bytes).map_err(|error| self.failed(py, error))
    }

    fn send(&self, bytes: &Bound<'py, PyBytes>) -> PyResult<()> {
        let py = self.file.py();
        let mut rest = PyMemoryView::from(bytes)?.into_any();
        loop {
            // A Ctrl-C in the middle of a write ends it as a short one, not as an error.
            py.check_signals()?;
            let left = rest.len()?;
            let written: Option<usize> = self.file.call_method1("write", (&rest,))?.extract()?;
            let Some(written) = written else {
                return Err(PyOSError::new_err(
                    "would block; it is in non-blocking mode, which holdall does not use",
                ));
            };
            if written >= left {
                return Ok(());
            }
            rest = rest.get_item(PySlice::new(py, isize::try_from(written)?, isize::MAX, 1))?;
        }
    }

    /// The operating system does not say which file it is about.
    fn failed(&self, py: Python<'_>, error: PyErr) -> Stop {
        if error.is_instance_of::<PyOSError>(py) {
            // Failing to improve a message must not hide it.
            drop(error.value(py).setattr("filename", self.name.as_ref()));
        }
        if self.standard { Stop::printing(py, error) } else { Stop::Error(error) }
    }
}

/// All of a file, or of standard input for none and for `-`.
pub fn read<'py>(py: Python<'py>, path: Option<&OsStr>) -> Done<Bound<'py, PyBytes>> {
    let file = match path.filter(|path| *path != "-") {
        Some(path) => raw(py, path, "rb", true)?,
        None => {
            let stdin = py.import("sys")?.getattr("stdin")?;
            if stdin.is_none() {
                return Err(PyOSError::new_err("standard input is closed; give the value or a file").into());
            }
            raw(py, stdin.call_method0("fileno")?, "rb", false)?
        }
    };
    Ok(file.call_method0("readall")?.cast_into::<PyBytes>().map_err(PyErr::from)?)
}

fn raw<'py>(
    py: Python<'py>,
    file: impl IntoPyObject<'py>,
    mode: &str,
    own: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let options = [("closefd", own)].into_py_dict(py)?;
    py.import("io")?.getattr("open")?.call((file, mode, 0), Some(&options))
}

/// A value as one line of JSON.
pub fn json<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let py = value.py();
    let options = [("mode", "json")].into_py_dict(py)?;
    options.set_item("frame", false)?;
    let written = py.import("holdall")?.getattr("dumps")?.call((value,), Some(&options))?;
    Ok(written.cast_into::<PyBytes>()?)
}

/// Text that another may have written, without what a terminal would obey.
pub fn printable(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| !c.is_control() || c == '\n';
    if text.chars().all(harmless) {
        return text.into();
    }
    let show = |c: char| if harmless(c) { c.to_string() } else { c.escape_default().to_string() };
    text.chars().map(show).collect::<String>().into()
}
