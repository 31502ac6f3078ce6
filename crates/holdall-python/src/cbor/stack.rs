//! Values on their way into containers: those that stand by themselves, keys, and plain lists.

use pyo3::ffi;
use pyo3::prelude::*;

use crate::error::Result;
use crate::{keys, utf8};

/// Values in postfix order, and apart from them the keys of maps.
pub struct Stack<'py> {
    pub py: Python<'py>,
    pub values: Vec<Py<PyAny>>,
    pub keys: Vec<Py<PyAny>>,
}

impl<'py> Stack<'py> {
    pub fn new(py: Python<'py>) -> Self {
        // Room for what most payloads hold at once: growing by steps would cost a small one dearly.
        Self { py, values: Vec::with_capacity(32), keys: Vec::with_capacity(16) }
    }

    /// The one value that a complete payload leaves.
    pub fn finish(mut self) -> Option<Bound<'py, PyAny>> {
        self.values.pop().map(|value| value.into_bound(self.py))
    }

    /// # Safety
    /// The pointer is a new reference, or null with a Python error set.
    unsafe fn owned(&self, pointer: *mut ffi::PyObject) -> Result<Py<PyAny>> {
        // SAFETY: as the caller says.
        Ok(unsafe { Bound::from_owned_ptr_or_err(self.py, pointer) }?.unbind())
    }

    pub fn null(&mut self) -> Result<()> {
        self.values.push(self.py.None());
        Ok(())
    }

    pub fn bool(&mut self, value: bool) -> Result<()> {
        // SAFETY: a new reference.
        self.values.push(unsafe { self.owned(ffi::PyBool_FromLong(value.into())) }?);
        Ok(())
    }

    pub fn int(&mut self, value: i64) -> Result<()> {
        // SAFETY: a new reference, or null with an error.
        self.values.push(unsafe { self.owned(ffi::PyLong_FromLongLong(value)) }?);
        Ok(())
    }

    pub fn float(&mut self, value: f64) -> Result<()> {
        // SAFETY: a new reference, or null with an error.
        self.values.push(unsafe { self.owned(ffi::PyFloat_FromDouble(value)) }?);
        Ok(())
    }

    pub fn str(&mut self, value: &str) -> Result<()> {
        // SAFETY: a new reference, or null with an error.
        self.values.push(unsafe { self.owned(utf8::new(value, value.is_ascii())) }?);
        Ok(())
    }

    pub fn key(&mut self, value: &str) -> Result<()> {
        // SAFETY: a new reference, or null with an error.
        self.keys.push(unsafe { self.owned(keys::get(value, value.is_ascii())) }?);
        Ok(())
    }

    pub fn list(&mut self, length: usize) -> Result<()> {
        let start = self.values.len().saturating_sub(length);
        // SAFETY: the new list is filled before anyone can see it; each item's reference moves in.
        let list = unsafe {
            let list = self.owned(ffi::PyList_New(length as ffi::Py_ssize_t))?;
            for (position, item) in self.values.drain(start..).enumerate() {
                ffi::PyList_SET_ITEM(list.as_ptr(), position as ffi::Py_ssize_t, item.into_ptr());
            }
            list
        };
        self.values.push(list);
        Ok(())
    }
}
