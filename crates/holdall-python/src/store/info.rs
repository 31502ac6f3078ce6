//! What `Store.info` and `exists` are made of.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::Store;
use crate::error::Result;
use crate::key::KeyOf;
use crate::memory;

#[pymethods]
impl Store {
    /// Return what `info` is made of, or None without a value.
    fn glance<'py>(&self, py: Python<'py>, key: KeyOf<'_>) -> Result<Option<Bound<'py, PyDict>>> {
        let Some(glance) = self.wait(py, || self.engine.glance(&key))? else { return Ok(None) };
        let header = &glance.header;
        let shown = PyDict::new(py);
        shown.set_item("key", key.as_str())?;
        shown.set_item("size", glance.size)?;
        shown.set_item("segments", header.table.as_ref().map_or(0, |table| table.segments.len()))?;
        shown.set_item("created", glance.created)?;
        shown.set_item("updated", glance.updated)?;
        shown.set_item("expires", header.expires)?;
        shown.set_item("codec", header.codec.name())?;
        shown.set_item("bare", glance.bare)?;
        shown.set_item("python", header.python.map(|(major, minor)| format!("{major}.{minor}")))?;
        shown.set_item("signed_by", header.signed.as_ref().map(|signature| signature.key_id.to_string()))?;
        shown.set_item("sealed_by", header.sealed.as_ref().map(|seal| seal.key_id.to_string()))?;
        Ok(Some(shown))
    }

    /// Return a value's header and payload, or its bare bytes, for `holdall.inspect`.
    // The checksum was checked; nothing is verified or opened.
    fn frame_bytes<'py>(&self, py: Python<'py>, key: KeyOf<'_>) -> Result<Bound<'py, PyAny>> {
        match self.wait(py, || self.engine.get(&key))? {
            Some(loaded) if loaded.header.table.is_some() => {
                Ok(PyBytes::new(py, &py.detach(|| loaded.whole())?).into_any())
            }
            Some(loaded) => Ok(PyBytes::new(py, &loaded.bytes).into_any()),
            None => self.missing(py, &key, None, Some(true)),
        }
    }

    /// Return a value's payload and the large buffers beside it.
    fn parts<'py>(&self, py: Python<'py>, key: KeyOf<'_>) -> Result<Bound<'py, PyAny>> {
        let Some(mut loaded) = self.wait(py, || self.engine.get(&key))? else {
            return self.missing(py, &key, None, Some(true));
        };
        let segments = memory::take(py, &mut loaded, true)?;
        let payload = PyBytes::new(py, loaded.payload());
        Ok((payload, segments).into_pyobject(py)?.into_any())
    }

    /// Say whether a key has a value.
    fn exists(&self, py: Python<'_>, key: KeyOf<'_>) -> Result<bool> {
        self.wait(py, || self.engine.exists(&key))
    }

    fn __contains__(&self, py: Python<'_>, key: KeyOf<'_>) -> Result<bool> {
        self.exists(py, key)
    }

    fn __len__(&self, py: Python<'_>) -> Result<usize> {
        self.sweep_if_due(py);
        let count = self.wait(py, || self.engine.count())?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// A store without values is still a store.
    fn __bool__(&self) -> bool {
        true
    }
}
