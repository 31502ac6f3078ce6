//! Segments on their way in: an object's own memory, held and read where it is.

use std::fmt;

use holdall_store::Segment;
use holdall_types::ErrorKind;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::prelude::*;

use crate::error::{Raised, Result};

/// Holds the memory of objects.
pub fn held(objects: &[Bound<'_, PyAny>]) -> Result<Vec<Box<dyn Segment>>> {
    objects.iter().map(|object| Ok(Box::new(Held::new(object)?) as Box<dyn Segment>)).collect()
}

/// The memory of a contiguous object. As long as this is there the object neither frees nor moves it.
struct Held(PyUntypedBuffer);

impl Held {
    /// Holds what an object exports.
    fn new(object: &Bound<'_, PyAny>) -> Result<Self> {
        let buffer = PyUntypedBuffer::get(object)?;
        if buffer.is_c_contiguous() || buffer.is_fortran_contiguous() {
            return Ok(Self(buffer));
        }
        Err(Raised::new(ErrorKind::Serialization, "a segment must be contiguous memory; copy it first"))
    }
}

impl Segment for Held {
    fn len(&self) -> usize {
        self.0.len_bytes()
    }

    fn copy(&self, offset: usize, out: &mut [u8]) {
        if offset.checked_add(out.len()).is_none_or(|end| end > self.len()) {
            return;
        }
        let start = self.0.buf_ptr().cast::<u8>().cast_const();
        // SAFETY: the export is contiguous and `len` bytes long, of which these were just seen to be a
        // part, and `out` is nobody else's. Another thread may write to the memory meanwhile: whatever
        // is found then are bytes, and only the copy is used.
        unsafe { std::ptr::copy_nonoverlapping(start.add(offset), out.as_mut_ptr(), out.len()) }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({} bytes)", self.len())
    }
}
