//! A backend of tasks, as Python holds it.

use std::sync::Arc;

use holdall_backend::memory::MemoryJobs;
use holdall_backend::sqlite::{Options, SqliteJobs};
use holdall_backend::{Durability, Jobs as Engine};
use holdall_queue::queue::Desk;
use holdall_store::beside::Place;
use holdall_types::{ErrorKind, SystemClock};
use pyo3::prelude::*;

use crate::error::{Raised, Result};
use crate::options::span;

/// Where tasks are kept. `holdall.SQLiteBackend` opens and closes it.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Jobs {
    desk: Arc<Desk>,
    quick: bool,
}

impl Jobs {
    /// What keeps them.
    pub fn engine(&self) -> Arc<dyn Engine> {
        Arc::clone(&self.desk.jobs)
    }

    /// Whether a commit waits for no disk.
    pub const fn is_quick(&self) -> bool {
        self.quick
    }

    /// It with what the queues of this process share.
    pub fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk)
    }

    /// Where what is beside the results lies.
    pub fn beside(&self) -> Arc<Place> {
        Arc::clone(&self.desk.beside)
    }

    fn new(jobs: Arc<dyn Engine>, quick: bool) -> Self {
        Self { desk: Arc::new(Desk::new(jobs, Arc::new(SystemClock), quick)), quick }
    }
}

#[pymethods]
impl Jobs {
    /// Open the tasks in a SQLite database, and make it if it is not there.
    #[staticmethod]
    #[pyo3(signature = (path, *, durability="full", busy_timeout=None))]
    fn sqlite(
        py: Python<'_>,
        path: std::path::PathBuf,
        durability: &str,
        busy_timeout: Option<&Bound<'_, PyAny>>,
    ) -> Result<Self> {
        let mut options = Options::new(path);
        options.durability = match durability {
            "normal" => Durability::Normal,
            "full" => Durability::Full,
            other => {
                let message = format!("durability={other:?} is neither 'normal' nor 'full'");
                return Err(Raised::new(ErrorKind::Validation, message));
            }
        };
        if let Some(seconds) = busy_timeout {
            options.busy_timeout = span("busy_timeout", seconds)?;
        }
        let quick = options.durability == Durability::Normal;
        let jobs = py.detach(|| SqliteJobs::open(options))?;
        Ok(Self::new(Arc::new(jobs), quick))
    }

    /// Make a place for tasks in this process, gone with the object.
    #[staticmethod]
    fn memory() -> Self {
        Self::new(Arc::new(MemoryJobs::open()), true)
    }

    /// Where they are kept.
    #[getter]
    fn name(&self) -> String {
        self.desk.jobs.name()
    }

    /// Let go of files and memory; later calls raise ValidationError.
    fn close(&self, py: Python<'_>) -> Result<()> {
        Ok(py.detach(|| self.desk.close())?)
    }
}
