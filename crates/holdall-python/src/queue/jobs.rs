//! A backend of tasks, as Python holds it.

use std::sync::Arc;

use holdall_backend::Jobs as Engine;
use pyo3::prelude::*;

use crate::error::Result;

/// Where tasks are kept. `holdall.SQLiteBackend` opens and closes it.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Jobs {
    engine: Arc<dyn Engine>,
}

impl Jobs {
    /// What keeps them.
    pub fn engine(&self) -> Arc<dyn Engine> {
        Arc::clone(&self.engine)
    }
}

#[pymethods]
impl Jobs {
    /// Where they are kept.
    #[getter]
    fn name(&self) -> String {
        self.engine.name()
    }

    /// Let go of files and memory; later calls raise ValidationError.
    fn close(&self, py: Python<'_>) -> Result<()> {
        Ok(py.detach(|| self.engine.close())?)
    }
}
