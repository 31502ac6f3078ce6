//! `holdall key`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

use super::out;
use super::out::{Out, printable};
use super::stop::{Done, OK};
use crate::keyset;

/// The keyset that signs what could run code
#[derive(Args)]
pub struct Key {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show where the keyset is and which keys it holds; never a secret
    Show {
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Make a keyset, secret included, for HOLDALL_KEYSET or another machine
    New {
        /// Write it to a new file that only you can read; - is standard output
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
}

impl Key {
    pub fn run(&self, py: Python<'_>) -> Done {
        match &self.command {
            Command::Show { json } => show(py, *json),
            Command::New { output } => new(py, output.as_deref()),
        }
    }
}

fn show(py: Python<'_>, json: bool) -> Done {
    let shown = keyset::keyset_show(py, None)?;
    let mut out = Out::standard(py)?;
    if json {
        out.write(out::json(&shown)?.as_bytes())?;
        out.line("")?;
        out.finish()?;
        return Ok(OK);
    }
    let place: String = shown.as_any().get_item("place")?.extract()?;
    let keys: Vec<Bound<'_, PyAny>> = shown.as_any().get_item("keys")?.extract()?;
    out.line(&printable(&place))?;
    for key in &keys {
        let id: String = key.get_item("id")?.extract()?;
        let state = if key.get_item("enabled")?.extract()? { "enabled" } else { "disabled" };
        let primary = if key.get_item("primary")?.extract()? { ", primary: it signs" } else { "" };
        out.line(&format!("  {id}  {state}{primary}"))?;
    }
    if keys.is_empty() {
        out.line("  not there yet; it is made with the first value that needs a signature")?;
    }
    out.finish()?;
    Ok(OK)
}

fn new(py: Python<'_>, output: Option<&Path>) -> Done {
    let text = keyset::keyset_new()?;
    let Some(path) = output.filter(|path| *path != Path::new("-")) else {
        let mut out = Out::standard(py)?;
        out.write(text.as_bytes())?;
        out.finish()?;
        return Ok(OK);
    };
    write_new(path, &text).map_err(|error| {
        let shown = path.display();
        PyOSError::new_err(match error.kind() {
            io::ErrorKind::AlreadyExists => {
                format!("{shown} is there already; a keyset is never overwritten, so give another name")
            }
            _ => format!("{shown}: {error}"),
        })
    })?;
    Ok(OK)
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).inspect_err(|_| {
        // Half a keyset is none, and would stand in the way of the next attempt.
        drop(fs::remove_file(path));
    })
}
