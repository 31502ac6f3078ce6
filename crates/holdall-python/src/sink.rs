//! Python objects, built by the codec.

use std::sync::{Mutex, OnceLock, PoisonError};

use holdall_codec::Sink;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::digits;
use crate::error::Raised;

/// Values in postfix order.
pub struct Builder<'py> {
    pub py: Python<'py>,
    pub values: Vec<Py<PyAny>>,
    pub keys: Vec<Py<PyAny>>,
    cache: Option<KeyCache>,
}

impl<'py> Builder<'py> {
    pub fn new(py: Python<'py>) -> Self {
        // Room for what most documents hold at once: growing by steps would cost a small one dearly.
        Self { py, values: Vec::with_capacity(32), keys: Vec::with_capacity(16), cache: None }
    }

    /// The one value that a complete document leaves.
    pub fn finish(mut self) -> Option<Bound<'py, PyAny>> {
        self.values.pop().map(|value| value.into_bound(self.py))
    }

    /// # Safety
    /// The pointer is a new reference, or null with a Python error set.
    unsafe fn push(&mut self, pointer: *mut ffi::PyObject) -> Result<(), Raised> {
        // SAFETY: as the caller says.
        let value = unsafe { Bound::from_owned_ptr_or_err(self.py, pointer) }?;
        self.values.push(value.unbind());
        Ok(())
    }
}

impl Sink for Builder<'_> {
    type Error = Raised;

    fn null(&mut self) -> Result<(), Raised> {
        self.values.push(self.py.None());
        Ok(())
    }

    fn bool(&mut self, value: bool) -> Result<(), Raised> {
        // SAFETY: a new reference.
        unsafe { self.push(ffi::PyBool_FromLong(value.into())) }
    }

    fn int(&mut self, value: i64) -> Result<(), Raised> {
        // SAFETY: a new reference, or null with an error.
        unsafe { self.push(ffi::PyLong_FromLongLong(value)) }
    }

    fn big_int(&mut self, digits: &str) -> Result<(), Raised> {
        self.values.push(digits::int(self.py, digits)?.unbind());
        Ok(())
    }

    fn float(&mut self, value: f64) -> Result<(), Raised> {
        // SAFETY: a new reference, or null with an error.
        unsafe { self.push(ffi::PyFloat_FromDouble(value)) }
    }

    fn str(&mut self, value: &str) -> Result<(), Raised> {
        // SAFETY: a new reference, or null with an error.
        unsafe { self.push(new_str(value)) }
    }

    fn key(&mut self, value: &str) -> Result<(), Raised> {
        let py = self.py;
        let cache = self.cache.get_or_insert_with(KeyCache::take);
        let key = cache.get(py, value)?;
        self.keys.push(key);
        Ok(())
    }

    fn list(&mut self, length: usize) -> Result<(), Raised> {
        let start = self.values.len().saturating_sub(length);
        // SAFETY: the new list is filled before anyone can see it; each item's reference moves in.
        unsafe {
            let list = ffi::PyList_New(length as ffi::Py_ssize_t);
            if !list.is_null() {
                for (position, item) in self.values.drain(start..).enumerate() {
                    ffi::PyList_SET_ITEM(list, position as ffi::Py_ssize_t, item.into_ptr());
                }
            }
            self.push(list)
        }
    }

    fn map(&mut self, length: usize) -> Result<(), Raised> {
        let (values, keys) =
            (self.values.len().saturating_sub(length), self.keys.len().saturating_sub(length));
        // SAFETY: a new dict; the keys are exact str, so setting an item runs no Python code, and
        // it takes references of its own.
        unsafe {
            let dict = Bound::from_owned_ptr_or_err(self.py, ffi::PyDict_New())?;
            for (key, value) in self.keys.drain(keys..).zip(self.values.drain(values..)) {
                if ffi::PyDict_SetItem(dict.as_ptr(), key.as_ptr(), value.as_ptr()) != 0 {
                    return Err(PyErr::fetch(self.py).into());
                }
            }
            self.push(dict.into_ptr())
        }
    }
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        if let Some(cache) = self.cache.take() {
            cache.give_back();
        }
    }
}

/// A new str, or null with an error set.
///
/// # Safety
/// The GIL is held.
unsafe fn new_str(text: &str) -> *mut ffi::PyObject {
    let length = text.len() as ffi::Py_ssize_t;
    // Python keeps the empty and the one-letter strings itself.
    // SAFETY: the text is UTF-8 of that length; a fresh compact ASCII str has exactly that many
    // bytes, which nobody has seen yet.
    unsafe {
        if length < 2 || !text.is_ascii() {
            return ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), length);
        }
        let object = ffi::PyUnicode_New(length, 0x7F);
        if !object.is_null() {
            std::ptr::copy_nonoverlapping(
                text.as_ptr(),
                ffi::PyUnicode_DATA(object).cast::<u8>(),
                text.len(),
            );
        }
        object
    }
}

/// Keys met lately: records of one shape share their key strings, already hashed. A hit compares the
/// bytes, so two keys of one hash stay two keys; the hash is seeded, so nobody can aim at one
/// slot from outside.
struct KeyCache {
    slots: Vec<Option<(u64, Py<PyString>)>>,
}

const SLOTS: usize = 1024;
const LONGEST: usize = 64;

static IDLE: Mutex<Option<KeyCache>> = Mutex::new(None);

impl KeyCache {
    /// The process's cache, or a new one while another reader has it: building objects may run
    /// the collector, and with it a finalizer that reads something in turn.
    fn take() -> Self {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).take();
        idle.unwrap_or_else(|| Self { slots: (0..SLOTS).map(|_| None).collect() })
    }

    fn give_back(self) {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        let former = idle.replace(self);
        drop(idle);
        drop(former);
    }

    fn get(&mut self, py: Python<'_>, text: &str) -> Result<Py<PyAny>, Raised> {
        // SAFETY: a new reference, or null with an error.
        let make = || unsafe { Bound::from_owned_ptr_or_err(py, new_str(text)) };
        if text.len() > LONGEST || text.len() < 2 {
            return Ok(make()?.unbind());
        }
        let hash = hash(text.as_bytes());
        let Some(slot) = self.slots.get_mut(hash as usize % SLOTS) else { return Ok(make()?.unbind()) };
        if let Some((known, key)) = slot
            && *known == hash
            && key.bind(py).to_str().is_ok_and(|key| key == text)
        {
            return Ok(key.clone_ref(py).into_any());
        }
        let key = make()?.cast_into::<PyString>().map_err(PyErr::from)?;
        *slot = Some((hash, key.clone().unbind()));
        Ok(key.into_any().unbind())
    }
}

fn hash(bytes: &[u8]) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    static SEED: OnceLock<u64> = OnceLock::new();
    let mut hash = *SEED.get_or_init(|| RandomState::new().hash_one(0));
    let mut mix = |word: u64| hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x517C_C1B7_2722_0A95);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        mix(chunk.try_into().map_or(0, u64::from_le_bytes));
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(chunks.remainder()) {
        *to = *from;
    }
    mix(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    hash ^ hash >> 32
}
