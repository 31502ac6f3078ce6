//! Copies of a few bytes, which a call would cost more than.

use std::ptr;

/// Copies bytes, quickly if they are 32 at most: two copies of a fixed size that may overlap.
///
/// # Safety
/// `from` can be read and `to` written for `length` bytes, and they do not overlap.
#[inline(always)]
pub unsafe fn copy_short(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: each branch reads and writes at most the first and last bytes of the `length`.
    unsafe {
        match length {
            0 => {}
            1..4 => {
                // The first, the middle and the last byte are all there are.
                let (a, b, c) = (*from, *from.add(length / 2), *from.add(length - 1));
                *to = a;
                *to.add(length / 2) = b;
                *to.add(length - 1) = c;
            }
            4..8 => ends::<4>(from, to, length),
            8..16 => ends::<8>(from, to, length),
            16..=32 => ends::<16>(from, to, length),
            _ => ptr::copy_nonoverlapping(from, to, length),
        }
    }
}

/// # Safety
/// As [`copy_short`], and `length` is from N to 2 N.
#[inline(always)]
unsafe fn ends<const N: usize>(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: the first and the last N bytes are within the length.
    unsafe {
        let first = from.cast::<[u8; N]>().read();
        let last = from.add(length - N).cast::<[u8; N]>().read();
        to.cast::<[u8; N]>().write(first);
        to.add(length - N).cast::<[u8; N]>().write(last);
    }
}
