//! The items of CBOR, written.

use std::collections::TryReserveError;

use super::share::Shares;
use super::tag;
use crate::buffer::Buffer;

const UINT: u8 = 0 << 5;
const NEGATIVE: u8 = 1 << 5;
const BYTES: u8 = 2 << 5;
const TEXT: u8 = 3 << 5;
const ARRAY: u8 = 4 << 5;
const MAP: u8 = 5 << 5;
const TAG: u8 = 6 << 5;

const FALSE: u8 = 0xF4;
const TRUE: u8 = 0xF5;
const NULL: u8 = 0xF6;
const UNDEFINED: u8 = 0xF7;
const FLOAT64: u8 = 0xFB;

/// The longest head: one byte and a number of 64 bits.
const HEAD: usize = 9;

type Result = std::result::Result<(), TryReserveError>;

/// Writes items one after another. Every call fails only for want of memory.
#[derive(Debug)]
pub struct Writer<B> {
    out: B,
    shares: Shares,
}

impl<B: Buffer> Writer<B> {
    /// A writer that appends to a buffer.
    pub fn new(out: B) -> Self {
        Self { out, shares: Shares::default() }
    }

    /// The payload, with its marks and references to shared values in place.
    ///
    /// # Errors
    /// No memory.
    pub fn finish(self) -> std::result::Result<B, TryReserveError> {
        self.shares.settle(self.out)
    }

    /// Meets a container that more than one reference may lead to. If it was met before, a
    /// reference to it is written and the answer is `true`: there is nothing more to write.
    ///
    /// # Errors
    /// No memory.
    pub fn met(&mut self, identity: usize) -> std::result::Result<bool, TryReserveError> {
        self.shares.meet(identity, self.out.written().len())
    }

    #[inline]
    fn head(&mut self, major: u8, number: u64) {
        // Each arm is the shortest head that holds the number.
        if let Ok(byte) = u8::try_from(number) {
            if byte < 24 { self.out.push(major | byte) } else { self.out.array([major | 24, byte]) }
        } else if let Ok(short) = u16::try_from(number) {
            let [a, b] = short.to_be_bytes();
            self.out.array([major | 25, a, b]);
        } else if let Ok(word) = u32::try_from(number) {
            let [a, b, c, d] = word.to_be_bytes();
            self.out.array([major | 26, a, b, c, d]);
        } else {
            let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
            self.out.array([major | 27, a, b, c, d, e, f, g, h]);
        }
    }

    #[inline]
    fn headed(&mut self, major: u8, number: u64) -> Result {
        self.out.reserve(HEAD)?;
        self.head(major, number);
        Ok(())
    }

    fn simple(&mut self, byte: u8) -> Result {
        self.out.reserve(1)?;
        self.out.push(byte);
        Ok(())
    }

    /// A null.
    ///
    /// # Errors
    /// No memory, here and below.
    pub fn null(&mut self) -> Result {
        self.simple(NULL)
    }

    /// What stands for a field that is not set.
    ///
    /// # Errors
    /// No memory.
    pub fn undefined(&mut self) -> Result {
        self.simple(UNDEFINED)
    }

    /// A boolean.
    ///
    /// # Errors
    /// No memory.
    pub fn bool(&mut self, value: bool) -> Result {
        self.simple(if value { TRUE } else { FALSE })
    }

    /// An integer.
    ///
    /// # Errors
    /// No memory.
    pub fn int(&mut self, value: i64) -> Result {
        match u64::try_from(value) {
            Ok(number) => self.headed(UINT, number),
            Err(_) => self.headed(NEGATIVE, !value.cast_unsigned()),
        }
    }

    /// An integer without a sign.
    ///
    /// # Errors
    /// No memory.
    pub fn uint(&mut self, value: u64) -> Result {
        self.headed(UINT, value)
    }

    /// An integer of any length, as its sign and the big-endian bytes of n, or of -1 - n where it is
    /// negative. Without leading zero bytes.
    ///
    /// # Errors
    /// No memory.
    pub fn big_int(&mut self, negative: bool, magnitude: &[u8]) -> Result {
        if magnitude.len() <= 8 {
            let number = magnitude.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
            return self.headed(if negative { NEGATIVE } else { UINT }, number);
        }
        self.tag(if negative { tag::BIG_NEGATIVE } else { tag::BIG })?;
        self.bytes(magnitude)
    }

    /// A float, always in 64 bits: its bits come back, a NaN's too.
    ///
    /// # Errors
    /// No memory.
    pub fn float(&mut self, value: f64) -> Result {
        self.out.reserve(HEAD)?;
        let [a, b, c, d, e, f, g, h] = value.to_bits().to_be_bytes();
        self.out.array([FLOAT64, a, b, c, d, e, f, g, h]);
        Ok(())
    }

    /// A string.
    ///
    /// # Errors
    /// No memory.
    pub fn text(&mut self, value: &str) -> Result {
        self.out.reserve(HEAD + value.len())?;
        self.head(TEXT, value.len() as u64);
        self.out.extend(value.as_bytes());
        Ok(())
    }

    /// Bytes.
    ///
    /// # Errors
    /// No memory.
    pub fn bytes(&mut self, value: &[u8]) -> Result {
        self.out.reserve(HEAD + value.len())?;
        self.head(BYTES, value.len() as u64);
        self.out.extend(value);
        Ok(())
    }

    /// The front of an array of so many items.
    ///
    /// # Errors
    /// No memory.
    pub fn array(&mut self, length: usize) -> Result {
        self.headed(ARRAY, length as u64)
    }

    /// The front of a map of so many pairs.
    ///
    /// # Errors
    /// No memory.
    pub fn map(&mut self, length: usize) -> Result {
        self.headed(MAP, length as u64)
    }

    /// A tag for the item that comes next.
    ///
    /// # Errors
    /// No memory.
    pub fn tag(&mut self, number: u64) -> Result {
        self.headed(TAG, number)
    }

    /// A tag on the front of an array of so many items.
    ///
    /// # Errors
    /// No memory.
    pub fn tagged_array(&mut self, number: u64, length: usize) -> Result {
        self.out.reserve(2 * HEAD)?;
        self.head(TAG, number);
        self.head(ARRAY, length as u64);
        Ok(())
    }

    /// The front of a named object: its tag, and an array of the name and so many arguments.
    ///
    /// # Errors
    /// No memory.
    pub fn named(&mut self, name: &str, arguments: usize) -> Result {
        self.tagged_array(tag::NAMED, 1 + arguments)?;
        self.text(name)
    }

    /// Items that were written before.
    ///
    /// # Errors
    /// No memory.
    pub fn items(&mut self, written: &[u8]) -> Result {
        self.out.reserve(written.len())?;
        self.out.extend(written);
        Ok(())
    }
}
