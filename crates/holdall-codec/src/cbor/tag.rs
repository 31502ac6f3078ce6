//! The numbers of the tags, registered ones first.

/// RFC 8949: a moment as RFC 3339 text.
pub const DATE_TIME: u64 = 0;
/// RFC 8949: an integer that 64 bits do not hold, zero or more.
pub const BIG: u64 = 2;
/// RFC 8949: the same below zero; the bytes are -1 - n.
pub const BIG_NEGATIVE: u64 = 3;
/// RFC 8949: `[exponent, mantissa]`, to the base of ten.
pub const DECIMAL: u64 = 4;
/// `[name, arguments...]`: <http://cbor.schmorp.de/generic-object>.
pub const NAMED: u64 = 27;
/// A value that is referred to later: <http://cbor.schmorp.de/value-sharing>.
pub const SHARED: u64 = 28;
/// A reference to the n-th such value.
pub const REFERENCE: u64 = 29;
/// `[numerator, denominator]`: <http://peteroupc.github.io/CBOR/rational.html>.
pub const RATIONAL: u64 = 30;
/// A UUID's 16 bytes.
pub const UUID: u64 = 37;
/// A set: <https://github.com/input-output-hk/cbor-sets-spec>.
pub const SET: u64 = 258;
/// Text that is no UTF-8 because of lone surrogates, in WTF-8.
pub const WTF8: u64 = 273;
/// RFC 9581: a span of time, as a map.
pub const DURATION: u64 = 1002;
/// RFC 8943: a day as text.
pub const DATE: u64 = 1004;
/// `[real, imaginary]`.
pub const COMPLEX: u64 = 43000;

/// Ours: an array that cannot change, Python's tuple.
pub const TUPLE: u64 = 0xC148;
/// Ours: a set that cannot change.
pub const FROZENSET: u64 = 0xC149;
/// Ours: an instance of a class, `[definition or its number, values...]`.
pub const OBJECT: u64 = 0xC14A;
