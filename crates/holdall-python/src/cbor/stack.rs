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
        Self { py, values: Vec::new(), keys: Vec::new() }
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

    /// Puts a value.
    pub fn put(&mut self, value: Py<PyAny>) -> Result<()> {
        put(&mut self.values, value)
    }

    /// Puts a key.
    pub fn put_key(&mut self, key: Py<PyAny>) -> Result<()> {
        put(&mut self.keys, key)
    }

    pub fn null(&mut self) -> Result<()> {
        self.put(self.py.None())
    }

    pub fn bool(&mut self, value: bool) -> Result<()> {
        // SAFETY: a new reference.
        let value = unsafe { self.owned(ffi::PyBool_FromLong(value.into())) }?;
        self.put(value)
    }

    pub fn int(&mut self, value: i64) -> Result<()> {
        // SAFETY: a new reference, or null with an error.
        let value = unsafe { self.owned(ffi::PyLong_FromLongLong(value)) }?;
        self.put(value)
    }

    pub fn float(&mut self, value: f64) -> Result<()> {
        // SAFETY: a new reference, or null with an error.
        let value = unsafe { self.owned(ffi::PyFloat_FromDouble(value)) }?;
        self.put(value)
    }

    pub fn str(&mut self, value: &str) -> Result<()> {
        // SAFETY: a new reference, or null with an error.
        let value = unsafe { self.owned(utf8::new(value, value.is_ascii())) }?;
        self.put(value)
    }

    pub fn key(&mut self, value: &str) -> Result<()> {
        // SAFETY: a new reference, or null with an error.
        let key = unsafe { self.owned(keys::get(value, value.is_ascii())) }?;
        self.put_key(key)
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
        self.put(list)
    }
}

fn put(values: &mut Vec<Py<PyAny>>, value: Py<PyAny>) -> Result<()> {
    if values.len() == values.capacity() {
        // What most payloads hold at once: growing by steps would cost a small one dearly.
        values.try_reserve(32)?;
    }
    values.push(value);
    Ok(())
}
