//! A payload as people read it: diagnostic notation (RFC 8949, section 8).
//!
//! Not by a [`Sink`](super::Sink): that one learns at a container's end what it is, so all of a
//! payload would have to be read to show how it begins.

use std::fmt::Write as _;

use super::reader::{Head, Reader};

/// What is being written, and how far it has come.
struct Open {
    close: char,
    map: bool,
    done: usize,
    /// `None` where only the end tells it. In a map both count keys and values.
    length: Option<usize>,
}

/// The beginning of a payload in diagnostic notation: all of it, or more than `most` bytes.
///
/// What is no CBOR ends it with a comment that says why. Nothing is built and no depth is too much:
/// each level is at least a bracket of what is written, and nothing is read beyond that.
#[must_use]
pub fn diagnostic(bytes: &[u8], most: usize) -> String {
    let mut notation = Notation { out: String::new(), stack: Vec::new(), most };
    let mut reader = Reader::new(bytes);
    let mut whole = false;
    while !whole && notation.out.len() <= most {
        whole = match reader.head().and_then(|head| notation.item(head)) {
            Ok(()) => notation.stack.is_empty(),
            Err(reason) => return notation.ended(reason),
        };
    }
    if whole && reader.left() > 0 { notation.ended("more bytes after the value") } else { notation.out }
}

struct Notation {
    out: String,
    stack: Vec<Open>,
    most: usize,
}

impl Notation {
    fn ended(mut self, reason: &str) -> String {
        let gap = if self.out.is_empty() { "" } else { " " };
        self.write(format_args!("{gap}/ {reason} /"));
        self.out
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Into a string this cannot fail.
        let _ = self.out.write_fmt(text);
    }

    fn item(&mut self, head: Head<'_>) -> Result<(), &'static str> {
        if matches!(head, Head::Break) {
            let open =
                self.stack.pop().filter(|open| open.length.is_none() && !(open.map && open.done % 2 == 1));
            self.out.push(open.ok_or("an end of something that has none")?.close);
            self.count();
        } else {
            match self.stack.last() {
                Some(Open { done: 0, .. }) | None => {}
                Some(Open { map: true, done, .. }) if done % 2 == 1 => self.out.push_str(": "),
                Some(_) => self.out.push_str(", "),
            }
            if let Some(open) = self.front(head) {
                self.stack.push(open);
            } else {
                self.count();
            }
        }
        self.close();
        Ok(())
    }

    /// Writes a scalar, or how a container begins.
    fn front(&mut self, head: Head<'_>) -> Option<Open> {
        match head {
            Head::UInt(number) => self.write(format_args!("{number}")),
            Head::Negative(number) => self.write(format_args!("{}", -1 - i128::from(number))),
            Head::Bytes(bytes) => {
                self.out.push_str("h'");
                for byte in bytes.iter().take(self.most) {
                    self.write(format_args!("{byte:02x}"));
                }
                self.out.push('\'');
            }
            Head::Text(text) => self.text(text),
            Head::Bool(value) => self.write(format_args!("{value}")),
            Head::Null => self.out.push_str("null"),
            Head::Undefined | Head::Break => self.out.push_str("undefined"),
            Head::Float(value) if value.is_nan() => self.out.push_str("NaN"),
            Head::Float(value) if value.is_infinite() => {
                self.out.push_str(if value < 0.0 { "-Infinity" } else { "Infinity" });
            }
            Head::Float(value) => self.write(format_args!("{value:?}")),
            Head::Array(length) => return Some(self.open(['[', ']'], length)),
            Head::Map(length) => return Some(self.open(['{', '}'], length.map(|pairs| pairs * 2))),
            Head::Tag(number) => {
                self.write(format_args!("{number}("));
                return Some(Open { close: ')', map: false, done: 0, length: Some(1) });
            }
        }
        None
    }

    fn open(&mut self, [open, close]: [char; 2], length: Option<usize>) -> Open {
        self.out.push(open);
        if length.is_none() {
            self.out.push_str("_ ");
        }
        Open { close, map: open == '{', done: 0, length }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars().take(self.most) {
            match character {
                '"' | '\\' => self.out.extend(['\\', character]),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\0'..' ' => self.write(format_args!("\\u{:04x}", u32::from(character))),
                _ => self.out.push(character),
            }
        }
        self.out.push('"');
    }

    fn count(&mut self) {
        if let Some(open) = self.stack.last_mut() {
            open.done += 1;
        }
    }

    /// Closes what is complete.
    fn close(&mut self) {
        while let Some(open) = self.stack.pop_if(|open| open.length == Some(open.done)) {
            self.out.push(open.close);
            self.count();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cbor::classes;

    proptest! {
        #[test]
        fn any_bytes_are_shown_briefly(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let shown = diagnostic(&bytes, 20);
            // Beyond what is enough: one string, each character an escape; then a comment.
            prop_assert!(shown.len() <= 20 + 20 * 6 + 100, "{shown}");
            prop_assert!(classes(&bytes).names.iter().map(|name| name.len()).sum::<usize>() <= bytes.len() + 30);
        }
    }

    #[test]
    fn what_each_kind_looks_like() {
        for (bytes, text) in [
            (&b"\x84\x01\x20\xf6\xf7"[..], "[1, -1, null, undefined]"),
            (b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "-18446744073709551616"),
            (b"\xa2\x61a\x80\x02\xa0", "{\"a\": [], 2: {}}"),
            (b"\x9f\x01\xbf\x02\x03\xff\xff", "[_ 1, {_ 2: 3}]"),
            (b"\xd9\xc1\x48\x82\x01\xc2\x41\x05", "49480([1, 2(h'05')])"),
            (b"\x83\xf9\x7e\x00\xf9\xfc\x00\xf9\x3e\x00", "[NaN, -Infinity, 1.5]"),
            (b"\x65\"\\\n\x01\x7f", "\"\\\"\\\\\\n\\u0001\x7f\""),
        ] {
            assert_eq!(diagnostic(bytes, 100), text);
        }
    }

    #[test]
    fn what_is_damaged_is_shown_as_far_as_it_goes() {
        for (bytes, text) in [
            (&b""[..], "/ the payload ends too early /"),
            (b"\x82\x01\x19", "[1 / the payload ends too early /"),
            (b"\x01\x02", "1 / more bytes after the value /"),
            (b"\xbf\x01\xff", "{_ 1 / an end of something that has none /"),
            (b"\x81\xff", "[ / an end of something that has none /"),
            (b"\x82\x01\x1c", "[1 / a head that means nothing /"),
        ] {
            assert_eq!(diagnostic(bytes, 100), text);
        }
    }

    #[test]
    fn it_stops_when_it_has_enough() {
        let mut deep = vec![0x81; 1_000_000];
        assert_eq!(diagnostic(&deep, 10), "[".repeat(11));
        deep.splice(0..0, *b"\x5a\x00\x0f\x42\x40");
        assert_eq!(diagnostic(&deep, 3), "h'818181'");
        let long = [b"\x7a\x00\x01\x00\x00".to_vec(), vec![b'x'; 1 << 16]].concat();
        assert_eq!(diagnostic(&long, 5), "\"xxxxx\"");
        // Nothing behind it is looked at.
        assert_eq!(diagnostic(b"\x82\x19\x03\xe8\xff", 3), "[1000");
    }
}
