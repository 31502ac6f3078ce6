//! CBOR (RFC 8949) with tags for what its own types do not tell apart, drawn in `docs/format.md`.

mod decode;
mod encode;
mod reader;
mod share;
mod sink;
mod source;
pub mod tag;
pub mod time;
mod writer;

pub use decode::{DecodeError, Fault, Step, decode};
pub use encode::{Stopped, encode};
pub use sink::{Shell, Sink};
pub use source::{Source, Written};
pub use writer::Writer;
