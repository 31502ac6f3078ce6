//! Payload to frame and back: bytes in, bytes out, no I/O and no clock.
//!
//! A [`Frame`] is a [`Header`], a payload and sometimes segments, which a [`Table`] in the header
//! describes. [`Header::write`] gives the header's bytes for a
//! payload, so that a backend may keep them beside the payload instead of in front of it;
//! [`Frame::read`] takes both in one piece, [`Frame::read_parts`] apart, and both check every
//! byte. [`Frame::verify`] answers whether a key of the reader's [`Keyset`] signed the frame for
//! the [`Purpose`] and context at hand. [`Header::seal`] writes a payload that only holders of the key
//! can read, and [`Frame::open`] reads it. [`bare`] is the rule for bytes that have no header.
//!
//! The format is drawn byte by byte in `docs/format.md`. Its version is 0: not yet promised.
//!
//! ```
//! use holdall_frame::{Frame, Header, Keyset, Purpose, Signer};
//! use holdall_types::Codec;
//!
//! let keyset = Keyset::generate()?;
//! let signer = Signer { keyset: &keyset, purpose: Purpose::Value, context: b"" };
//! let mut bytes = Header::plain(Codec::Pickle).write(b"N.", Some(&signer))?;
//! bytes.extend_from_slice(b"N.");
//!
//! let frame = Frame::read(&bytes)?;
//! frame.verify(&signer)?;
//! assert_eq!(frame.payload, b"N.");
//!
//! let other = Signer { purpose: Purpose::Task, ..signer };
//! assert!(frame.verify(&other).is_err());
//! # Ok::<(), holdall_types::Error>(())
//! ```
#![forbid(unsafe_code)]

pub mod bare;
mod checksum;
mod cursor;
mod flags;
mod frame;
mod header;
mod keyset;
mod seal;
mod signature;
mod table;

pub use frame::Frame;
pub use header::Header;
pub use keyset::{KeyEntry, KeyId, Keyset};
pub use seal::{Seal, Sealed};
pub use signature::{Purpose, Signature, Signer};
pub use table::{ALIGNMENT, Entry, Hash, Hasher, Table};

/// What a frame begins with. `C1` is a byte that UTF-8 never uses, so that no text begins so.
pub const MAGIC: [u8; 2] = [0xC1, 0x48];

/// The newest version of the frame that this code reads, and the one it writes.
pub const VERSION: u8 = 0;
