//! `holdall put`.

use std::ffi::OsString;

use clap::{Args, ValueHint};
use holdall_types::ErrorKind;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict, PyString};

use super::stop::{Done, OK, OTHER, complain};
use super::{open, out};
use crate::error::Raised;

/// Keep a value
#[derive(Args)]
pub struct Put {
    /// What to keep it under
    key: String,
    /// The value itself; standard input for - and for none
    #[arg(allow_negative_numbers = true)]
    value: Option<String>,
    /// A file that holds the value
    #[arg(short, long, value_name = "FILE", conflicts_with = "value", value_hint = ValueHint::FilePath)]
    input: Option<OsString>,
    /// What it is: UTF-8 is text and the rest raw (auto), text, strict JSON, raw bytes
    /// [default: the store's, which is auto]
    #[arg(long, value_parser = ["auto", "text", "json", "raw"])]
    mode: Option<String>,
    /// Forget it after so many seconds
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<f64>,
    /// Leave a value that is there as it is, and end with exit code 1
    #[arg(long)]
    if_absent: bool,
}

impl Put {
    pub fn run(&self, py: Python<'_>, store: Option<&str>) -> Done {
        // Read before the store is opened: whoever writes the other end of a pipe may take long.
        let bytes = match self.value.as_deref().filter(|value| *value != "-") {
            Some(value) => PyBytes::new(py, value.as_bytes()),
            None => out::read(py, self.input.as_deref())?,
        };
        open::with(open::open(py, store), |store| {
            let mode: String = match &self.mode {
                Some(mode) => mode.clone(),
                None => store.getattr("serialization_mode")?.extract()?,
            };
            let options = PyDict::new(py);
            options.set_item("mode", &mode)?;
            options.set_item("ttl", self.ttl)?;
            options.set_item("if_absent", self.if_absent)?;
            let value = self.value(&bytes, &mode)?;
            if store.call_method("put", (&self.key, value), Some(&options))?.is_truthy()? {
                return Ok(OK);
            }
            complain(py, &format!("{:?} has a value already, which was left as it is", self.key));
            Ok(OTHER)
        })
    }

    fn value<'py>(&self, bytes: &Bound<'py, PyBytes>, mode: &str) -> Done<Bound<'py, PyAny>> {
        let py = bytes.py();
        match (mode, std::str::from_utf8(bytes.as_bytes())) {
            ("raw", _) => Ok(bytes.clone().into_any()),
            ("json", _) => {
                let options = [("mode", "json")].into_py_dict(py)?;
                options.set_item("frame", false)?;
                let value = py.import("holdall")?.getattr("loads")?.call((bytes,), Some(&options));
                Ok(value.map_err(|error| Raised::from(error).about(py, &format!("put {:?}", self.key)))?)
            }
            (_, Ok(text)) => Ok(PyString::new(py, text).into_any()),
            ("text", Err(error)) => {
                let message = format!("put {:?}: not UTF-8 text: {error}; use --mode raw", self.key);
                Err(Raised::new(ErrorKind::Serialization, message).into())
            }
            (_, Err(_)) => Ok(bytes.clone().into_any()),
        }
    }
}
