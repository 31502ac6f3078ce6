//! A key that one at a time may work at.

use std::sync::{Arc, Mutex, PoisonError};

use holdall_flow::entry::Whose;
use holdall_flow::shelf;
use pyo3::prelude::*;

use crate::error::Result;

/// Excludes threads and processes while the block runs.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Claim {
    shelf: Arc<shelf::Shelf>,
    workflow: String,
    name: String,
    /// None is the name itself, for a save that takes several steps.
    key: Option<String>,
    held: Mutex<Vec<shelf::Claim>>,
}

impl Claim {
    pub(super) fn new(shelf: &Arc<shelf::Shelf>, workflow: &str, name: &str, key: Option<&str>) -> Self {
        Self {
            shelf: Arc::clone(shelf),
            workflow: workflow.to_owned(),
            name: name.to_owned(),
            key: key.map(str::to_owned),
            held: Mutex::default(),
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<shelf::Claim>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Claim {
    /// Wait until nobody else holds it.
    fn __enter__(&self, py: Python<'_>) -> Result<()> {
        let Self { shelf, workflow, name, key, .. } = self;
        let claim = py.detach(|| match key {
            Some(_) => shelf.claim(Whose { workflow, name, key: key.as_deref() }),
            None => shelf.saving(workflow, name),
        })?;
        self.held().push(claim);
        Ok(())
    }

    /// Let go of it.
    #[pyo3(signature = (kind, value, traceback))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) {
        let _ = (kind, value, traceback);
        let claim = self.held().pop();
        py.detach(|| drop(claim));
    }
}
