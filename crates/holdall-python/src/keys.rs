//! Dict keys met lately.
//!
//! Records of one shape share their key strings, already hashed. A hit compares the bytes, so two keys
//! of one hash stay two keys; the hash is seeded, so nobody can aim at one slot from outside.

use std::cell::UnsafeCell;
use std::hash::{BuildHasher, RandomState};
use std::ptr;
use std::sync::OnceLock;

use pyo3::ffi;

use crate::utf8;

const SLOTS: usize = 1024;
const LONGEST: usize = 64;

#[derive(Clone, Copy)]
struct Slot {
    hash: u64,
    key: *mut ffi::PyObject,
}

struct Cache(UnsafeCell<[Slot; SLOTS]>);

// SAFETY: a slot is touched only while the GIL is held, and never across a call that runs Python code.
unsafe impl Sync for Cache {}

static CACHE: Cache = Cache(UnsafeCell::new([Slot { hash: 0, key: ptr::null_mut() }; SLOTS]));

/// A str of this text, a new reference: one that was made before, if it is still known. Null with an
/// error set when there is no memory.
///
/// # Safety
/// The GIL is held; `ascii` says whether the text is.
#[inline(always)]
pub unsafe fn get(text: &str, ascii: bool) -> *mut ffi::PyObject {
    if text.len() < 2 || text.len() > LONGEST {
        // SAFETY: as the caller says.
        return unsafe { utf8::new(text, ascii) };
    }
    let hash = hash(text.as_bytes());
    // SAFETY: the slot is inside the table, and nobody else uses it: the GIL is held.
    let slot = unsafe { CACHE.0.get().cast::<Slot>().add(hash as usize % SLOTS) };
    // SAFETY: a key in a slot is a str, to which the slot holds a reference.
    unsafe {
        let Slot { hash: known, key } = slot.read();
        if known == hash && !key.is_null() && utf8::of(key).is_some_and(|key| key == text) {
            ffi::Py_INCREF(key);
            return key;
        }
        // SAFETY: making and freeing a str runs no Python code.
        let key = utf8::new(text, ascii);
        if !key.is_null() {
            ffi::Py_INCREF(key);
            let former = ptr::replace(slot, Slot { hash, key });
            ffi::Py_XDECREF(former.key);
        }
        key
    }
}

fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| RandomState::new().hash_one(0))
}

/// Eight bytes at a time, the last ones once more where they do not fill eight.
#[inline(always)]
fn hash(bytes: &[u8]) -> u64 {
    let mut hash = seed() ^ bytes.len() as u64;
    let mut mix = |word: u64| {
        let product = u128::from(hash ^ word) * 0x9E37_79B9_7F4A_7C15;
        hash = product as u64 ^ (product >> 64) as u64;
    };
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(_), Some(last)) => {
            for word in bytes.as_chunks::<8>().0 {
                mix(u64::from_le_bytes(*word));
            }
            mix(u64::from_le_bytes(*last));
        }
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                mix(u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)));
            }
            _ => mix(bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
        },
    }
    hash
}
