//! `holdall get`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use holdall_types::ErrorKind;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use super::stop::{Done, OK};
use super::{open, out};
use crate::error::Raised;
use crate::source::Object;

/// Print a value
///
/// Text and bytes are printed as they are, what JSON holds exactly as a line of JSON, and any other
/// value as Python shows it.
#[derive(Args)]
pub struct Get {
    /// What it is kept under
    key: String,
    /// Write it to a file; - is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// How to read it; raw gives the bytes of whatever was kept [default: the store's, which is auto]
    #[arg(long, value_parser = ["auto", "text", "json", "raw"])]
    mode: Option<String>,
    /// Print any value as JSON, or fail
    #[arg(long)]
    json: bool,
}

/// A value as it is printed.
enum Shown<'py> {
    Bytes(Bound<'py, PyBytes>),
    Text(Bound<'py, PyString>),
    Line(Vec<u8>),
}

impl Get {
    pub fn run(&self, py: Python<'_>, store: Option<&str>) -> Done {
        let shown = open::with(open::existing(py, store), |store| {
            let options = PyDict::new(py);
            options.set_item("mode", self.mode.as_deref())?;
            options.set_item("raise_on_nonexist", true)?;
            let value = store.call_method("get", (&self.key,), Some(&options));
            let value = open::found(store, &self.key, value)?;
            if self.json { self.json(&value) } else { show(&value) }
        })?;
        // Opened last, so that a value that cannot be read does not empty the file.
        let mut out = out::Out::to(py, self.output.as_deref())?;
        match shown {
            Shown::Bytes(bytes) => out.write_object(&bytes)?,
            Shown::Text(text) => {
                let text = text.to_str()?;
                out.write(text.as_bytes())?;
                if out.is_terminal() && !text.ends_with('\n') {
                    out.write(b"\n")?;
                }
            }
            Shown::Line(line) => {
                out.write(&line)?;
                out.write(b"\n")?;
            }
        }
        out.finish()?;
        Ok(OK)
    }

    fn json<'py>(&self, value: &Bound<'py, PyAny>) -> Done<Shown<'py>> {
        let py = value.py();
        match out::json(value) {
            Ok(line) => Ok(Shown::Line(line.as_bytes().to_vec())),
            Err(error) => {
                let path = error.value(py).getattr("path").and_then(|path| path.extract::<String>());
                let Ok(path) = path else { return Err(error.into()) };
                let message = format!(
                    "get {:?}: {path} is nothing that JSON can show; get it without --json",
                    self.key
                );
                Err(Raised::new(ErrorKind::Serialization, message).caused_by(py, error).into())
            }
        }
    }
}

fn show<'py>(value: &Bound<'py, PyAny>) -> Done<Shown<'py>> {
    if let Ok(bytes) = value.cast_exact::<PyBytes>() {
        return Ok(Shown::Bytes(bytes.clone()));
    }
    if let Ok(text) = value.cast_exact::<PyString>()
        && text.to_str().is_ok()
    {
        return Ok(Shown::Text(text.clone()));
    }
    let mut line = Vec::new();
    if value.cast_exact::<PyString>().is_err()
        && holdall_codec::json::encode(Object::new(value), &mut line).is_ok()
    {
        return Ok(Shown::Line(line));
    }
    // What Python shows may hold lone surrogates, which no output takes.
    let shown = value.repr()?.call_method1("encode", ("utf-8", "backslashreplace"))?;
    Ok(Shown::Line(shown.extract()?))
}
