//! JSON strings, read.

use std::collections::TryReserveError;

use super::decode::DecodeError;
use super::escape::plain_run;
use super::text::{SyntaxError, Text};

/// Where a string is put together that has escapes in it.
pub(super) type Scratch = String;

enum Failure {
    Syntax(SyntaxError),
    Memory(TryReserveError),
}

impl From<SyntaxError> for Failure {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl From<TryReserveError> for Failure {
    fn from(error: TryReserveError) -> Self {
        Self::Memory(error)
    }
}

impl<E> From<Failure> for DecodeError<E> {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Syntax(error) => Self::Syntax(error),
            Failure::Memory(error) => Self::Memory(error),
        }
    }
}

/// Reads one string, and says whether it is all ASCII.
#[inline(always)]
pub(super) fn read_string<'s, 't: 's, E>(
    text: &mut Text<'t>,
    scratch: &'s mut Scratch,
) -> Result<(&'s str, bool), DecodeError<E>> {
    text.skip(1);
    let start = text.at();
    let (length, ascii) = plain_run(text.rest());
    text.skip(length);
    if text.peek() == Some(b'"') {
        let string = text.since(start);
        text.skip(1);
        return Ok((string, ascii));
    }
    Ok(read_escaped(text, start, scratch)?)
}

/// Reads on from the first byte that is no plain character.
#[inline(never)]
fn read_escaped<'s>(
    text: &mut Text<'_>,
    start: usize,
    scratch: &'s mut Scratch,
) -> Result<(&'s str, bool), Failure> {
    scratch.clear();
    append(scratch, text.since(start))?;
    loop {
        match text.peek() {
            Some(b'"') => {
                text.skip(1);
                return Ok((scratch, scratch.is_ascii()));
            }
            Some(b'\\') => {
                text.skip(1);
                let character = read_escape(text)?;
                scratch.try_reserve(4)?;
                scratch.push(character);
            }
            Some(_) => return Err(text.error("a control character inside a string").into()),
            None => return Err(text.error("a string without an end").into()),
        }
        let start = text.at();
        text.skip(plain_run(text.rest()).0);
        append(scratch, text.since(start))?;
    }
}

fn append(scratch: &mut Scratch, plain: &str) -> Result<(), TryReserveError> {
    scratch.try_reserve(plain.len())?;
    scratch.push_str(plain);
    Ok(())
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
