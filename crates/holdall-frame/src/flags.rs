//! The bits of a header that say which fields follow, and which of them this version refuses.

use holdall_types::{Error, ErrorKind, Result};

pub(crate) const COMPRESSED: u8 = 0x01;
pub(crate) const SIGNED: u8 = 0x02;
pub(crate) const SEALED: u8 = 0x04;
pub(crate) const EXPIRY: u8 = 0x08;
pub(crate) const PYTHON: u8 = 0x10;
pub(crate) const SEGMENTS: u8 = 0x20;
pub(crate) const BOUND: u8 = 0x40;
/// A byte of further flags follows.
pub(crate) const MORE: u8 = 0x80;

/// In the byte of further flags.
pub(crate) const KEY: u8 = 0x01;

/// Laid out, so that today's frames need not change when they come, and refused until then.
const UNBUILT: [(u8, &str); 3] = [
    (COMPRESSED, "compression"),
    (SEALED | SEGMENTS, "sealed segments"),
    (BOUND, "a signature bound to its key"),
];

/// Refuses the flags, and flags together, that no code here reads yet, and a sealed frame that is
/// signed, too: that it opens says as much, and a header has one spelling.
#[inline]
pub(crate) fn check(flags: u8) -> Result<()> {
    if flags & (COMPRESSED | BOUND | SEALED) == 0 || flags & !(MORE | EXPIRY | PYTHON) == SEALED {
        Ok(())
    } else {
        Err(refused(flags))
    }
}

/// Refuses further flags that have no meaning yet, and a byte of them that says nothing: a header
/// has one spelling.
pub(crate) fn check_more(more: u8) -> Result<()> {
    match more {
        KEY => Ok(()),
        0 => Err(Error::new(
            ErrorKind::CorruptFrame,
            "the frame announces further flags and has none; write the value again",
        )),
        _ => Err(unsupported(&format!("further flags {more:#04x}"))),
    }
}

#[cold]
fn refused(flags: u8) -> Error {
    let parts: Vec<&str> =
        UNBUILT.iter().filter(|(bits, _)| flags & bits == *bits).map(|(_, name)| *name).collect();
    if parts.is_empty() {
        return Error::new(
            ErrorKind::CorruptFrame,
            "the frame is both sealed and signed, which none is; write the value again",
        );
    }
    unsupported(&parts.join(" and "))
}

/// The error for a frame with a part that this version does not read.
#[cold]
pub(crate) fn unsupported(part: &str) -> Error {
    Error::new(
        ErrorKind::UnsupportedVersion,
        format!(
            "the frame has {part}, which this holdall does not read; upgrade to the one that wrote it \
             (if none did, the frame is damaged)"
        ),
    )
}
