//! The tree between serde and the codecs.

use std::rc::Rc;

/// What serde can say and a codec can write, and what a codec can read of the rest.
#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i128),
    /// Only what `Int` does not hold.
    UInt(u128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    /// A sequence where Python wants a value that can be hashed: in a key.
    Tuple(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// Met more than once. Never inside itself, so counting references frees it.
    Shared(Rc<Value>),
    /// A value that serde has no word for: what it is. An error only if it is asked for.
    Foreign(String),
}
