//! `Store.delete`, `clear`.

use holdall_store::Condition;
use pyo3::prelude::*;

use super::Store;
use crate::error::Result;
use crate::key::KeyOf;

#[pymethods]
impl Store {
    /// Remove a value.
    #[pyo3(signature = (key, *, ignore_errors=false))]
    fn delete(&self, py: Python<'_>, key: KeyOf<'_>, ignore_errors: bool) -> Result<()> {
        if !self.wait(py, || self.engine.delete(&key, Condition::Any))? && !ignore_errors {
            self.missing(py, &key, None, None)?;
        }
        Ok(())
    }

    fn __delitem__(&self, py: Python<'_>, key: KeyOf<'_>) -> Result<()> {
        if !self.wait(py, || self.engine.delete(&key, Condition::Any))? {
            self.missing(py, &key, None, Some(true))?;
        }
        Ok(())
    }

    /// Remove every value.
    fn clear(&self, py: Python<'_>) -> Result<()> {
        self.wait(py, || self.engine.clear())
    }
}
