//! `Store.iterate_keys`.

use std::sync::Mutex;

use holdall_store::{Listing, Selection};
use holdall_types::ErrorKind;
use pyo3::prelude::*;

use super::Store;
use crate::error::{Raised, Result};
use crate::key::{shown, text_of};

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
    /// Return a lazy listing of keys; all that is given must hold.
    #[pyo3(signature = (*, prefix=None, exclude_prefix=None, glob=None, depth=None))]
    fn iterate_keys(
        &self,
        py: Python<'_>,
        prefix: Option<&Bound<'_, PyAny>>,
        exclude_prefix: Option<&Bound<'_, PyAny>>,
        glob: Option<&Bound<'_, PyAny>>,
        depth: Option<&Bound<'_, PyAny>>,
    ) -> Result<Keys> {
        let text =
            |what: &str, name: Option<&Bound<'_, PyAny>>| name.map(|name| text_of(what, name)).transpose();
        let (prefix, exclude_prefix) = (text("prefix", prefix)?, text("exclude_prefix", exclude_prefix)?);
        let glob = text("glob", glob)?;
        let depth = depth.map(levels).transpose()?;
        self.sweep_if_due(py);
        let selection = Selection { prefix, exclude_prefix, glob, depth };
        let listing = self.wait(py, || self.engine.scan(selection))?;
        Ok(Keys { listing: Mutex::new(listing), blocking: self.engine.capability().blocking })
    }

    fn __iter__(&self, py: Python<'_>) -> Result<Keys> {
        self.iterate_keys(py, None, None, None, None)
    }
}

fn levels(depth: &Bound<'_, PyAny>) -> Result<usize> {
    depth.extract().map_err(|_| {
        let message = format!("depth={} is no number of segments, zero or more", shown(depth));
        Raised::new(ErrorKind::Validation, message)
    })
}
