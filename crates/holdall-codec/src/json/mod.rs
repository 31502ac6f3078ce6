//! JSON (RFC 8259), exactly or not at all.

mod decode;
mod encode;
mod escape;
mod number;
mod text;

pub use decode::{DecodeError, decode};
pub use encode::{Inexact, encode};
pub use text::SyntaxError;
