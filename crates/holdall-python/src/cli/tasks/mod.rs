//! `holdall tasks`: one verb a file.

mod act;
mod list;
mod show;
mod stats;

use std::path::Path;

use clap::{Args, Subcommand, ValueHint};
use holdall_types::ErrorKind;
use pyo3::prelude::*;

use super::open;
use super::stop::Done;
use crate::error::Raised;

/// Look at the tasks of a queue, run them again, or cancel them
#[derive(Args)]
pub struct Tasks {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Retry(act::Retry),
    Cancel(act::Cancel),
    Stats(stats::Stats),
}

/// The database with the tasks.
#[derive(Args)]
struct Database {
    /// The database with the tasks: a file, or sqlite:///file
    #[arg(value_name = "DATABASE", value_hint = ValueHint::FilePath)]
    path: String,
}

impl Tasks {
    pub fn run(&self, py: Python<'_>) -> Done {
        match &self.command {
            Command::List(list) => list.run(py),
            Command::Show(show) => show.run(py),
            Command::Retry(retry) => retry.run(py),
            Command::Cancel(cancel) => cancel.run(py),
            Command::Stats(stats) => stats.run(py),
        }
    }
}

impl Database {
    /// Does something with the queue and closes it.
    fn with<T>(&self, py: Python<'_>, work: impl FnOnce(&Bound<'_, PyAny>) -> Done<T>) -> Done<T> {
        open::with(self.open(py), work)
    }

    fn open<'py>(&self, py: Python<'py>) -> Done<Bound<'py, PyAny>> {
        let holdall = py.import("holdall")?;
        let backend = holdall.call_method1("SQLiteBackend", (self.path.as_str(),))?;
        let path: String = backend.getattr("path")?.extract()?;
        // To open would be to make it, and to tell nothing of a slip in its name.
        if !Path::new(&path).try_exists().unwrap_or(true) {
            let message =
                format!("there is no database at {path}; name the one that the program enqueues to");
            return Err(Raised::new(ErrorKind::DoesNotExist, message).into());
        }
        Ok(holdall.call_method1("SyncTaskQueue", (backend,))?)
    }
}

/// The id of a task of which there is none here.
fn missing(id: &str) -> super::stop::Stop {
    let message = format!("there is no task {id:?} here; `holdall tasks list` shows what is");
    Raised::new(ErrorKind::DoesNotExist, message).into()
}
