//! `holdall worker`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::stop::Done;

const AFTER: &str = "\
The first SIGTERM or Ctrl-C lets running tasks end, the second stops at once.

A module given by --app is imported first, with the current folder on the path: there classes and exceptions \
are registered and schedules are made. If it has an attribute `serializer`, that is the worker's serializer.";

/// Run the tasks of a queue, until SIGTERM or Ctrl-C
#[derive(Args)]
#[command(after_help = AFTER)]
pub struct Worker {
    /// The database with the tasks: a file, or sqlite:///file; made if it is not there
    #[arg(value_name = "DATABASE", value_hint = ValueHint::FilePath)]
    path: PathBuf,
    /// Run so many tasks at once, those in processes apart
    #[arg(short, long, value_name = "TASKS", default_value_t = 1)]
    concurrency: u32,
    /// Run plain functions in so many processes, instead of in threads
    #[arg(short, long, default_value_t = 0)]
    processes: u32,
    /// Serve this queue; several times for several, the first comes first [default: default]
    #[arg(short, long = "queue", value_name = "QUEUE")]
    queues: Vec<String>,
    /// Import this module first, with the current folder on the path; several times for several
    #[arg(short, long, value_name = "MODULE")]
    app: Vec<String>,
    /// Count as dead after so many seconds without a sign of life
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    lease: f64,
    /// Look for tasks at least so often, if nothing tells of them
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    poll_interval: f64,
    /// How far a result has gone when it is kept: to the disk (full), or to the system (normal)
    #[arg(long, value_parser = ["full", "normal"], default_value = "full")]
    durability: String,
    /// The worker's name, to be shown [default: host, process and a number]
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
}

impl Worker {
    pub fn run(&self, py: Python<'_>) -> Done {
        let options = PyDict::new(py);
        options.set_item("max_concurrency", self.concurrency)?;
        options.set_item("processes", self.processes)?;
        if !self.queues.is_empty() {
            options.set_item("queues", &self.queues)?;
        }
        options.set_item("lease", self.lease)?;
        options.set_item("poll_interval", self.poll_interval)?;
        options.set_item("worker_id", self.id.as_deref())?;
        let work = py.import("holdall._command")?.getattr("work")?;
        // As text: a Path would take the slashes of a URI for one.
        Ok(work.call1((self.path.as_os_str(), &self.durability, &self.app, options))?.extract()?)
    }
}
