//! What serde can make of values that only Python tells apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use holdall_codec::cbor::tag;

use crate::value::Value;

pub(crate) const BIG: &str = "an integer of more than 128 bits, the most that Rust has; write it as a string";

const IPV4: u64 = 52;
const IPV6: u64 = 54;

/// An integer as its sign and the big-endian bytes of n, or of -1 - n where it is negative.
pub(crate) fn int(negative: bool, magnitude: &[u8]) -> Value {
    let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
    let significant = magnitude.get(zeros..).unwrap_or_default();
    if significant.len() > 16 {
        return Value::Foreign(BIG.into());
    }
    let number = significant.iter().fold(0, |number: u128, byte| number << 8 | u128::from(*byte));
    match (i128::try_from(number), negative) {
        (Ok(number), false) => Value::Int(number),
        (Ok(number), true) => Value::Int(!number),
        (Err(_), false) => Value::UInt(number),
        (Err(_), true) => Value::Foreign(BIG.into()),
    }
}

pub(crate) fn text(tag: u64, text: &str) -> Value {
    match tag {
        tag::DATE_TIME | tag::DATE => Value::Text(text.into()),
        _ => unknown(tag),
    }
}

pub(crate) fn bytes(tag: u64, bytes: &[u8]) -> Value {
    let text = match tag {
        tag::UUID => <[u8; 16]>::try_from(bytes).ok().map(uuid),
        IPV4 => <[u8; 4]>::try_from(bytes).ok().map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)).to_string()),
        IPV6 => <[u8; 16]>::try_from(bytes).ok().map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes)).to_string()),
        64..=87 => return numbers(tag, bytes).map_or_else(|| unknown(tag), Value::List),
        _ => None,
    };
    text.map_or_else(|| unknown(tag), Value::Text)
}

fn uuid(bytes: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// The numbers of a typed array (RFC 8746): the tag's bits are `010 f s e ll`, float, signed, little-endian
/// and the width. Floats of 16 and of 128 bits are not Rust's.
fn numbers(tag: u64, bytes: &[u8]) -> Option<Vec<Value>> {
    let (float, signed, little) = (tag & 0x10 != 0, tag & 0x08 != 0, tag & 0x04 != 0);
    let width = 1usize << (tag & 3) << usize::from(float);
    if tag == 76 || !bytes.len().is_multiple_of(width) {
        return None;
    }
    let number = |piece: &[u8]| {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        // Bytes of one are in no order: e says there whether sums are clamped.
        let bits = if little { piece.iter().rev().fold(0, join) } else { piece.iter().fold(0, join) };
        let unused = 64 - 8 * width as u32;
        Some(match (float, width) {
            (true, 4) => Value::Float(f32::from_bits(u32::try_from(bits).ok()?).into()),
            (true, 8) => Value::Float(f64::from_bits(bits)),
            (true, _) => return None,
            (false, _) if signed => Value::Int((bits.cast_signed() << unused >> unused).into()),
            (false, _) => Value::Int(bits.into()),
        })
    };
    // Before the pieces are looked at, so that an unsigned shift cannot overflow.
    if width > 8 { None } else { bytes.chunks_exact(width).map(number).collect() }
}

/// What a value means under a tag.
pub(crate) fn tagged(tag: u64, content: &Value) -> Value {
    match (tag, content) {
        (tag::DECIMAL, Value::List(parts)) => match parts.as_slice() {
            [Value::Int(exponent), Value::Int(mantissa)] => Value::Text(decimal(*exponent, *mantissa)),
            _ => unknown(tag),
        },
        _ => unknown(tag),
    }
}

/// With a point where that is short, as Python writes it; else with an exponent.
fn decimal(exponent: i128, mantissa: i128) -> String {
    let digits = mantissa.unsigned_abs().to_string();
    let sign = if mantissa < 0 { "-" } else { "" };
    match usize::try_from(-exponent) {
        Ok(0) => format!("{sign}{digits}"),
        Ok(places) if places <= digits.len() + 6 => {
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, part) = padded.split_at(padded.len() - places);
            format!("{sign}{whole}.{part}")
        }
        _ => format!("{sign}{digits}E{exponent:+}"),
    }
}

/// What a name with its arguments stands for.
pub(crate) fn named(parts: Vec<Value>) -> Value {
    let mut parts = parts.into_iter();
    let Some(Value::Text(name)) = parts.next() else {
        return Value::Foreign("a value without a name".into());
    };
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    match (name.as_str(), first, second, third) {
        ("bytearray", Some(value @ Value::Bytes(_)), None, None)
        | ("collections.OrderedDict" | "collections.Counter", Some(value @ Value::Map(_)), None, None)
        | ("collections.defaultdict", _, Some(value @ Value::Map(_)), None)
        | ("collections.deque", Some(value @ Value::List(_)), _, None)
        // Without a zone and a fold; what has them is a moment that the text alone would not tell.
        | ("datetime.datetime" | "datetime.time" | "decimal.Decimal", Some(value @ Value::Text(_)), None, None)
        | (
            "pathlib.PurePosixPath" | "pathlib.PureWindowsPath" | "pathlib.PosixPath" | "pathlib.WindowsPath",
            Some(value @ Value::Text(_)),
            None,
            None,
        ) => value,
        _ => Value::Foreign(format!("a {name}, which serde has no word for; write it as a str, number or list")),
    }
}

fn unknown(tag: u64) -> Value {
    let what = match tag {
        tag::DURATION => "a timedelta".to_owned(),
        tag::RATIONAL => "a Fraction".to_owned(),
        tag::WTF8 => "a str with lone surrogates".to_owned(),
        tag::COMPLEX => "a complex number".to_owned(),
        40 | 1040 => "an array of several dimensions".to_owned(),
        IPV4 | IPV6 => "an IP network or interface".to_owned(),
        _ => format!("a value under the CBOR tag {tag}"),
    };
    Value::Foreign(format!("{what}, which serde has no word for; write it as a str, number or list"))
}
