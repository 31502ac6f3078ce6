//! `holdall keys`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::out::{Out, printable};
use super::stop::{Done, OK};
use super::{open, out};

/// List the keys
#[derive(Args)]
pub struct Keys {
    #[command(flatten)]
    which: Which,
    /// At most so many segments, counted from the prefix
    #[arg(long, value_name = "SEGMENTS")]
    depth: Option<usize>,
    /// Say of each when it was written, its size in bytes and its codec
    #[arg(long)]
    info: bool,
    /// One JSON array: of strings, or of objects with --info
    #[arg(long)]
    json: bool,
    /// Write them to a file; - is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

/// Which keys; all of it must hold.
#[derive(Args)]
pub struct Which {
    /// Keys that begin with this
    #[arg(long)]
    prefix: Option<String>,
    /// No keys that begin with this
    #[arg(long, value_name = "PREFIX")]
    exclude_prefix: Option<String>,
    /// Keys that match this: * and ? stay within a segment, ** does not
    #[arg(long, value_name = "PATTERN")]
    glob: Option<String>,
}

impl Which {
    /// As keywords of `iterate_keys` and `copy_to`.
    pub fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let options = PyDict::new(py);
        options.set_item("prefix", self.prefix.as_deref())?;
        options.set_item("exclude_prefix", self.exclude_prefix.as_deref())?;
        options.set_item("glob", self.glob.as_deref())?;
        Ok(options)
    }
}

impl Keys {
    pub fn run(&self, py: Python<'_>, store: Option<&str>) -> Done {
        open::with(open::existing(py, store), |store| {
            let options = self.which.options(py)?;
            options.set_item("depth", self.depth)?;
            let keys = store.call_method("iterate_keys", (), Some(&options))?;
            let mut out = Out::to(py, self.output.as_deref())?;
            let mut between = "[";
            for key in keys.try_iter()? {
                // The loop is not Python's, so nobody else looks for a Ctrl-C.
                py.check_signals()?;
                let key = key?;
                let item = if self.info { described(store, &key)? } else { Some(key) };
                // Deleted since it was listed.
                let Some(item) = item else { continue };
                if self.json {
                    out.write(between.as_bytes())?;
                    out.write(out::json(&item)?.as_bytes())?;
                    between = ",\n";
                } else if self.info {
                    out.line(&row(&item)?)?;
                } else if out.is_terminal() {
                    out.line(&printable(item.extract::<&str>()?))?;
                } else {
                    out.line(item.extract::<&str>()?)?;
                }
            }
            if self.json {
                out.line(if between == "[" { "[]" } else { "]" })?;
            }
            out.finish()?;
            Ok(OK)
        })
    }
}

fn described<'py>(store: &Bound<'py, PyAny>, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = key.py();
    match store.call_method1("info", (key,)) {
        Ok(info) => Ok(Some(info)),
        Err(error) if error.is_instance(py, &py.import("holdall")?.getattr("DoesNotExist")?) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The key comes last: it alone may be long or hold a space.
fn row(info: &Bound<'_, PyAny>) -> PyResult<String> {
    let written = info.getattr("updated_at")?.call_method1("strftime", ("%Y-%m-%d %H:%M:%S",))?;
    let size: u64 = info.getattr("size")?.extract()?;
    let codec: String = info.getattr("codec")?.extract()?;
    let key: String = info.getattr("key")?.extract()?;
    Ok(format!("{written}  {size:>10}  {codec:<6}  {}", printable(&key)))
}
