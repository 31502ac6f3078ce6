//! Segments on their way out: memory that Python objects are built on, without another copy.

use std::fs::File;
use std::ops::Range;
use std::os::raw::c_int;
use std::sync::Arc;

use holdall_store::{Buffer, Loaded, Segments, Unread};
use holdall_types::{Error, ErrorKind};
use memmap2::{Mmap, MmapOptions};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::error::{Raised, Result};

/// Bytes with the buffer protocol: writable where they are the reader's own, read-only where they
/// are a file's.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Memory {
    start: *mut u8,
    length: usize,
    readonly: bool,
    _owner: Owner,
}

/// What keeps the memory there. It is never touched but to be dropped.
#[expect(dead_code, reason = "held for its drop")]
enum Owner {
    Buffer(Buffer),
    Map(Arc<Mmap>),
}

// SAFETY: `start` is the address of memory that `_owner` keeps where it is and that no thread is
// tied to. Who writes to it, and when, is up to the users of the Python buffer, as with a bytearray.
unsafe impl Send for Memory {}
// SAFETY: as above; the object itself never changes.
unsafe impl Sync for Memory {}

#[pymethods]
impl Memory {
    /// SAFETY: Python calls this with a view to fill and flags.
    unsafe fn __getbuffer__(slf: &Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let memory = slf.get();
        let length = ffi::Py_ssize_t::try_from(memory.length)?;
        let readonly = c_int::from(memory.readonly);
        // SAFETY: the view is Python's. It takes a reference to this object, which keeps the memory
        // where it is for as long as the view lives; and it refuses writers where `readonly` says so.
        let filled = unsafe {
            ffi::PyBuffer_FillInfo(view, slf.as_ptr(), memory.start.cast(), length, readonly, flags)
        };
        if filled == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }

    fn __len__(&self) -> usize {
        self.length
    }
}

impl Memory {
    fn owned(mut buffer: Buffer) -> Self {
        let (start, length) = (buffer.as_mut_ptr(), buffer.len());
        // Moving the buffer does not move its bytes.
        Self { start, length, readonly: false, _owner: Owner::Buffer(buffer) }
    }

    fn mapped(map: &Arc<Mmap>, place: &Range<u64>) -> Result<Self> {
        let range = usize::try_from(place.start).ok().zip(usize::try_from(place.end).ok());
        let bytes = range.and_then(|(start, end)| map.get(start..end)).ok_or_else(|| {
            Raised::new(ErrorKind::CorruptFrame, "a segment lies beyond the end of its file; restore a copy")
        })?;
        // Read-only: the pointer is never written through.
        let start = bytes.as_ptr().cast_mut();
        Ok(Self { start, length: bytes.len(), readonly: true, _owner: Owner::Map(Arc::clone(map)) })
    }
}

/// Segments that were read, as objects.
pub fn objects(py: Python<'_>, buffers: Vec<Buffer>) -> Result<Vec<Bound<'_, PyAny>>> {
    buffers.into_iter().map(|buffer| Ok(Bound::new(py, Memory::owned(buffer))?.into_any())).collect()
}

/// Takes the segments out of a loaded value. Those that were not read are mapped into memory, and
/// checked if that is asked for.
pub fn take<'py>(py: Python<'py>, loaded: &mut Loaded, check: bool) -> Result<Vec<Bound<'py, PyAny>>> {
    match std::mem::replace(&mut loaded.segments, Segments::none()) {
        Segments::Read(buffers) => objects(py, buffers),
        Segments::Unread(Unread { file, places }) => {
            let map = Arc::new(map(&file)?);
            if check {
                py.detach(|| check_all(loaded, &map, &places))?;
            }
            let object = |place| Ok(Bound::new(py, Memory::mapped(&map, place)?)?.into_any());
            places.iter().map(object).collect()
        }
    }
}

fn map(file: &File) -> Result<Mmap> {
    // SAFETY: the file is a value's, which holdall never changes once it has its name: an overwrite is
    // another file. What another program does to it while it is mapped is told of in the
    // documentation: changed bytes are seen, and a file cut short ends the process.
    unsafe { MmapOptions::new().map(file) }.map_err(|error| {
        Error::io(error, "cannot map the value's file into memory; read it without mmap").into()
    })
}

fn check_all(loaded: &Loaded, map: &Mmap, places: &[Range<u64>]) -> holdall_types::Result<()> {
    let Some(table) = &loaded.header.table else { return Ok(()) };
    for (index, place) in places.iter().enumerate() {
        let range = usize::try_from(place.start).ok().zip(usize::try_from(place.end).ok());
        let bytes = range.and_then(|(start, end)| map.get(start..end)).unwrap_or_default();
        table.check_bytes(index, bytes)?;
    }
    Ok(())
}
