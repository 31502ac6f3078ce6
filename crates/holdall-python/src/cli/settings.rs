//! `holdall settings`.

use clap::Args;
use holdall_store::Keyring;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::out;
use super::out::{Out, printable};
use super::stop::{Done, OK};

/// Show the settings as they are now, and where each is from; never a secret
#[derive(Args)]
pub struct Settings {
    /// As a JSON object
    #[arg(long)]
    json: bool,
}

const NAMES: [&str; 4] = ["uri", "serialization_mode", "raise_on_nonexist", "default_ttl"];
const HIDDEN: &str = "***";

impl Settings {
    pub fn run(&self, py: Python<'_>, store: Option<&str>) -> Done {
        let read = py.import("holdall")?.getattr("Settings")?.call_method0("from_env")?;
        let shown = PyDict::new(py);
        for name in NAMES {
            shown.set_item(name, read.getattr(name)?)?;
        }
        let uri =
            store.map_or_else(|| read.getattr("uri")?.extract(), |uri| Ok::<_, PyErr>(uri.to_owned()))?;
        shown.set_item("uri", without_password(&uri))?;
        shown.set_item("backend_config", backend_config(&read)?)?;
        // Where it would be, even if what is there cannot be read.
        shown.set_item("keyset", Keyring::new(None).place().unwrap_or_else(|_| "none".to_owned()))?;
        let mut out = Out::standard(py)?;
        if self.json {
            out.write(out::json(&shown)?.as_bytes())?;
            out.line("")?;
        } else {
            for (name, value) in &shown {
                let name: String = name.extract()?;
                let text = match value.cast::<PyString>() {
                    Ok(text) => text.to_string_lossy().into_owned(),
                    Err(_) => String::from_utf8_lossy(out::json(&value)?.as_bytes()).into_owned(),
                };
                out.line(&printable(&format!("{name:<20}{text:<36}  {}", origin(&name, store))))?;
            }
        }
        out.finish()?;
        Ok(OK)
    }
}

fn origin(name: &str, store: Option<&str>) -> String {
    if name == "uri" && store.is_some() {
        return "--store".to_owned();
    }
    let nested = if name == "backend_config" { "__" } else { "" };
    let variable = format!("HOLDALL_{}{nested}", name.to_uppercase());
    let sets = |found: &str| if nested.is_empty() { found == variable } else { found.starts_with(&variable) };
    let set = std::env::vars_os().any(|(name, value)| sets(&name.to_string_lossy()) && !value.is_empty());
    let variable = if nested.is_empty() { variable } else { variable + "..." };
    if set { variable } else { format!("default; {variable} sets it") }
}

/// What the backend is told. An option that it does not know is a slip, and may be anything.
fn backend_config<'py>(read: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let py = read.py();
    let known = py.import("holdall.store")?.getattr("BACKEND_OPTIONS")?;
    let shown = PyDict::new(py);
    for (name, value) in read.getattr("backend_config")?.cast::<PyDict>()? {
        if known.contains(&name)? {
            shown.set_item(name, value)?;
        } else {
            shown.set_item(name, HIDDEN)?;
        }
    }
    Ok(shown)
}

/// `scheme://user:password@host` with the password hidden.
fn without_password(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    match authority
        .rsplit_once('@')
        .map(|(user, host)| (user.split_once(':').map_or(user, |(name, _)| name), host))
    {
        Some((user, host)) => format!("{scheme}://{user}:{HIDDEN}@{host}{path}"),
        None => uri.to_owned(),
    }
}
