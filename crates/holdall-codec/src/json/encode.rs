//! Writing JSON, in the one pass that also proves it exact.

use std::collections::TryReserveError;

use holdall_types::limits::JSON_EXACT_DEPTH;

use super::escape::write_string;
use crate::seen::Seen;
use crate::source::{Node, Source};

/// Why nothing was written that could be kept.
#[derive(Debug)]
pub enum Inexact {
    /// JSON does not hold this value exactly: another codec must.
    Value,
    /// No memory for the payload.
    Memory(TryReserveError),
}

impl From<TryReserveError> for Inexact {
    fn from(error: TryReserveError) -> Self {
        Self::Memory(error)
    }
}

enum Open<L, M> {
    List(L),
    Map(M),
}

/// The longest scalar with its comma: `-2.2250738585072014e-308,`.
const SCALAR: usize = 32;

/// Appends the value as compact JSON: `None`, booleans, integers in 64 bits, finite floats, strings,
/// and lists and string-keyed maps of these, at most 200 deep, no container met twice.
///
/// # Errors
/// [`Inexact`] as soon as the value turns out not to be one of these; `out` then holds rubbish.
pub fn encode<'a, S: Source<'a>>(root: S, out: &mut Vec<u8>) -> Result<(), Inexact> {
    let mut stack: Vec<Open<S::List, S::Map>> = Vec::new();
    let mut seen = Seen::default();
    let mut value = root;
    loop {
        // Every value is followed by a comma; the end of its container writes over the last one.
        out.try_reserve(SCALAR)?;
        match value.node() {
            Node::Null => out.extend_from_slice(b"null,"),
            Node::Bool(true) => out.extend_from_slice(b"true,"),
            Node::Bool(false) => out.extend_from_slice(b"false,"),
            Node::Int(number) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
                out.push(b',');
            }
            Node::UInt(number) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
                out.push(b',');
            }
            Node::Float(number) if number.is_finite() => {
                out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
                out.push(b',');
            }
            Node::Str(text) => write_string(text, b',', out)?,
            Node::List(items) => {
                new_container(value, &mut seen, stack.len())?;
                if items.len() == 0 {
                    out.extend_from_slice(b"[],");
                } else {
                    out.push(b'[');
                    stack.push(Open::List(items));
                }
            }
            Node::Map(pairs) => {
                new_container(value, &mut seen, stack.len())?;
                if pairs.len() == 0 {
                    out.extend_from_slice(b"{},");
                } else {
                    out.push(b'{');
                    stack.push(Open::Map(pairs));
                }
            }
            Node::Float(_) | Node::Other => return Err(Inexact::Value),
        }
        loop {
            let end = match stack.last_mut() {
                None => {
                    out.pop();
                    return Ok(());
                }
                Some(Open::List(items)) => match items.next() {
                    Some(item) => {
                        value = item;
                        break;
                    }
                    None => b']',
                },
                Some(Open::Map(pairs)) => match pairs.next() {
                    Some((Some(key), item)) => {
                        write_string(key, b':', out)?;
                        value = item;
                        break;
                    }
                    Some((None, _)) => return Err(Inexact::Value),
                    None => b'}',
                },
            };
            stack.pop();
            if let Some(comma) = out.last_mut() {
                *comma = end;
            }
            out.try_reserve(1)?;
            out.push(b',');
        }
    }
}

fn new_container<'a, S: Source<'a>>(value: S, seen: &mut Seen, depth: usize) -> Result<(), Inexact> {
    if depth >= JSON_EXACT_DEPTH {
        return Err(Inexact::Value);
    }
    match value.shared() {
        Some(address) if !seen.insert(address) => Err(Inexact::Value),
        _ => Ok(()),
    }
}
