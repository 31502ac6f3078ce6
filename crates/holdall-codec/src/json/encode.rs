//! Writing JSON, in the one pass that also proves it exact.

use std::collections::TryReserveError;

use holdall_types::limits::JSON_EXACT_DEPTH;

use super::digits::{write_int, write_uint};
use crate::buffer::Buffer;
use crate::seen::Seen;
use crate::source::{Node, Source};
use crate::stack::Stack;

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

/// A container whose items are being written.
enum Open<'a, S: Source<'a>> {
    List(S::List),
    Map(S::Map),
}

/// Room for the longest scalar with its comma, `-2.2250738585072014e-308,`, and for the stores of
/// sixteen bytes that shorter ones are written by.
const SCALAR: usize = 40;

/// Appends the value as compact JSON: `None`, booleans, integers in 64 bits, finite floats, strings,
/// and lists and string-keyed maps of these, at most 200 deep, no container met twice.
///
/// # Errors
/// [`Inexact`] as soon as the value turns out not to be one of these; `out` then holds rubbish.
pub fn encode<'a, S: Source<'a>, B: Buffer>(root: S, out: &mut B) -> Result<(), Inexact> {
    let mut outer: Stack<Open<'a, S>> = Stack::new();
    let mut seen = Seen::default();
    // Every value is followed by a comma; the end of its container writes over the last one.
    let Some(mut open) = write(root, 0, &mut seen, out)? else {
        out.truncate(out.written().len().saturating_sub(1));
        return Ok(());
    };
    loop {
        let depth = outer.len() + 1;
        // Moved out and in again: what an iterator needs stays in registers while it runs.
        let (inner, end) = match open {
            Open::List(mut items) => loop {
                let Some(item) = items.next() else { break (None, b']') };
                if let Some(inner) = write(item, depth, &mut seen, out)? {
                    outer.push(Open::List(items))?;
                    break (Some(inner), 0);
                }
            },
            Open::Map(mut pairs) => loop {
                let Some((key, item)) = pairs.next() else { break (None, b'}') };
                out.quoted(key.ok_or(Inexact::Value)?, b':')?;
                if let Some(inner) = write(item, depth, &mut seen, out)? {
                    outer.push(Open::Map(pairs))?;
                    break (Some(inner), 0);
                }
            },
        };
        open = match inner {
            Some(inner) => inner,
            None => {
                if let Some(comma) = out.written_mut().last_mut() {
                    *comma = end;
                }
                let Some(next) = outer.pop() else { return Ok(()) };
                out.reserve(1)?;
                out.push(b',');
                next
            }
        };
    }
}

/// Writes a scalar or an empty container with its comma, or the opening bracket of a container, which
/// is returned.
#[inline(always)]
fn write<'a, S: Source<'a>, B: Buffer>(
    value: S,
    depth: usize,
    seen: &mut Seen,
    out: &mut B,
) -> Result<Option<Open<'a, S>>, Inexact> {
    out.reserve(SCALAR)?;
    match value.node() {
        Node::Str(text) => out.quoted(text, b',')?,
        Node::Int(number) => write_int(number, b',', out),
        Node::UInt(number) => write_uint(number, b',', out),
        Node::Null => out.short(*b"null", 4, b','),
        Node::Bool(true) => out.short(*b"true", 4, b','),
        Node::Bool(false) => out.short(*b"false\0\0\0", 5, b','),
        Node::Float(number) if number.is_finite() => out.float(number, b','),
        Node::List(items) => {
            new_container(value, seen, depth)?;
            if items.len() > 0 {
                out.push(b'[');
                return Ok(Some(Open::List(items)));
            }
            out.array(*b"[],");
        }
        Node::Map(pairs) => {
            new_container(value, seen, depth)?;
            if pairs.len() > 0 {
                out.push(b'{');
                return Ok(Some(Open::Map(pairs)));
            }
            out.array(*b"{},");
        }
        Node::Float(_) | Node::Other => return Err(Inexact::Value),
    }
    Ok(None)
}

#[inline(always)]
fn new_container<'a, S: Source<'a>>(value: S, seen: &mut Seen, depth: usize) -> Result<(), Inexact> {
    if depth >= JSON_EXACT_DEPTH {
        return Err(Inexact::Value);
    }
    match value.shared() {
        Some(address) if !seen.insert(address)? => Err(Inexact::Value),
        _ => Ok(()),
    }
}
