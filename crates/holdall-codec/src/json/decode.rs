//! Reading JSON: strict, by an explicit stack.

use std::str;

use holdall_types::limits::MAX_DEPTH;

use super::escape::plain_length;
use super::number::{self, Number};
use super::text::{SyntaxError, Text};
use crate::sink::Sink;

/// Why a text was not read.
#[derive(Debug)]
pub enum DecodeError<E> {
    /// It is not UTF-8.
    NotUtf8(str::Utf8Error),
    /// It is not JSON.
    Syntax(SyntaxError),
    /// It is nested deeper than 10,000 levels.
    TooDeep,
    /// The sink could not build a value.
    Sink(E),
}

impl<E> From<SyntaxError> for DecodeError<E> {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

#[derive(Clone, Copy)]
enum Open {
    List(usize),
    Map(usize),
}

/// Reads exactly one JSON document and leaves its value on the sink.
///
/// # Errors
/// [`DecodeError`]; what was built so far stays on the sink, to be dropped with it.
pub fn decode<S: Sink>(bytes: &[u8], sink: &mut S) -> Result<(), DecodeError<S::Error>> {
    let text = str::from_utf8(bytes).map_err(DecodeError::NotUtf8)?;
    let mut text = Text::new(text);
    let mut stack: Vec<Open> = Vec::new();
    let mut scratch = String::new();
    loop {
        text.blank();
        match text.peek() {
            Some(b'[' | b'{') if stack.len() >= MAX_DEPTH => return Err(DecodeError::TooDeep),
            Some(b'"') => {
                let string = read_string(&mut text, &mut scratch)?;
                sink.str(string).map_err(DecodeError::Sink)?;
            }
            Some(b'-' | b'0'..=b'9') => match number::read(&mut text)? {
                Number::Int(value) => sink.int(value).map_err(DecodeError::Sink)?,
                Number::BigInt(digits) => sink.big_int(digits).map_err(DecodeError::Sink)?,
                Number::Float(value) => sink.float(value).map_err(DecodeError::Sink)?,
            },
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
            Some(b'[') => {
                text.skip(1);
                text.blank();
                if text.peek() == Some(b']') {
                    text.skip(1);
                    sink.list(0).map_err(DecodeError::Sink)?;
                } else {
                    stack.push(Open::List(0));
                    continue;
                }
            }
            Some(b'{') => {
                text.skip(1);
                text.blank();
                if text.peek() == Some(b'}') {
                    text.skip(1);
                    sink.map(0).map_err(DecodeError::Sink)?;
                } else {
                    stack.push(Open::Map(0));
                    read_key(&mut text, &mut scratch, sink)?;
                    continue;
                }
            }
            Some(_) => return Err(text.error("not a JSON value").into()),
            None => return Err(text.error("the document ends too early").into()),
        }
        // One value is complete: what does its container say comes next?
        loop {
            text.blank();
            let next = text.peek();
            match stack.last_mut() {
                None if next.is_none() => return Ok(()),
                None => return Err(text.error("more text after the document").into()),
                Some(Open::List(length)) => {
                    *length += 1;
                    let length = *length;
                    match next {
                        Some(b',') => {
                            text.skip(1);
                            break;
                        }
                        Some(b']') => sink.list(length).map_err(DecodeError::Sink)?,
                        _ => return Err(text.error("',' or ']' is missing").into()),
                    }
                }
                Some(Open::Map(length)) => {
                    *length += 1;
                    let length = *length;
                    match next {
                        Some(b',') => {
                            text.skip(1);
                            text.blank();
                            read_key(&mut text, &mut scratch, sink)?;
                            break;
                        }
                        Some(b'}') => sink.map(length).map_err(DecodeError::Sink)?,
                        _ => return Err(text.error("',' or '}' is missing").into()),
                    }
                }
            }
            text.skip(1);
            stack.pop();
        }
    }
}

fn read_key<S: Sink>(
    text: &mut Text<'_>,
    scratch: &mut String,
    sink: &mut S,
) -> Result<(), DecodeError<S::Error>> {
    if text.peek() != Some(b'"') {
        return Err(text.error("a key in double quotes is missing").into());
    }
    let key = read_string(text, scratch)?;
    sink.key(key).map_err(DecodeError::Sink)?;
    text.blank();
    if text.peek() != Some(b':') {
        return Err(text.error("':' is missing").into());
    }
    text.skip(1);
    Ok(())
}

fn read_string<'s, 't: 's>(text: &mut Text<'t>, scratch: &'s mut String) -> Result<&'s str, SyntaxError> {
    text.skip(1);
    let start = text.at();
    text.skip(plain_length(text.rest()));
    if text.peek() == Some(b'"') {
        let string = text.since(start);
        text.skip(1);
        return Ok(string);
    }
    scratch.clear();
    scratch.push_str(text.since(start));
    loop {
        match text.peek() {
            Some(b'"') => {
                text.skip(1);
                return Ok(scratch);
            }
            Some(b'\\') => {
                text.skip(1);
                scratch.push(read_escape(text)?);
            }
            Some(_) => return Err(text.error("a control character inside a string")),
            None => return Err(text.error("a string without an end")),
        }
        let start = text.at();
        text.skip(plain_length(text.rest()));
        scratch.push_str(text.since(start));
    }
}

fn read_escape(text: &mut Text<'_>) -> Result<char, SyntaxError> {
    let Some(byte) = text.peek() else { return Err(text.error("a string without an end")) };
    text.skip(1);
    Ok(match byte {
        b'"' | b'\\' | b'/' => char::from(byte),
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let first = read_hex(text)?;
            let code = match first {
                0xD800..=0xDBFF if text.rest().starts_with(b"\\u") => {
                    text.skip(2);
                    match read_hex(text)? {
                        low @ 0xDC00..=0xDFFF => 0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00),
                        _ => return Err(text.error("half a surrogate pair")),
                    }
                }
                _ => first,
            };
            char::from_u32(code).ok_or_else(|| text.error("half a surrogate pair"))?
        }
        _ => return Err(text.error("an unknown escape")),
    })
}

fn read_hex(text: &mut Text<'_>) -> Result<u32, SyntaxError> {
    let mut code = 0;
    for _ in 0..4 {
        let digit = text.peek().and_then(|byte| char::from(byte).to_digit(16));
        let Some(digit) = digit else { return Err(text.error("four hexadecimal digits are missing")) };
        code = code * 16 + digit;
        text.skip(1);
    }
    Ok(code)
}
