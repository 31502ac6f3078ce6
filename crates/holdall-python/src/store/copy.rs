//! What `Store.copy_to` is made of.

use pyo3::prelude::*;

use super::Store;
use crate::error::Result;
use crate::key::KeyOf;

#[pymethods]
impl Store {
    /// Copy one value to another store and say whether there was one; see `copy_to`.
    fn copy_key(&self, py: Python<'_>, key: KeyOf<'_>, other: &Bound<'_, Self>) -> Result<bool> {
        let other = other.get();
        let out = self.wait(py, || self.engine.copy_out(&key, self.trust))?;
        let Some(mut copy) = out else { return Ok(false) };
        let beside = self
            .copy_beside(py, &key, &mut copy, other)
            .map_err(|error| error.about(py, &format!("copy {}", *key)))?;
        let copied = other.wait(py, || other.engine.copy_in(&key, &copy));
        // Now it is known whether the value names it.
        drop(beside);
        copied?;
        Ok(true)
    }
}
