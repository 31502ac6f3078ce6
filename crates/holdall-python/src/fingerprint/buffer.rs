//! The memory of an object, hashed where it is.

use holdall_flow::digest::{Stream, Tag};
use holdall_types::ErrorKind;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::prelude::*;

use crate::error::{Raised, Result};

/// From here on other threads may run meanwhile.
const LONG: usize = 128 * 1024;

/// How much is copied at a time: it stays in the processor's cache.
const PIECE: usize = 64 * 1024;

/// After so many bytes Ctrl-C is looked for.
const PAUSE: usize = 256 * 1024 * 1024;

/// The whole memory of an object as one value.
pub fn stream(tag: Tag, object: &Bound<'_, PyAny>) -> Result<Stream> {
    let buffer = PyUntypedBuffer::get(object)?;
    let mut stream = Stream::new(tag, buffer.len_bytes());
    feed(object.py(), &mut stream, &buffer)?;
    Ok(stream)
}

/// Adds the memory of a contiguous buffer to a value.
pub fn feed(py: Python<'_>, stream: &mut Stream, buffer: &PyUntypedBuffer) -> Result<()> {
    if !buffer.is_c_contiguous() {
        return Err(Raised::new(ErrorKind::Serialization, "memory with gaps; copy it first"));
    }
    let length = buffer.len_bytes();
    if length == 0 {
        return Ok(());
    }
    let start = buffer.buf_ptr().cast::<u8>().cast_const();
    if length < LONG {
        // SAFETY: the export is contiguous, `length` bytes long and held; whoever may write to it
        // needs the lock that this thread has.
        stream.update(unsafe { std::slice::from_raw_parts(start, length) });
        return Ok(());
    }
    let memory = Memory { start, length };
    for from in (0..length).step_by(PAUSE) {
        py.detach(|| memory.feed(stream, from..memory.length.min(from + PAUSE)));
        py.check_signals()?;
    }
    Ok(())
}

/// Memory that is held, and that others may write to.
struct Memory {
    start: *const u8,
    length: usize,
}

// SAFETY: it is only read from, and by copies.
unsafe impl Sync for Memory {}

impl Memory {
    fn feed(&self, stream: &mut Stream, range: std::ops::Range<usize>) {
        let mut piece = vec![0; PIECE];
        for from in range.clone().step_by(PIECE) {
            let count = PIECE.min(range.end - from);
            // SAFETY: within the export, which is held. Another thread may write there meanwhile:
            // whatever is found then are bytes, and only the copy is used.
            unsafe { std::ptr::copy_nonoverlapping(self.start.add(from), piece.as_mut_ptr(), count) };
            stream.update(piece.get(..count).unwrap_or_default());
        }
    }
}
