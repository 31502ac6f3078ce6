//! From the tree to a Rust value.

use std::slice::Iter;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::fault::Fault;
use crate::value::Value;

type Result<T> = std::result::Result<T, Fault>;

/// The Rust value of a tree.
pub(crate) fn value<T: DeserializeOwned>(tree: &Value) -> Result<T> {
    T::deserialize(Tree(tree))
}

#[derive(Clone, Copy)]
struct Tree<'de>(&'de Value);

impl<'de> Tree<'de> {
    fn plain(self) -> &'de Value {
        match self.0 {
            Value::Shared(value) => Tree(value).plain(),
            value => value,
        }
    }
}

impl<'de> Deserializer<'de> for Tree<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.plain() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => visitor.visit_i64(value),
                (_, Ok(value)) => visitor.visit_u64(value),
                _ => visitor.visit_i128(*value),
            },
            Value::UInt(value) => visitor.visit_u128(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(value) => visitor.visit_borrowed_str(value),
            Value::Bytes(value) => visitor.visit_borrowed_bytes(value),
            Value::List(items) | Value::Tuple(items) => sequence(items, visitor),
            Value::Map(pairs) => map(pairs, false, visitor),
            Value::Foreign(what) => Err(Fault::serialization(format!("this is {what}"))),
            Value::Shared(_) => Err(Fault::serialization("a reference to a reference")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.plain() {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.plain() {
            Value::Map(pairs) => map(pairs, true, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    /// A variant is its name, or a map of its name and what it holds.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.plain() {
            value @ Value::Text(_) => visitor.visit_enum(Variant { name: value, content: None }),
            Value::Map(pairs) => match pairs.as_slice() {
                [(name, content)] => visitor.visit_enum(Variant { name, content: Some(content) }),
                _ => Err(Fault::custom("a variant of an enum is its name, or a map with its name alone")),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    /// Whatever it is: also what serde has no word for.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

fn sequence<'de, V: Visitor<'de>>(items: &'de [Value], visitor: V) -> Result<V::Value> {
    let mut items = Items { items: items.iter(), done: 0, length: items.len() };
    let value = visitor.visit_seq(&mut items)?;
    match items.items.len() {
        0 => Ok(value),
        left => Err(Fault::custom(format!("{left} of the {} items are too many", items.length))),
    }
}

struct Items<'de> {
    items: Iter<'de, Value>,
    done: usize,
    length: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.done;
        self.done += 1;
        seed.deserialize(Tree(item)).map(Some).map_err(|fault| fault.at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

fn map<'de, V: Visitor<'de>>(pairs: &'de [(Value, Value)], fields: bool, visitor: V) -> Result<V::Value> {
    visitor.visit_map(Pairs { pairs: pairs.iter(), fields, value: None })
}

struct Pairs<'de> {
    pairs: Iter<'de, (Value, Value)>,
    /// Whether the keys are a struct's fields, to be shown as such.
    fields: bool,
    value: Option<(&'de Value, &'de Value)>,
}

impl<'de> MapAccess<'de> for Pairs<'de> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some((key, value)) = self.pairs.next() else { return Ok(None) };
        self.value = Some((key, value));
        seed.deserialize(Tree(key)).map(Some).map_err(|fault| fault.at_key(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let (key, value) = self.value.take().ok_or_else(|| Fault::custom("a value without its key"))?;
        seed.deserialize(Tree(value)).map_err(|fault| match key {
            Value::Text(name) if self.fields => fault.at_field(name),
            key => fault.at_key(key),
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.pairs.len())
    }
}

struct Variant<'de> {
    name: &'de Value,
    content: Option<&'de Value>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        Ok((seed.deserialize(Tree(self.name))?, self))
    }
}

impl<'de> Variant<'de> {
    fn held<T>(&self, read: impl FnOnce(&'de Value) -> Result<T>, expected: &str) -> Result<T> {
        match self.content {
            Some(content) => read(content).map_err(|fault| match self.name {
                Value::Text(name) => fault.at_field(name),
                key => fault.at_key(key),
            }),
            None => Err(Fault::invalid_type(Unexpected::UnitVariant, &expected)),
        }
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<()> {
        match self.content {
            None => Ok(()),
            Some(content) => de::Deserialize::deserialize(Tree(content)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        self.held(|content| seed.deserialize(Tree(content)), "a variant that holds a value")
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value> {
        self.held(|content| Tree(content).deserialize_any(visitor), "a variant that holds values")
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.held(
            |content| Tree(content).deserialize_struct("", fields, visitor),
            "a variant that has fields",
        )
    }
}
