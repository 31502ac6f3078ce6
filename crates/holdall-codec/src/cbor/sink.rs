//! What values are built with.

use std::collections::TryReserveError;

/// A container that may be referred to before it is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// A list.
    List,
    /// A map.
    Map,
    /// A tuple of so many items.
    Tuple(usize),
    /// A set.
    Set,
    /// An instance of the n-th class that was defined.
    Object(usize),
    /// A named object: its name is the last value that was put.
    Named,
}

/// A builder in postfix order: each call puts one value on a stack, and containers take what belongs
/// to them back from it. What was built so far is dropped with the sink when an error ends the
/// reading.
///
/// Every call fails with the sink's own error: content that its tag does not take, no memory.
#[expect(missing_docs, reason = "one a kind of item: the names say it; the others are described")]
#[expect(clippy::missing_errors_doc, reason = "described once, above")]
pub trait Sink {
    /// Why a value could not be built.
    type Error: From<TryReserveError>;

    fn null(&mut self) -> Result<(), Self::Error>;
    fn undefined(&mut self) -> Result<(), Self::Error>;
    fn bool(&mut self, value: bool) -> Result<(), Self::Error>;
    fn int(&mut self, value: i64) -> Result<(), Self::Error>;

    /// An integer as its sign and the big-endian bytes of n, or of -1 - n where it is negative.
    fn big_int(&mut self, negative: bool, magnitude: &[u8]) -> Result<(), Self::Error>;

    fn float(&mut self, value: f64) -> Result<(), Self::Error>;
    fn text(&mut self, value: &str) -> Result<(), Self::Error>;
    fn bytes(&mut self, value: &[u8]) -> Result<(), Self::Error>;

    /// The text that is the key of the pair whose value comes next.
    fn key(&mut self, value: &str) -> Result<(), Self::Error>;

    /// Makes the last value the key of the pair whose value comes next.
    fn as_key(&mut self) -> Result<(), Self::Error>;

    /// Takes the last so many values and puts a list of them; likewise below.
    fn list(&mut self, length: usize) -> Result<(), Self::Error>;
    fn tuple(&mut self, length: usize) -> Result<(), Self::Error>;
    fn set(&mut self, length: usize) -> Result<(), Self::Error>;
    fn frozenset(&mut self, length: usize) -> Result<(), Self::Error>;

    /// Takes the last so many keys with their values. Of equal keys the last one counts.
    fn map(&mut self, length: usize) -> Result<(), Self::Error>;

    /// Takes a name and its arguments, so many values together, and puts what they make.
    fn named(&mut self, length: usize) -> Result<(), Self::Error>;

    /// Puts what a name with one text makes, if that is quicker than by [`named`](Sink::named); says
    /// whether it was.
    fn named_text(&mut self, name: &str, text: &str) -> Result<bool, Self::Error> {
        let _ = (name, text);
        Ok(false)
    }

    /// Whether the bytes of a definition are those of a class that the sink knows already; then the next
    /// number is its, and the definition is not read.
    fn known_class(&mut self, definition: &[u8]) -> Result<bool, Self::Error> {
        let _ = definition;
        Ok(false)
    }

    /// Takes the last value, which defines a class: the next number is its.
    fn define(&mut self) -> Result<(), Self::Error>;

    /// Takes the last so many values and puts an instance of the class with this number.
    fn object(&mut self, class: usize, length: usize) -> Result<(), Self::Error>;

    /// Puts what text or bytes mean under a tag.
    fn tagged_text(&mut self, tag: u64, value: &str) -> Result<(), Self::Error>;
    fn tagged_bytes(&mut self, tag: u64, value: &[u8]) -> Result<(), Self::Error>;

    /// Replaces the last value by what it means under a tag.
    fn tagged(&mut self, tag: u64) -> Result<(), Self::Error>;

    /// A value with the next number begins, to which references will lead.
    fn share(&mut self) -> Result<(), Self::Error>;

    /// The value with this number is a container that begins now: references may come before its
    /// end.
    fn shell(&mut self, number: usize, shell: Shell) -> Result<(), Self::Error>;

    /// The container that ends with the next call is the one with this number: it must be the
    /// object that references already lead to.
    fn fill(&mut self, number: usize);

    /// The last value is the one with this number, complete.
    fn shared(&mut self, number: usize) -> Result<(), Self::Error>;

    /// Puts the value with this number.
    fn reference(&mut self, number: usize) -> Result<(), Self::Error>;
}
