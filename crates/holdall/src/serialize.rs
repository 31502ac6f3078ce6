//! From a Rust value to the tree.

use std::collections::HashSet;

use serde::ser::{self, Serialize};

use crate::MAX_DEPTH;
use crate::fault::Fault;
use crate::value::Value;

type Result<T = Value> = std::result::Result<T, Fault>;

/// The tree of a value.
pub(crate) fn tree<T: Serialize + ?Sized>(value: &T) -> Result {
    value.serialize(Tree { depth: 0, key: false })
}

/// What a length says may be wrong or huge: room for more is made when more comes.
const MOST_ROOM: usize = 4096;

#[derive(Clone, Copy)]
struct Tree {
    depth: usize,
    /// Whether this is a key, or inside of one.
    key: bool,
}

impl Tree {
    fn inside(self) -> Result<Self> {
        if self.depth >= MAX_DEPTH {
            return Err(Fault::too_deep());
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn items(self, length: Option<usize>, variant: Option<&'static str>) -> Result<Items> {
        // A variant is a map round its content.
        let outer = if variant.is_some() { self.inside_map()? } else { self };
        let items = Vec::with_capacity(length.unwrap_or(0).min(MOST_ROOM));
        Ok(Items { inner: outer.inside()?, items, variant })
    }

    fn pairs(self, length: Option<usize>, variant: Option<&'static str>) -> Result<Pairs> {
        let outer = if variant.is_some() { self.inside_map()? } else { self };
        let pairs = Vec::with_capacity(length.unwrap_or(0).min(MOST_ROOM));
        Ok(Pairs { inner: outer.inside_map()?, pairs, key: None, variant })
    }

    fn inside_map(self) -> Result<Self> {
        if self.key {
            let reason =
                "a map or a struct in a key, and Python's dicts take no such key; use a list of pairs";
            return Err(Fault::serialization(reason));
        }
        self.inside()
    }
}

fn under(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        None => value,
        Some(name) => Value::Map(vec![(Value::Text(name.into()), value)]),
    }
}

impl ser::Serializer for Tree {
    type Ok = Value;
    type Error = Fault;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Pairs;
    type SerializeStruct = Pairs;
    type SerializeStructVariant = Pairs;

    fn serialize_bool(self, value: bool) -> Result {
        Ok(Value::Bool(value))
    }
    fn serialize_i8(self, value: i8) -> Result {
        Ok(Value::Int(value.into()))
    }
    fn serialize_i16(self, value: i16) -> Result {
        Ok(Value::Int(value.into()))
    }
    fn serialize_i32(self, value: i32) -> Result {
        Ok(Value::Int(value.into()))
    }
    fn serialize_i64(self, value: i64) -> Result {
        Ok(Value::Int(value.into()))
    }
    fn serialize_i128(self, value: i128) -> Result {
        Ok(Value::Int(value))
    }
    fn serialize_u8(self, value: u8) -> Result {
        Ok(Value::Int(value.into()))
    }
    fn serialize_u16(self, value: u16) -> Result {
        Ok(Value::Int(value.into()))
    }
    fn serialize_u32(self, value: u32) -> Result {
        Ok(Value::Int(value.into()))
    }
    fn serialize_u64(self, value: u64) -> Result {
        Ok(Value::Int(value.into()))
    }
    fn serialize_u128(self, value: u128) -> Result {
        Ok(i128::try_from(value).map_or(Value::UInt(value), Value::Int))
    }
    fn serialize_f32(self, value: f32) -> Result {
        Ok(Value::Float(value.into()))
    }
    fn serialize_f64(self, value: f64) -> Result {
        Ok(Value::Float(value))
    }
    fn serialize_char(self, value: char) -> Result {
        Ok(Value::Text(value.into()))
    }
    fn serialize_str(self, value: &str) -> Result {
        Ok(Value::Text(value.into()))
    }
    fn serialize_bytes(self, value: &[u8]) -> Result {
        Ok(Value::Bytes(value.into()))
    }
    fn serialize_none(self) -> Result {
        Ok(Value::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result {
        Ok(Value::Null)
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Result {
        Ok(Value::Null)
    }
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result {
        Ok(Value::Text(variant.into()))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result {
        let inner = value.serialize(self.inside_map()?).map_err(|fault| fault.at_field(variant))?;
        Ok(under(Some(variant), inner))
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Items> {
        self.items(length, None)
    }
    fn serialize_tuple(self, length: usize) -> Result<Items> {
        self.items(Some(length), None)
    }
    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<Items> {
        self.items(Some(length), None)
    }
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items> {
        self.items(Some(length), Some(variant))
    }
    fn serialize_map(self, length: Option<usize>) -> Result<Pairs> {
        self.pairs(length, None)
    }
    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Pairs> {
        self.pairs(Some(length), None)
    }
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Pairs> {
        self.pairs(Some(length), Some(variant))
    }
}

/// A sequence that grows. A tuple is one too: serde writes an array by the same calls, and Rust reads
/// both from the same list.
struct Items {
    inner: Tree,
    items: Vec<Value>,
    variant: Option<&'static str>,
}

impl Items {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let item = value.serialize(self.inner).map_err(|fault| {
            let fault = fault.at_index(self.items.len());
            match self.variant {
                None => fault,
                Some(variant) => fault.at_field(variant),
            }
        })?;
        self.items.push(item);
        Ok(())
    }

    fn done(self) -> Value {
        let sequence = if self.inner.key { Value::Tuple } else { Value::List };
        under(self.variant, sequence(self.items))
    }
}

impl ser::SerializeSeq for Items {
    type Ok = Value;
    type Error = Fault;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }
    fn end(self) -> Result {
        Ok(self.done())
    }
}

impl ser::SerializeTuple for Items {
    type Ok = Value;
    type Error = Fault;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }
    fn end(self) -> Result {
        Ok(self.done())
    }
}

impl ser::SerializeTupleStruct for Items {
    type Ok = Value;
    type Error = Fault;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }
    fn end(self) -> Result {
        Ok(self.done())
    }
}

impl ser::SerializeTupleVariant for Items {
    type Ok = Value;
    type Error = Fault;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }
    fn end(self) -> Result {
        Ok(self.done())
    }
}

/// A map that grows.
struct Pairs {
    inner: Tree,
    pairs: Vec<(Value, Value)>,
    key: Option<Value>,
    variant: Option<&'static str>,
}

impl Pairs {
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        let value = value.serialize(self.inner).map_err(|fault| {
            let fault = fault.at_field(name);
            match self.variant {
                None => fault,
                Some(variant) => fault.at_field(variant),
            }
        })?;
        self.pairs.push((Value::Text(name.into()), value));
        Ok(())
    }

    fn done(self) -> Value {
        under(self.variant, Value::Map(self.pairs))
    }
}

impl ser::SerializeMap for Pairs {
    type Ok = Value;
    type Error = Fault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key = Some(key.serialize(Tree { key: true, ..self.inner })?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take().ok_or_else(|| Fault::serialization("a value without its key"))?;
        match value.serialize(self.inner) {
            Ok(value) => self.pairs.push((key, value)),
            Err(fault) => return Err(fault.at_key(&key)),
        }
        Ok(())
    }

    /// A map of serde's may have a key twice (`flatten` makes such), and a reader would see one of them.
    fn end(self) -> Result {
        let mut names = HashSet::with_capacity(self.pairs.len());
        let mut numbers = HashSet::new();
        let twice = self.pairs.iter().find(|(key, _)| match key {
            Value::Text(name) => !names.insert(name.as_str()),
            Value::Int(number) => !numbers.insert(*number),
            _ => false,
        });
        if let Some((key, _)) = twice {
            let reason = "this key stands in its map twice, and one of the values would be lost; rename one";
            return Err(Fault::serialization(reason).at_key(key));
        }
        Ok(self.done())
    }
}

impl ser::SerializeStruct for Pairs {
    type Ok = Value;
    type Error = Fault;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        self.field(name, value)
    }
    fn end(self) -> Result {
        Ok(self.done())
    }
}

impl ser::SerializeStructVariant for Pairs {
    type Ok = Value;
    type Error = Fault;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        self.field(name, value)
    }
    fn end(self) -> Result {
        Ok(self.done())
    }
}
