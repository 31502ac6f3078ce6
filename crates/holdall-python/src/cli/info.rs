//! `holdall info`.

use clap::Args;
use pyo3::prelude::*;

use super::out::{Out, printable};
use super::stop::{Done, OK};
use super::{open, out};

/// Say what is known of a value without opening it
#[derive(Args)]
pub struct Info {
    /// What it is kept under
    key: String,
    /// As a JSON object
    #[arg(long)]
    json: bool,
}

impl Info {
    pub fn run(&self, py: Python<'_>, store: Option<&str>) -> Done {
        let info = open::with(open::existing(py, store), |store| {
            open::found(store, &self.key, store.call_method1("info", (&self.key,)))
        })?;
        let mut out = Out::standard(py)?;
        if self.json {
            out.write(out::json(&info)?.as_bytes())?;
            out.line("")?;
        } else {
            account(&info, &mut out)?;
        }
        out.finish()?;
        Ok(OK)
    }
}

fn account(info: &Bound<'_, PyAny>, out: &mut Out<'_>) -> Done<()> {
    let shown =
        |name: &str| -> PyResult<String> { Ok(info.getattr(name)?.str()?.to_string_lossy().into_owned()) };
    let known = |name: &str| -> PyResult<bool> { Ok(!info.getattr(name)?.is_none()) };
    let mut tell = |name: &str, what: &str| out.line(&format!("{name:<10}{}", printable(what)));
    tell("key", &shown("key")?)?;
    tell("uri", &shown("uri")?)?;
    tell("size", &format!("{} bytes", shown("size")?))?;
    tell("codec", &shown("codec")?)?;
    tell("type", &shown("mimetype")?)?;
    tell("created", &shown("created_at")?)?;
    tell("updated", &shown("updated_at")?)?;
    tell("expires", &if known("expires_at")? { shown("expires_at")? } else { "never".into() })?;
    let bare = info.getattr("bare")?.is_truthy()?;
    tell("kept", if bare { "bare, without a frame or a checksum" } else { "in a frame, with a checksum" })?;
    if known("signed_by")? {
        tell("signed by", &format!("key {}", shown("signed_by")?))?;
    }
    if known("sealed_by")? {
        tell("sealed by", &format!("key {}", shown("sealed_by")?))?;
    }
    if known("python")? {
        tell("python", &format!("holds code of {}", shown("python")?))?;
    }
    Ok(())
}
