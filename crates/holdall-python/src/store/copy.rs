//! What `Store.copy_to` is made of.

use pyo3::prelude::*;

use super::Store;
use crate::error::Result;
use crate::key::KeyOf;

#[pymethods]
impl Store {
    /// Copies one value and says whether there was one.
    fn copy_key(&self, py: Python<'_>, key: KeyOf<'_>, other: &Bound<'_, Self>) -> Result<bool> {
        let other = other.get();
        let blocking = self.engine.capability().blocking && other.engine.capability().blocking;
        let copy = || self.engine.copy(&key, &other.engine, self.trust);
        Ok(if blocking { py.detach(copy) } else { copy() }?)
    }
}
