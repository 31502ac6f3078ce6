//! `Store.iterate_keys`.

use std::sync::Mutex;

use holdall_store::{Listing, Selection};
use pyo3::prelude::*;

use super::Store;
use crate::error::Result;

/// A lazy listing of keys.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Keys {
    listing: Mutex<Listing>,
    blocking: bool,
}

#[pymethods]
impl Keys {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> Result<Option<String>> {
        let next = || self.listing.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
        let next = if self.blocking { py.detach(next) } else { next() };
        Ok(next.transpose()?)
    }
}

#[pymethods]
impl Store {
    #[pyo3(signature = (*, prefix=None, exclude_prefix=None, glob=None, depth=None))]
    fn iterate_keys(
        &self,
        py: Python<'_>,
        prefix: Option<String>,
        exclude_prefix: Option<String>,
        glob: Option<String>,
        depth: Option<usize>,
    ) -> Result<Keys> {
        let selection = Selection { prefix, exclude_prefix, glob, depth };
        let listing = self.wait(py, || self.engine.scan(selection))?;
        Ok(Keys { listing: Mutex::new(listing), blocking: self.engine.capability().blocking })
    }

    fn __iter__(&self, py: Python<'_>) -> Result<Keys> {
        self.iterate_keys(py, None, None, None, None)
    }
}
