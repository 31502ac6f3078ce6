//! The heads of items, read.

/// What a head says. What is longer than the bytes that are left was refused already.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Head<'a> {
    /// An integer.
    UInt(u64),
    /// The number is -1 - n.
    Negative(u64),
    /// Bytes, all of them.
    Bytes(&'a [u8]),
    /// Text, all of it.
    Text(&'a str),
    /// `None` is a length that the end tells.
    Array(Option<usize>),
    /// Likewise; it counts pairs.
    Map(Option<usize>),
    /// A tag on the next item.
    Tag(u64),
    /// A boolean.
    Bool(bool),
    /// Null.
    Null,
    /// Undefined.
    Undefined,
    /// A float of any width.
    Float(f64),
    /// The end of what has no length.
    Break,
}

/// A place in the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What is wrong is told in words.
type Result<T> = std::result::Result<T, &'static str>;

const ENDS: &str = "the payload ends too early";

impl<'a> Reader<'a> {
    /// The start of bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// How many are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(length).ok_or(ENDS)?;
        let taken = self.bytes.get(self.at..end).ok_or(ENDS)?;
        self.at = end;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let rest = self.bytes.get(self.at..).ok_or(ENDS)?;
        let taken = rest.first_chunk::<N>().ok_or(ENDS)?;
        self.at += N;
        Ok(*taken)
    }

    /// The number behind a first byte; `None` is the sign of a length that the end tells.
    #[inline]
    fn number(&mut self, low: u8) -> Result<Option<u64>> {
        Ok(Some(match low {
            0..24 => u64::from(low),
            24 => u64::from(self.array::<1>()?[0]),
            25 => u64::from(u16::from_be_bytes(self.array()?)),
            26 => u64::from(u32::from_be_bytes(self.array()?)),
            27 => u64::from_be_bytes(self.array()?),
            31 => return Ok(None),
            _ => return Err("a head that means nothing"),
        }))
    }

    /// A length, which counts what takes at least `each` bytes.
    #[inline]
    fn length(&mut self, low: u8, each: usize) -> Result<Option<usize>> {
        let Some(number) = self.number(low)? else { return Ok(None) };
        let length = usize::try_from(number).map_err(|_| ENDS)?;
        if length.checked_mul(each).is_none_or(|needed| needed > self.left()) {
            return Err(ENDS);
        }
        Ok(Some(length))
    }

    #[inline]
    fn sized(&mut self, low: u8) -> Result<&'a [u8]> {
        let length =
            self.length(low, 1)?.ok_or("a string in pieces, which holdall neither writes nor reads")?;
        self.take(length)
    }

    fn counted(&mut self, low: u8) -> Result<u64> {
        self.number(low)?.ok_or("a head that means nothing")
    }

    /// Passes over the next item and gives its bytes; nothing if it is none of a few plain parts.
    pub fn skip(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        let mut items = 1usize;
        while items > 0 {
            items -= 1;
            items += match self.head().ok()? {
                Head::Array(length) => length?,
                Head::UInt(_) | Head::Text(_) | Head::Bytes(_) => 0,
                _ => return None,
            };
        }
        self.bytes.get(start..self.at)
    }

    /// The next head, and the text or the bytes that belong to it.
    ///
    /// # Errors
    /// What is wrong, in words, for bytes that are no CBOR.
    pub fn head(&mut self) -> Result<Head<'a>> {
        self.head_here()
    }

    /// The same, compiled into the one place where most heads are read: a head in registers is
    /// looked at in half the time of one in memory.
    #[inline(always)]
    pub(super) fn head_here(&mut self) -> Result<Head<'a>> {
        let [first] = self.array::<1>()?;
        if first < 24 {
            return Ok(Head::UInt(u64::from(first)));
        }
        let low = first & 0x1F;
        Ok(match first >> 5 {
            0 => Head::UInt(self.counted(low)?),
            1 => Head::Negative(self.counted(low)?),
            2 => Head::Bytes(self.sized(low)?),
            3 => {
                let bytes = self.sized(low)?;
                Head::Text(std::str::from_utf8(bytes).map_err(|_| "text that is not UTF-8")?)
            }
            4 => Head::Array(self.length(low, 1)?),
            5 => Head::Map(self.length(low, 2)?),
            6 => Head::Tag(self.counted(low)?),
            _ => match low {
                20 => Head::Bool(false),
                21 => Head::Bool(true),
                22 => Head::Null,
                23 => Head::Undefined,
                25 => Head::Float(half(u16::from_be_bytes(self.array()?))),
                26 => Head::Float(f64::from(f32::from_be_bytes(self.array()?))),
                27 => Head::Float(f64::from_be_bytes(self.array()?)),
                31 => Head::Break,
                _ => return Err("a simple value that means nothing"),
            },
        })
    }
}

/// A float of 16 bits (RFC 8949, appendix D): others write them.
fn half(bits: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1F), f64::from(bits & 0x3FF));
    let value = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { value } else { -value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3C00, 1.0),
            (0xC400, -4.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x7BFF, 65504.0),
            (0x7C00, f64::INFINITY),
        ] {
            assert_eq!(half(bits).to_bits(), f64::to_bits(value), "{bits:#x}");
        }
        assert!(half(0x7E00).is_nan());
    }
}
