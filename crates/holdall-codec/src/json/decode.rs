//! Reading JSON: strict, by an explicit stack.

use std::collections::TryReserveError;
use std::str;

use holdall_types::limits::MAX_DEPTH;

use super::number::{self, Number};
use super::string::{Scratch, read_string};
use super::text::{SyntaxError, Text};
use crate::sink::Sink;
use crate::stack::Stack;

/// Why a text was not read.
#[derive(Debug)]
pub enum DecodeError<E> {
    /// It is not UTF-8.
    NotUtf8(str::Utf8Error),
    /// It is not JSON.
    Syntax(SyntaxError),
    /// It is nested deeper than 10,000 levels.
    TooDeep,
    /// No memory for what is being read.
    Memory(TryReserveError),
    /// The sink could not build a value.
    Sink(E),
}

impl<E> From<SyntaxError> for DecodeError<E> {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl<E> From<TryReserveError> for DecodeError<E> {
    fn from(error: TryReserveError) -> Self {
        Self::Memory(error)
    }
}

/// What a value stands in, and how many of its values are complete.
#[derive(Clone, Copy)]
enum Open {
    Document,
    List(usize),
    Map(usize),
}

/// Reads exactly one JSON document and leaves its value on the sink.
///
/// # Errors
/// [`DecodeError`]; what was built so far stays on the sink, to be dropped with it.
pub fn decode<S: Sink>(bytes: &[u8], sink: &mut S) -> Result<(), DecodeError<S::Error>> {
    let text = simdutf8::basic::from_utf8(bytes);
    // The quick check says only that something is wrong; the standard library says what.
    let text = text.or_else(|_| str::from_utf8(bytes)).map_err(DecodeError::NotUtf8)?;
    let mut text = Text::new(text);
    let mut outer = Stack::new();
    let mut open = Open::Document;
    let mut scratch = Scratch::default();
    loop {
        text.blank();
        match text.peek() {
            Some(b'"') => {
                let (string, ascii) = read_string(&mut text, &mut scratch)?;
                sink.str(string, ascii).map_err(DecodeError::Sink)?;
            }
            Some(b'-' | b'0'..=b'9') => match number::read(&mut text)? {
                Number::Int(value) => sink.int(value).map_err(DecodeError::Sink)?,
                Number::BigInt(digits) => sink.big_int(digits).map_err(DecodeError::Sink)?,
                Number::Float(value) => sink.float(value).map_err(DecodeError::Sink)?,
            },
            Some(b'[' | b'{') if outer.len() >= MAX_DEPTH => return Err(DecodeError::TooDeep),
            Some(b'[') => {
                text.skip(1);
                text.blank();
                if text.peek() != Some(b']') {
                    enter(&mut outer, &mut open, Open::List(0))?;
                    continue;
                }
                text.skip(1);
                sink.list(0).map_err(DecodeError::Sink)?;
            }
            Some(b'{') => {
                text.skip(1);
                text.blank();
                if text.peek() != Some(b'}') {
                    enter(&mut outer, &mut open, Open::Map(0))?;
                    read_key(&mut text, &mut scratch, sink)?;
                    continue;
                }
                text.skip(1);
                sink.map(0).map_err(DecodeError::Sink)?;
            }
            Some(b'n') => {
                text.literal(b"null")?;
                sink.null().map_err(DecodeError::Sink)?;
            }
            Some(b't') => {
                text.literal(b"true")?;
                sink.bool(true).map_err(DecodeError::Sink)?;
            }
            Some(b'f') => {
                text.literal(b"false")?;
                sink.bool(false).map_err(DecodeError::Sink)?;
            }
            Some(_) => return Err(text.error("not a JSON value").into()),
            None => return Err(text.error("the document ends too early").into()),
        }
        // One value is complete: what does its container say comes next?
        loop {
            text.blank();
            match (&mut open, text.peek()) {
                (Open::List(length), Some(b',')) => {
                    *length += 1;
                    text.skip(1);
                    break;
                }
                (Open::Map(length), Some(b',')) => {
                    *length += 1;
                    text.skip(1);
                    text.blank();
                    read_key(&mut text, &mut scratch, sink)?;
                    break;
                }
                (Open::List(length), Some(b']')) => sink.list(*length + 1).map_err(DecodeError::Sink)?,
                (Open::Map(length), Some(b'}')) => sink.map(*length + 1).map_err(DecodeError::Sink)?,
                (Open::Document, None) => return Ok(()),
                (Open::Document, Some(_)) => return Err(text.error("more text after the document").into()),
                (Open::List(_), _) => return Err(text.error("',' or ']' is missing").into()),
                (Open::Map(_), _) => return Err(text.error("',' or '}' is missing").into()),
            }
            text.skip(1);
            open = outer.pop().unwrap_or(Open::Document);
        }
    }
}

#[inline(always)]
fn enter(outer: &mut Stack<Open>, open: &mut Open, inner: Open) -> Result<(), TryReserveError> {
    outer.push(*open)?;
    *open = inner;
    Ok(())
}

#[inline(always)]
fn read_key<S: Sink>(
    text: &mut Text<'_>,
    scratch: &mut Scratch,
    sink: &mut S,
) -> Result<(), DecodeError<S::Error>> {
    if text.peek() != Some(b'"') {
        return Err(text.error("a key in double quotes is missing").into());
    }
    let (key, ascii) = read_string(text, scratch)?;
    sink.key(key, ascii).map_err(DecodeError::Sink)?;
    text.blank();
    if text.peek() != Some(b':') {
        return Err(text.error("':' is missing").into());
    }
    text.skip(1);
    Ok(())
}
