//! What a memoising workflow stands on.
//!
//! - [`digest`] is the grammar of fingerprints: how values of every kind are hashed so that two of them
//!   have one digest only if they are alike in type and content.
//! - [`entry`] is what is kept of a result: what is said of it, signed, and the frame of the value.
//! - [`shelf`] is where entries lie as files: written whole or not at all, one writer a key.

#![forbid(unsafe_code)]

pub mod digest;
pub mod entry;
pub mod shelf;
