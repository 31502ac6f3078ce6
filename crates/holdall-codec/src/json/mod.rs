//! JSON (RFC 8259), exactly or not at all.

mod decode;
mod digits;
mod encode;
mod escape;
mod float;
mod number;
mod string;
mod text;

pub use decode::{DecodeError, decode};
pub use encode::{Inexact, encode};
pub use escape::write_string;
pub use text::SyntaxError;
