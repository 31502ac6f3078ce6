//! The tree, built by the decoders.

use std::rc::Rc;

use holdall_codec::cbor::{self, Shell};
use holdall_codec::json;
use holdall_types::ErrorKind;

use crate::MAX_DEPTH;
use crate::fault::Fault;
use crate::foreign;
use crate::value::Value;

/// Serde has no references, so what is shared is read once for each of them. A few bytes can so become
/// any amount: this is the most, counting each value and each byte of text.
const MOST_REPEATED: usize = 1 << 28;

/// Values in postfix order, each with its depth.
#[derive(Default)]
pub(crate) struct Builder {
    values: Vec<(Value, usize)>,
    keys: Vec<(Value, usize)>,
    shares: Vec<Share>,
    /// What was built so far, with everything repeated that references repeat.
    size: usize,
}

struct Share {
    size: usize,
    depth: usize,
    /// None until the value is complete.
    value: Option<Rc<Value>>,
}

type Result<T = ()> = std::result::Result<T, Fault>;

impl Builder {
    /// The value of a JSON document.
    pub(crate) fn json(payload: &[u8]) -> Result<Value> {
        let mut builder = Self::default();
        json::decode(payload, &mut builder).map_err(|error| match error {
            json::DecodeError::Sink(fault) => fault,
            json::DecodeError::TooDeep => Fault::too_deep(),
            json::DecodeError::Memory(error) => error.into(),
            json::DecodeError::NotUtf8(error) => not_what_it_says("JSON", &error.to_string()),
            json::DecodeError::Syntax(error) => not_what_it_says("JSON", &error.to_string()),
        })?;
        builder.finish()
    }

    /// The value of a CBOR item.
    pub(crate) fn cbor(payload: &[u8]) -> Result<Value> {
        let mut builder = Self::default();
        cbor::decode(payload, &mut builder).map_err(|error| match error.fault {
            cbor::Fault::Sink(fault) => fault,
            cbor::Fault::TooDeep => Fault::too_deep(),
            cbor::Fault::Syntax(reason) => {
                not_what_it_says("CBOR", &format!("{reason}, at byte {}", error.offset))
            }
        })?;
        builder.finish()
    }

    fn finish(mut self) -> Result<Value> {
        self.values.pop().map(|(value, _)| value).ok_or_else(|| Fault::serialization("the payload is empty"))
    }

    fn put(&mut self, value: Value, depth: usize) -> Result {
        self.size = self.size.saturating_add(1).saturating_add(match &value {
            Value::Text(text) | Value::Foreign(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        });
        if depth > MAX_DEPTH {
            return Err(Fault::too_deep());
        }
        self.values.push((value, depth));
        Ok(())
    }

    /// The last so many values, and the depth of what they are put into.
    fn take(&mut self, length: usize) -> (Vec<Value>, usize) {
        let start = self.values.len().saturating_sub(length);
        let depth = self.values.iter().skip(start).map(|(_, depth)| *depth).max().unwrap_or(0);
        (self.values.drain(start..).map(|(value, _)| value).collect(), depth + 1)
    }

    fn sequence(&mut self, length: usize) -> Result {
        let (items, depth) = self.take(length);
        self.put(Value::List(items), depth)
    }

    fn pairs(&mut self, length: usize) -> Result {
        let start = self.keys.len().saturating_sub(length);
        let deepest = self.keys.iter().skip(start).map(|(_, depth)| depth + 1).max().unwrap_or(0);
        let (values, depth) = self.take(length);
        let keys = self.keys.drain(start..).map(|(key, _)| key);
        let pairs = keys.zip(values).collect();
        self.put(Value::Map(pairs), depth.max(deepest))
    }
}

fn not_what_it_says(codec: &str, reason: &str) -> Fault {
    Fault::serialization(format!("the payload is not {codec}: {reason}; write the value again"))
}

impl holdall_codec::Sink for Builder {
    type Error = Fault;

    fn null(&mut self) -> Result {
        self.put(Value::Null, 0)
    }
    fn bool(&mut self, value: bool) -> Result {
        self.put(Value::Bool(value), 0)
    }
    fn int(&mut self, value: i64) -> Result {
        self.put(Value::Int(value.into()), 0)
    }
    fn big_int(&mut self, digits: &str) -> Result {
        let value = match (digits.parse(), digits.parse()) {
            (Ok(value), _) => Value::Int(value),
            (_, Ok(value)) => Value::UInt(value),
            _ => Value::Foreign(foreign::BIG.into()),
        };
        self.put(value, 0)
    }
    fn float(&mut self, value: f64) -> Result {
        self.put(Value::Float(value), 0)
    }
    fn str(&mut self, value: &str, _ascii: bool) -> Result {
        self.put(Value::Text(value.into()), 0)
    }
    fn key(&mut self, value: &str, _ascii: bool) -> Result {
        self.size = self.size.saturating_add(value.len());
        self.keys.push((Value::Text(value.into()), 0));
        Ok(())
    }
    fn list(&mut self, length: usize) -> Result {
        self.sequence(length)
    }
    fn map(&mut self, length: usize) -> Result {
        self.pairs(length)
    }
}

impl cbor::Sink for Builder {
    type Error = Fault;

    fn null(&mut self) -> Result {
        self.put(Value::Null, 0)
    }
    fn undefined(&mut self) -> Result {
        self.put(Value::Foreign("a field that is not set".into()), 0)
    }
    fn bool(&mut self, value: bool) -> Result {
        self.put(Value::Bool(value), 0)
    }
    fn int(&mut self, value: i64) -> Result {
        self.put(Value::Int(value.into()), 0)
    }
    fn big_int(&mut self, negative: bool, magnitude: &[u8]) -> Result {
        self.put(foreign::int(negative, magnitude), 0)
    }
    fn float(&mut self, value: f64) -> Result {
        self.put(Value::Float(value), 0)
    }
    fn text(&mut self, value: &str) -> Result {
        self.put(Value::Text(value.into()), 0)
    }
    fn bytes(&mut self, value: &[u8]) -> Result {
        self.put(Value::Bytes(value.into()), 0)
    }
    fn key(&mut self, value: &str) -> Result {
        self.size = self.size.saturating_add(value.len());
        self.keys.push((Value::Text(value.into()), 0));
        Ok(())
    }
    fn as_key(&mut self) -> Result {
        self.keys.extend(self.values.pop());
        Ok(())
    }
    fn list(&mut self, length: usize) -> Result {
        self.sequence(length)
    }
    fn tuple(&mut self, length: usize) -> Result {
        self.sequence(length)
    }
    fn set(&mut self, length: usize) -> Result {
        self.sequence(length)
    }
    fn frozenset(&mut self, length: usize) -> Result {
        self.sequence(length)
    }
    fn map(&mut self, length: usize) -> Result {
        self.pairs(length)
    }
    fn named(&mut self, length: usize) -> Result {
        let (parts, depth) = self.take(length);
        self.put(foreign::named(parts), depth)
    }
    fn define(&mut self) -> Result {
        self.values.pop();
        Ok(())
    }
    fn object(&mut self, _class: usize, length: usize) -> Result {
        let (_, depth) = self.take(length);
        let what = "an instance of a Python class, which only Python makes; write it as a dict";
        self.put(Value::Foreign(what.into()), depth)
    }
    fn tagged_text(&mut self, tag: u64, value: &str) -> Result {
        self.put(foreign::text(tag, value), 0)
    }
    fn tagged_bytes(&mut self, tag: u64, value: &[u8]) -> Result {
        self.size = self.size.saturating_add(value.len());
        self.put(foreign::bytes(tag, value), 1)
    }
    fn tagged(&mut self, tag: u64) -> Result {
        let Some((content, depth)) = self.values.pop() else { return Ok(()) };
        self.put(foreign::tagged(tag, &content), depth)
    }
    fn share(&mut self) -> Result {
        self.shares.push(Share { size: self.size, depth: 0, value: None });
        Ok(())
    }
    fn shell(&mut self, _number: usize, _shell: Shell) -> Result {
        Ok(())
    }
    fn fill(&mut self, _number: usize) {}
    fn shared(&mut self, number: usize) -> Result {
        if let (Some(share), Some((value, depth))) = (self.shares.get_mut(number), self.values.pop()) {
            let value = Rc::new(value);
            *share =
                Share { size: self.size.saturating_sub(share.size), depth, value: Some(Rc::clone(&value)) };
            self.values.push((Value::Shared(value), depth));
        }
        Ok(())
    }
    fn reference(&mut self, number: usize) -> Result {
        let Some(Share { size, depth, value: Some(value) }) = self.shares.get(number) else {
            let what = "a value inside itself, which serde has no word for; write it without the cycle";
            return self.put(Value::Foreign(what.into()), 0);
        };
        self.size = self.size.saturating_add(*size);
        if self.size > MOST_REPEATED {
            let reason = "values that stand for others repeat them too often; write each where it belongs";
            return Err(Fault::new(ErrorKind::LimitExceeded, reason));
        }
        let (value, depth) = (Value::Shared(Rc::clone(value)), *depth);
        self.put(value, depth)
    }
}
