//! A backend of tasks, as Python holds it.

use std::sync::Arc;

use holdall_backend::Jobs as Engine;
use holdall_backend::memory::MemoryJobs;
use holdall_queue::queue::Desk;
use holdall_types::SystemClock;
use pyo3::prelude::*;

use crate::error::Result;

/// Where tasks are kept. `holdall.SQLiteBackend` opens and closes it.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Jobs {
    desk: Arc<Desk>,
}

impl Jobs {
    /// What keeps them.
    pub fn engine(&self) -> Arc<dyn Engine> {
        Arc::clone(&self.desk.jobs)
    }

    /// It with what the queues of this process share.
    pub fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk)
    }

    fn new(jobs: Arc<dyn Engine>, quick: bool) -> Self {
        Self { desk: Arc::new(Desk::new(jobs, Arc::new(SystemClock), quick)) }
    }
}

#[pymethods]
impl Jobs {
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
