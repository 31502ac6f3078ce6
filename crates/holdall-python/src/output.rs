//! A payload as it is written, on its way to become a bytes object.

use std::collections::TryReserveError;
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;

use holdall_codec::{Buffer, json};
use holdall_frame::Header;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::block;
use crate::copy::copy_short;

unsafe extern "C" {
    /// Private to PyO3, because it takes a reference and gives back another. Null and -1 with an error
    /// set when there is no memory: `ffi::compat`'s own writer tests for the wrong sign.
    fn _PyBytes_Resize(object: *mut *mut ffi::PyObject, size: ffi::Py_ssize_t) -> std::os::raw::c_int;
}

/// Where a payload begins: most are smaller, and need one allocation, of the size that they have.
pub type Room = [MaybeUninit<u8>; 1024];

/// A fresh room.
pub const fn room() -> Room {
    [MaybeUninit::uninit(); 1024]
}

/// How much is left free in front of a payload, for the header of a frame of which nothing else is to be
/// said.
const FRONT: usize = Header::PLAIN;

/// A growing run of bytes that are written without a check: first in a room on the stack, then in a
/// bytes object that nobody else has seen.
///
/// Nothing here checks that what is written was reserved, but in a debug build. That the writers do
/// reserve it is tested with a buffer that insists (`crates/holdall-codec/tests/json.rs`).
pub struct Output<'a, 'py> {
    py: Python<'py>,
    start: *mut u8,
    length: usize,
    capacity: usize,
    /// Null as long as the bytes stand in the room.
    object: *mut ffi::PyObject,
    room: &'a mut Room,
}

impl<'a, 'py> Output<'a, 'py> {
    pub fn new(py: Python<'py>, room: &'a mut Room) -> Self {
        let (start, capacity) = (room.as_mut_ptr().cast::<u8>(), room.len());
        Self { py, start, length: FRONT, capacity, object: ptr::null_mut(), room }
    }

    /// The end of the writing.
    pub fn finish(mut self) -> PyResult<Written<'py>> {
        let size = self.length as ffi::Py_ssize_t;
        // SAFETY: so many bytes were written, but for those in front, which were made zero here; the object is ours alone, and after the resize
        // either a new reference or null with an error set.
        unsafe {
            self.start.cast::<[u8; FRONT]>().write([0; FRONT]);
            let object = if self.object.is_null() {
                ffi::PyBytes_FromStringAndSize(self.start.cast(), size)
            } else {
                let mut object = std::mem::replace(&mut self.object, ptr::null_mut());
                if self.length != self.capacity {
                    _PyBytes_Resize(&mut object, size);
                }
                object
            };
            Ok(Written(Bound::from_owned_ptr_or_err(self.py, object)?.cast_into_unchecked()))
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, more: usize) -> Result<(), TryReserveError> {
        let wanted = self.length.checked_add(more).map(|least| least.max(self.capacity.saturating_mul(2)));
        let Some(size) = wanted.and_then(|size| ffi::Py_ssize_t::try_from(size).ok()) else {
            return Err(no_memory());
        };
        // SAFETY: the object is ours alone. Without memory the resize frees it, sets it to null and
        // sets an error, which is told by the result instead.
        unsafe {
            if self.object.is_null() {
                let object = ffi::PyBytes_FromStringAndSize(ptr::null(), size);
                if !object.is_null() {
                    let to = ffi::PyBytes_AS_STRING(object).cast::<u8>().cast_mut();
                    ptr::copy_nonoverlapping(self.start, to, self.length);
                }
                self.object = object;
            } else {
                _PyBytes_Resize(&mut self.object, size);
            }
            if self.object.is_null() {
                ffi::PyErr_Clear();
                // What was written is lost with the object; the room is still there.
                self.start = self.room.as_mut_ptr().cast();
                (self.length, self.capacity) = (FRONT, self.room.len());
                return Err(no_memory());
            }
            self.start = ffi::PyBytes_AS_STRING(self.object).cast::<u8>().cast_mut();
        }
        self.capacity = size as usize;
        Ok(())
    }

    /// # Safety
    /// `length` bytes at the end of what was written are reserved; they count as written from now on.
    #[inline(always)]
    unsafe fn end(&mut self, length: usize) -> *mut u8 {
        debug_assert!(self.capacity - self.length >= length, "written without a reservation");
        // SAFETY: within the allocation, says the caller.
        let end = unsafe { self.start.add(self.length) };
        self.length += length;
        end
    }
}

/// A payload in a bytes object that nobody else has, with the room in front of it.
pub struct Written<'py>(Bound<'py, PyBytes>);

impl<'py> Written<'py> {
    pub fn payload(&self) -> &[u8] {
        self.0.as_bytes().get(FRONT..).unwrap_or_default()
    }

    /// The payload behind its header.
    pub fn framed(self, head: [u8; FRONT]) -> Bound<'py, PyBytes> {
        // SAFETY: the object is ours alone, it has not been hashed, and its first bytes are the room.
        unsafe { ffi::PyBytes_AS_STRING(self.0.as_ptr()).cast::<[u8; FRONT]>().cast_mut().write(head) };
        self.0
    }
}

impl Drop for Output<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: ours, or null.
        unsafe { ffi::Py_XDECREF(self.object) };
    }
}

/// The standard library's error of a buffer that is too large: no other can be made.
fn no_memory() -> TryReserveError {
    match Vec::<u8>::new().try_reserve(usize::MAX) {
        Err(error) => error,
        Ok(()) => unreachable!("no address space holds usize::MAX bytes"),
    }
}

// SAFETY of every write below: the trait says that what is written must have been reserved.
impl Buffer for Output<'_, '_> {
    #[inline(always)]
    fn reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        if self.capacity - self.length < more { self.grow(more) } else { Ok(()) }
    }

    #[inline(always)]
    fn push(&mut self, byte: u8) {
        // SAFETY: reserved.
        unsafe { self.end(1).write(byte) };
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        // SAFETY: reserved.
        unsafe { self.end(N).cast::<[u8; N]>().write(bytes) };
    }

    #[inline(always)]
    fn short<const N: usize>(&mut self, bytes: [u8; N], length: usize, follow: u8) {
        // SAFETY: N and one more are reserved.
        unsafe {
            let start = self.start.add(self.length);
            start.cast::<[u8; N]>().write(bytes);
            start.add(length.min(N)).write(follow);
        }
        self.length += length.min(N) + 1;
    }

    #[inline(always)]
    fn extend(&mut self, bytes: &[u8]) {
        // SAFETY: reserved, and ours alone.
        unsafe { copy_short(bytes.as_ptr(), self.end(bytes.len()), bytes.len()) };
    }

    fn written(&self) -> &[u8] {
        // SAFETY: so many bytes were written behind the room in front.
        unsafe { slice::from_raw_parts(self.start.add(FRONT), self.length - FRONT) }
    }

    fn written_mut(&mut self) -> &mut [u8] {
        // SAFETY: so many bytes were written behind the room in front.
        unsafe { slice::from_raw_parts_mut(self.start.add(FRONT), self.length - FRONT) }
    }

    fn truncate(&mut self, length: usize) {
        self.length = self.length.min(FRONT + length);
    }

    #[inline(always)]
    fn float(&mut self, number: f64, follow: u8) {
        const { assert!(align_of::<zmij::Buffer>() == 1 && size_of::<zmij::Buffer>() <= 25) };
        // SAFETY: 25 bytes are reserved, and the buffer of the formatter is ours to place: it is
        // bytes without a meaning until it is written to.
        unsafe {
            let start = self.start.add(self.length);
            let place = start.cast::<zmij::Buffer>();
            place.write(zmij::Buffer::new());
            let text = (*place).format_finite(number);
            let (from, length) = (text.as_ptr(), text.len());
            // It writes from the front; nothing promises that.
            if from != start {
                ptr::copy(from, start, length);
            }
            start.add(length).write(follow);
            self.length += length + 1;
        }
    }

    #[inline(always)]
    fn quoted(&mut self, text: &str, follow: u8) -> Result<(), TryReserveError> {
        const BLOCK: usize = 16;
        let bytes = text.as_bytes();
        // The quotes, what follows, and the whole block that a few bytes are written by.
        self.reserve(bytes.len() + 3 + BLOCK)?;
        // SAFETY: within what is reserved, as is every write below.
        let start = unsafe { self.start.add(self.length) };
        // SAFETY: the text goes behind the quote, in blocks that reach over its end by one at most.
        let plain = unsafe {
            start.write(b'"');
            let to = start.add(1);
            let put = |at: usize, block: &[u8; BLOCK]| {
                to.add(at).cast::<[u8; BLOCK]>().write(*block);
                block::specials(*block) == 0
            };
            match bytes.last_chunk() {
                None => {
                    let block = block::short(bytes);
                    to.cast::<[u8; BLOCK]>().write(block);
                    block::specials(block) >> bytes.len() << bytes.len() == block::specials(block)
                }
                // The last block again covers what the others have left, and some of theirs.
                Some(last) => {
                    let (blocks, _) = bytes.as_chunks();
                    blocks.iter().enumerate().all(|(number, block)| put(number * BLOCK, block))
                        && put(bytes.len() - BLOCK, last)
                }
            }
        };
        if !plain {
            // Nothing counts as written yet.
            return json::write_string(text, follow, self);
        }
        // SAFETY: as above.
        unsafe { start.add(1 + bytes.len()).cast::<[u8; 2]>().write([b'"', follow]) };
        self.length += bytes.len() + 3;
        Ok(())
    }
}
