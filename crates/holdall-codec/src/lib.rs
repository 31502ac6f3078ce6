//! Value to payload and back, over any value tree.
//!
//! [`Source`] is a value that can be looked into; [`json::encode`] writes one as JSON if JSON holds
//! it exactly. [`Sink`] builds values; [`json::decode`] reads strict JSON into one. Both go by an
//! explicit stack, so no depth of nesting ends in a crash, and both are generic: the binding's
//! Python objects are compiled straight into them.
//!
//! The `pickle` codec is Python's own and lives in the binding; `text` and `raw` need no code.
#![forbid(unsafe_code)]

mod buffer;
pub mod cbor;
pub mod json;
mod seen;
mod sink;
mod source;
mod stack;

pub use buffer::Buffer;
pub use sink::Sink;
pub use source::{Node, Source};
