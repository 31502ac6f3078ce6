//! holdall for Rust: values that implement serde's traits, as the frames that Python's `holdall`
//! writes and reads.
//!
//! [`to_vec`] and [`from_slice`] are `dumps` and `loads`; [`Values`] gives a [`Store`] the same
//! for its keys. What is written is chosen as Python's mode `auto` chooses: a string is `text`, a byte
//! string `raw`, what JSON holds exactly `json`, everything else `cbor`. All of it is passive: no
//! reader needs a key to open it.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Reading {
//!     sensor: String,
//!     celsius: f64,
//! }
//!
//! let reading = Reading { sensor: "roof".into(), celsius: f64::INFINITY };
//! let bytes = holdall::to_vec(&reading)?; // Python: loads(bytes) == {"sensor": "roof", "celsius": inf}
//! assert_eq!(holdall::from_slice::<Reading>(&bytes)?, reading);
//! # Ok::<(), holdall::Error>(())
//! ```
//!
//! What becomes of a Rust value: a struct is a dict, a sequence, a tuple and an array are a list,
//! `None` and `()` are `None`, an enum's variant is its name, or a dict of its name and what it holds.
//! serde takes a slice of `u8` for a list of numbers; `serde_bytes` makes bytes of it.
//!
//! What becomes of a Python value: a tuple, set, frozenset, deque or array of numbers is a sequence; a
//! datetime with UTC or an offset and a date are RFC 3339 text, a naive datetime that without the offset; a
//! Decimal, UUID, path or IP address is text. What serde has no word for (a complex number, an instance of
//! a class) is an error with its path if it is asked for, and no obstacle to reading the rest.
//!
//! Inside, `serialize` and `deserialize` stand between a value and a tree, `write` and `builder` between the
//! tree and a payload. The codecs, the frame and the store are the ones that Python uses.
//!
//! A store's TTL, conditions, locks and the rest are methods of [`Store`] itself.
#![forbid(unsafe_code)]

mod builder;
mod deserialize;
mod fault;
mod foreign;
mod payload;
mod serialize;
mod store;
mod value;
mod write;

pub use holdall_store::{Options, Store, Uri};
pub use holdall_types::{Codec, Error, ErrorKind, Key, Result};
pub use payload::{from_slice, to_vec};
pub use store::Values;

/// How deep values may be nested, in both directions. serde calls itself for every level, so a limit
/// must come before the end of the stack; half of a thread's 2 MiB are enough for this one. Python's
/// own limit is 10,000.
pub const MAX_DEPTH: usize = 500;
