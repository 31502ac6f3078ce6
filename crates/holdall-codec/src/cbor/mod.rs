//! CBOR (RFC 8949) with tags for what its own types do not tell apart, drawn in `docs/format.md`.

mod classes;
mod decode;
mod diagnostic;
mod encode;
mod reader;
mod share;
mod sink;
mod source;
pub mod tag;
pub mod time;
mod writer;

pub use classes::{Classes, classes};
pub use decode::{DecodeError, Fault, Step, decode};
pub use diagnostic::diagnostic;
pub use encode::{Stopped, encode};
pub use reader::{Head, Reader};
pub use sink::{Shell, Sink};
pub use source::Source;
pub use writer::Writer;
