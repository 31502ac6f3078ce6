//! A value that can be written as CBOR.

use std::collections::TryReserveError;

use super::writer::Writer;
use crate::buffer::Buffer;

/// What the value tree is walked with. The walk itself, its stack and its limits are
/// [`encode`](super::encode)'s.
pub trait Source {
    /// One value, borrowed from the container that holds it.
    type Value;
    /// A container that was begun, and how far it has come. It keeps what it walks alive.
    type Open;
    /// Why a value is not written: it is none of CBOR's, it changed meanwhile, no memory.
    type Error: From<TryReserveError>;

    /// Writes a scalar whole, or the front of a container, which it puts on the stack.
    ///
    /// # Errors
    /// The source's own.
    fn write<B: Buffer>(
        &mut self,
        value: Self::Value,
        stack: &mut Vec<Self::Open>,
        out: &mut Writer<B>,
    ) -> Result<(), Self::Error>;

    /// The next value inside a container: items in order, keys and values in turn. `None` at the end.
    ///
    /// # Errors
    /// The source's own: a container that is not what its front said.
    fn next(&mut self, open: &mut Self::Open) -> Result<Option<Self::Value>, Self::Error>;

    /// The error for a value nested deeper than [`MAX_DEPTH`](holdall_types::limits::MAX_DEPTH).
    fn too_deep(&self) -> Self::Error;
}
