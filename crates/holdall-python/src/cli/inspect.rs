//! `holdall inspect`.

use std::ffi::OsString;

use clap::{Args, ValueHint};
use pyo3::prelude::*;

use super::out::{Out, printable};
use super::stop::{Done, OK};
use super::{open, out};

/// Look into a stored value without opening it: nothing of it is run
#[derive(Args)]
pub struct Inspect {
    /// What it is kept under; - reads its bytes from standard input
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    key: Option<String>,
    /// A file that holds its bytes, as those of a folder store
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    file: Option<OsString>,
    /// As a JSON object
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub fn run(&self, py: Python<'_>, store: Option<&str>) -> Done {
        let bytes = match self.key.as_deref().filter(|key| *key != "-") {
            Some(key) => open::with(open::existing(py, store), |store| {
                open::found(store, key, store.call_method1("frame_bytes", (key,)))
            })?,
            None => out::read(py, self.file.as_deref())?.into_any(),
        };
        let seen = py.import("holdall")?.call_method1("inspect", (bytes,))?;
        let mut out = Out::standard(py)?;
        if self.json {
            out.write(out::json(&seen)?.as_bytes())?;
            out.line("")?;
        } else {
            out.line(&printable(&seen.str()?.to_string_lossy()))?;
        }
        out.finish()?;
        Ok(OK)
    }
}
