//! From the tree to a payload.

use std::slice::Iter;

use holdall_codec::cbor::{Writer, tag};
use holdall_codec::json::{self, Inexact};
use holdall_codec::{Node, Source};

use crate::fault::Fault;
use crate::value::Value;

/// The value as JSON, or `None` if JSON does not hold it exactly.
pub(crate) fn json(value: &Value) -> Result<Option<Vec<u8>>, Fault> {
    let mut out = Vec::new();
    match json::encode(Look(value), &mut out) {
        Ok(()) => Ok(Some(out)),
        Err(Inexact::Value) => Ok(None),
        Err(Inexact::Memory(error)) => Err(error.into()),
    }
}

#[derive(Clone, Copy)]
struct Look<'a>(&'a Value);

type Pair = (Value, Value);

fn pair(pair: &Pair) -> (Option<&str>, Look<'_>) {
    match pair {
        (Value::Text(key), value) => (Some(key), Look(value)),
        (_, value) => (None, Look(value)),
    }
}

impl<'a> Source<'a> for Look<'a> {
    type List = std::iter::Map<Iter<'a, Value>, fn(&'a Value) -> Self>;
    type Map = std::iter::Map<Iter<'a, Pair>, fn(&'a Pair) -> (Option<&'a str>, Self)>;

    fn node(self) -> Node<'a, Self> {
        match self.0 {
            Value::Null => Node::Null,
            Value::Bool(value) => Node::Bool(*value),
            Value::Int(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => Node::Int(value),
                (_, Ok(value)) => Node::UInt(value),
                _ => Node::Other,
            },
            Value::Float(value) => Node::Float(*value),
            Value::Text(value) => Node::Str(value),
            Value::List(items) => Node::List(items.iter().map(Look as fn(&'a Value) -> Self)),
            Value::Map(pairs) => Node::Map(pairs.iter().map(pair as fn(&'a Pair) -> (Option<&'a str>, Self))),
            Value::UInt(_) | Value::Bytes(_) | Value::Tuple(_) | Value::Shared(_) | Value::Foreign(_) => {
                Node::Other
            }
        }
    }

    fn shared(self) -> Option<usize> {
        None // serde knows values, not references
    }
}

/// The value as CBOR.
pub(crate) fn cbor(value: &Value) -> Result<Vec<u8>, Fault> {
    let mut out = Writer::new(Vec::new());
    write(value, &mut out)?;
    Ok(out.finish()?)
}

fn write(value: &Value, out: &mut Writer<Vec<u8>>) -> Result<(), Fault> {
    match value {
        Value::Null => out.null()?,
        Value::Bool(value) => out.bool(*value)?,
        Value::Int(value) => int(*value < 0, if *value < 0 { !value } else { *value }.cast_unsigned(), out)?,
        Value::UInt(value) => int(false, *value, out)?,
        Value::Float(value) => out.float(*value)?,
        Value::Text(value) => out.text(value)?,
        Value::Bytes(value) => out.bytes(value)?,
        Value::List(items) => sequence(items, out)?,
        Value::Tuple(items) => {
            out.tag(tag::TUPLE)?;
            sequence(items, out)?;
        }
        Value::Map(pairs) => {
            out.map(pairs.len())?;
            for (key, value) in pairs {
                write(key, out)?;
                write(value, out)?;
            }
        }
        Value::Shared(value) => write(value, out)?,
        Value::Foreign(what) => {
            return Err(Fault::serialization(format!("{what} cannot be written from Rust")));
        }
    }
    Ok(())
}

fn sequence(items: &[Value], out: &mut Writer<Vec<u8>>) -> Result<(), Fault> {
    out.array(items.len())?;
    items.iter().try_for_each(|item| write(item, out))
}

fn int(negative: bool, magnitude: u128, out: &mut Writer<Vec<u8>>) -> Result<(), Fault> {
    let bytes = magnitude.to_be_bytes();
    let zeros = magnitude.leading_zeros() as usize / 8;
    Ok(out.big_int(negative, bytes.get(zeros..).unwrap_or_default())?)
}
