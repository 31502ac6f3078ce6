//! Where a payload is written.

use std::collections::TryReserveError;

use crate::json;

/// A growing run of bytes. What is written must have been reserved: the safe implementation, `Vec`,
/// only loses time without a reservation, the binding's fast one relies on it.
pub trait Buffer {
    /// Makes room for `more` bytes.
    ///
    /// # Errors
    /// No memory.
    fn reserve(&mut self, more: usize) -> Result<(), TryReserveError>;

    /// Appends one byte.
    fn push(&mut self, byte: u8);

    /// Appends a run whose length is known when the code is compiled.
    fn array<const N: usize>(&mut self, bytes: [u8; N]);

    /// Appends the first `length` of `N` bytes and the byte that follows them. Room for `N` + 1 must have
    /// been reserved: what is short is written quickest by one store of a fixed size.
    fn short<const N: usize>(&mut self, bytes: [u8; N], length: usize, follow: u8) {
        self.extend(bytes.get(..length).unwrap_or(&bytes));
        self.push(follow);
    }

    /// Appends a run.
    fn extend(&mut self, bytes: &[u8]);

    /// Appends the shortest text of a finite float and the byte that follows it: 25 bytes at most.
    fn float(&mut self, number: f64, follow: u8) {
        self.extend(zmij::Buffer::new().format_finite(number).as_bytes());
        self.push(follow);
    }

    /// Appends a JSON string and the byte that follows it, and reserves what that takes.
    ///
    /// # Errors
    /// No memory.
    fn quoted(&mut self, text: &str, follow: u8) -> Result<(), TryReserveError>
    where
        Self: Sized,
    {
        json::write_string(text, follow, self)
    }

    /// What was written so far.
    fn written(&self) -> &[u8];

    /// What was written so far, to be changed in place.
    fn written_mut(&mut self) -> &mut [u8];

    /// Forgets all but the first `length` bytes.
    fn truncate(&mut self, length: usize);
}

impl Buffer for Vec<u8> {
    fn reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        self.try_reserve(more)
    }

    fn push(&mut self, byte: u8) {
        self.push(byte);
    }

    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.extend_from_slice(&bytes);
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn written(&self) -> &[u8] {
        self
    }

    fn written_mut(&mut self) -> &mut [u8] {
        self
    }

    fn truncate(&mut self, length: usize) {
        self.truncate(length);
    }
}
