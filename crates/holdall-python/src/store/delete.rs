//! `Store.delete`, `clear`.

use holdall_store::Condition;
use holdall_types::Key;
use pyo3::prelude::*;

use super::Store;
use crate::error::Result;

#[pymethods]
impl Store {
    #[pyo3(signature = (key, *, ignore_errors=false))]
    fn delete(&self, py: Python<'_>, key: &str, ignore_errors: bool) -> Result<()> {
        let key = Key::new(key)?;
        if !self.wait(py, || self.engine.delete(&key, Condition::Any))? && !ignore_errors {
            self.missing(py, &key, None, None)?;
        }
        Ok(())
    }

    fn __delitem__(&self, py: Python<'_>, key: &str) -> Result<()> {
        let key = Key::new(key)?;
        if !self.wait(py, || self.engine.delete(&key, Condition::Any))? {
            self.missing(py, &key, None, Some(true))?;
        }
        Ok(())
    }

    fn clear(&self, py: Python<'_>) -> Result<()> {
        self.wait(py, || self.engine.clear())
    }
}
