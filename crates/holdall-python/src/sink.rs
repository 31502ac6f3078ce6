//! Python objects, built by the codec.

use std::cell::UnsafeCell;
use std::{mem, ptr};

use holdall_codec::Sink;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::digits;
use crate::error::Raised;
use crate::{keys, utf8};

unsafe extern "C" {
    /// A dict with room for so many pairs. Exported by every CPython and left out of PyO3.
    fn _PyDict_NewPresized(pairs: ffi::Py_ssize_t) -> *mut ffi::PyObject;
}

/// Values in postfix order; the keys of a dict stand among them, each before its value.
///
/// They are plain pointers, each a reference of ours: PyO3's own would ask before every drop whether
/// the GIL is held.
pub struct Builder<'py> {
    py: Python<'py>,
    values: Vec<*mut ffi::PyObject>,
}

impl<'py> Builder<'py> {
    pub fn new(py: Python<'py>) -> Self {
        // SAFETY: the GIL is held, and nothing else runs until the spare is out.
        Self { py, values: unsafe { mem::take(&mut *SPARE.0.get()) } }
    }

    /// The one value that a complete document leaves.
    pub fn finish(mut self) -> Option<Bound<'py, PyAny>> {
        let value = self.values.pop()?;
        // SAFETY: not null, and a reference of ours.
        Some(unsafe { Bound::from_owned_ptr(self.py, value) })
    }

    /// # Safety
    /// The pointer is a new reference, or null with a Python error set.
    #[inline(always)]
    unsafe fn push(&mut self, pointer: *mut ffi::PyObject) -> Result<(), Raised> {
        if pointer.is_null() {
            return Err(self.error());
        }
        if self.values.len() == self.values.capacity() {
            // SAFETY: a reference of ours.
            unsafe { self.grow(pointer) }?;
        }
        // SAFETY: there is room for one more.
        unsafe {
            self.values.as_mut_ptr().add(self.values.len()).write(pointer);
            self.values.set_len(self.values.len() + 1);
        }
        Ok(())
    }

    #[cold]
    unsafe fn grow(&mut self, pointer: *mut ffi::PyObject) -> Result<(), Raised> {
        // What most documents hold at once: growing by steps would cost a small one dearly.
        self.values.try_reserve(32).map_err(|error| {
            // SAFETY: a reference of ours, says the caller.
            unsafe { ffi::Py_DECREF(pointer) };
            error.into()
        })
    }

    #[cold]
    fn error(&self) -> Raised {
        PyErr::fetch(self.py).into()
    }
}

impl Sink for Builder<'_> {
    type Error = Raised;

    #[inline(always)]
    fn null(&mut self) -> Result<(), Raised> {
        // SAFETY: a new reference.
        unsafe { self.push(ffi::Py_NewRef(ffi::Py_None())) }
    }

    #[inline(always)]
    fn bool(&mut self, value: bool) -> Result<(), Raised> {
        // SAFETY: a new reference.
        unsafe { self.push(ffi::Py_NewRef(if value { ffi::Py_True() } else { ffi::Py_False() })) }
    }

    #[inline(always)]
    fn int(&mut self, value: i64) -> Result<(), Raised> {
        // SAFETY: a new reference, or null with an error.
        unsafe { self.push(ffi::PyLong_FromLongLong(value)) }
    }

    #[cold]
    fn big_int(&mut self, digits: &str) -> Result<(), Raised> {
        let value = digits::int(self.py, digits)?;
        // SAFETY: a new reference.
        unsafe { self.push(value.into_ptr()) }
    }

    #[inline(always)]
    fn float(&mut self, value: f64) -> Result<(), Raised> {
        // SAFETY: a new reference, or null with an error.
        unsafe { self.push(ffi::PyFloat_FromDouble(value)) }
    }

    #[inline(always)]
    fn str(&mut self, value: &str, ascii: bool) -> Result<(), Raised> {
        // SAFETY: a new reference, or null with an error.
        unsafe { self.push(utf8::new(value, ascii)) }
    }

    #[inline(always)]
    fn key(&mut self, value: &str, ascii: bool) -> Result<(), Raised> {
        // SAFETY: a new reference, or null with an error.
        unsafe { self.push(keys::get(value, ascii)) }
    }

    fn list(&mut self, length: usize) -> Result<(), Raised> {
        let start = self.values.len().saturating_sub(length);
        // SAFETY: the new list is filled before anyone can see it; the references of its items move in.
        unsafe {
            let list = ffi::PyList_New(length as ffi::Py_ssize_t);
            if !list.is_null() {
                let items = (*list.cast::<ffi::PyListObject>()).ob_item;
                ptr::copy_nonoverlapping(self.values.as_ptr().add(start), items, self.values.len() - start);
                self.values.set_len(start);
            }
            self.push(list)
        }
    }

    fn map(&mut self, length: usize) -> Result<(), Raised> {
        /// A dict without pairs gets room for so many by itself.
        const FEW: usize = 5;
        let start = self.values.len().saturating_sub(2 * length);
        // SAFETY: a new dict; the keys are exact str, so setting an item runs no Python code, and it
        // takes references of its own. Ours are given up only when all are in.
        unsafe {
            let dict = if length <= FEW {
                ffi::PyDict_New()
            } else {
                _PyDict_NewPresized(length as ffi::Py_ssize_t)
            };
            if dict.is_null() {
                return Err(self.error());
            }
            let pairs = self.values.as_ptr().add(start);
            for number in 0..length {
                let (key, value) = (*pairs.add(2 * number), *pairs.add(2 * number + 1));
                if ffi::PyDict_SetItem(dict, key, value) != 0 {
                    ffi::Py_DECREF(dict);
                    return Err(self.error());
                }
            }
            self.values.set_len(start);
            for number in 0..2 * length {
                ffi::Py_DECREF(*pairs.add(number));
            }
            self.push(dict)
        }
    }
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        for value in self.values.drain(..) {
            // SAFETY: a reference of ours.
            unsafe { ffi::Py_DECREF(value) };
        }
        if self.values.capacity() <= SPARED {
            // SAFETY: the GIL is held, and what is replaced is empty.
            unsafe { *SPARE.0.get() = mem::take(&mut self.values) };
        }
    }
}

/// An empty stack for the next reader: a small document would feel the allocation.
struct Spare(UnsafeCell<Vec<*mut ffi::PyObject>>);

// SAFETY: touched only while the GIL is held, and never across a call.
unsafe impl Sync for Spare {}

static SPARE: Spare = Spare(UnsafeCell::new(Vec::new()));

/// What is worth keeping for it.
const SPARED: usize = 4096;
