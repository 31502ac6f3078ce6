//! What a task is asked to do and what it gave, as the payloads of signed frames (`docs/format.md`).
//!
//! Both are signed for one purpose and one context, so that neither can be altered, forged, or taken from
//! another task: [`open_task`] and [`open_result`] give nothing of what is not.

use std::collections::TryReserveError;
use std::sync::Arc;

use holdall_backend::Segments;
use holdall_codec::cbor::{Head, Reader, Writer};
use holdall_frame::{Frame, Hash, Hasher, Header, Keyset, Purpose};
use holdall_store::{Keyring, Segment, Signed, verified};
use holdall_types::{Codec, Error, ErrorKind, Result};

/// The newest version of the two payloads, and the one that is written.
pub const VERSION: u64 = 1;

/// The oldest reader that understands what is written.
pub const OLDEST_READER: u64 = 1;

/// What is to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function<'a> {
    /// Found by import: `module:qualname`.
    Named(&'a str),
    /// The function itself, as a codec wrote it.
    Valued(Codec, &'a [u8]),
}

/// A value on its way: arguments or a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cargo<'a> {
    /// As one of holdall's codecs wrote it.
    Encoded(Codec, &'a [u8]),
    /// As the user's serializer of this name wrote it.
    Custom(&'a str, &'a [u8]),
}

/// What a task is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What is called.
    pub function: Function<'a>,
    /// The tasks whose results come first among the positional arguments.
    pub after: Vec<&'a str>,
    /// The list of the positional arguments and the dict of the others.
    pub arguments: Cargo<'a>,
}

/// What belongs to a payload beside its bytes.
#[derive(Debug, Default)]
pub struct Beside {
    /// The Python version (major, minor) of code in it.
    pub python: Option<(u8, u8)>,
    /// Its large buffers.
    pub segments: Vec<Box<dyn Segment>>,
}

impl Message<'_> {
    /// The signed frame of a task.
    ///
    /// # Errors
    /// `OutOfMemory`, and those of [`Signed::new`].
    pub fn sign(&self, beside: Beside, id: &str, keyset: &Arc<Keyset>) -> Result<Signed> {
        sign(self.write()?, beside, keyset, Purpose::Task, id.as_bytes())
    }

    /// What tells this call from others: a hash of the function and the arguments.
    #[must_use]
    pub fn digest(&self, beside: &Beside) -> String {
        let mut hasher = Hasher::new(true);
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        match self.function {
            Function::Named(name) => part(name.as_bytes()),
            Function::Valued(_, bytes) => part(bytes),
        }
        match self.arguments {
            Cargo::Encoded(codec, bytes) => [&[codec.number()], bytes].map(&mut part),
            Cargo::Custom(name, bytes) => [name.as_bytes(), bytes].map(&mut part),
        };
        let mut chunk = vec![0; 1 << 16];
        for segment in &beside.segments {
            hasher.update(&(segment.len() as u64).to_le_bytes());
            for start in (0..segment.len()).step_by(chunk.len()) {
                let length = chunk.len().min(segment.len() - start);
                let piece = chunk.get_mut(..length).unwrap_or_default();
                segment.copy(start, piece);
                hasher.update(piece);
            }
        }
        let bytes = match hasher.finish() {
            Hash::Blake3(bytes) => bytes.to_vec(),
            Hash::Xxh3(number) => number.to_le_bytes().to_vec(),
        };
        bytes.iter().take(16).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    fn write(&self) -> Result<Vec<u8>, TryReserveError> {
        let mut out = begun(self.arguments.bytes().len() + 64, 6)?;
        match self.function {
            Function::Named(name) => out.text(name)?,
            Function::Valued(codec, bytes) => coded(&mut out, codec, bytes)?,
        }
        out.array(self.after.len())?;
        for id in &self.after {
            out.text(id)?;
        }
        self.arguments.write(&mut out)?;
        out.finish()
    }

    /// Reads the payload of a verified frame.
    ///
    /// # Errors
    /// `UnsupportedVersion` for a newer one; `CorruptFrame` for what is no such payload.
    pub fn read(payload: &[u8]) -> Result<Message<'_>> {
        read(payload, Purpose::Task, 6, |reader| {
            let function = match reader.head()? {
                Head::Text(name) => Function::Named(name),
                Head::Array(Some(2)) => {
                    let (codec, bytes) = coded_in(reader)?;
                    Function::Valued(codec, bytes)
                }
                _ => return Err("no function"),
            };
            let Head::Array(Some(count)) = reader.head()? else { return Err("no list of tasks before it") };
            let mut after = Vec::new();
            for _ in 0..count {
                let Head::Text(id) = reader.head()? else { return Err("an id that is no text") };
                after.push(id);
            }
            Ok(Message { function, after, arguments: Cargo::read(reader)? })
        })
    }
}

impl<'a> Cargo<'a> {
    /// The bytes, of whatever meaning.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Encoded(_, bytes) | Self::Custom(_, bytes) => bytes,
        }
    }

    /// The signed frame of what a task gave at one of its starts.
    ///
    /// # Errors
    /// `OutOfMemory`, and those of [`Signed::new`].
    pub fn sign(&self, beside: Beside, id: &str, start: u32, keyset: &Arc<Keyset>) -> Result<Signed> {
        let mut out = begun(self.bytes().len() + 32, 4)?;
        self.write(&mut out)?;
        sign(out.finish()?, beside, keyset, Purpose::Result, &result_context(id, start))
    }

    /// Reads the payload of a verified result.
    ///
    /// # Errors
    /// As [`Message::read`].
    pub fn read_result(payload: &'a [u8]) -> Result<Self> {
        read(payload, Purpose::Result, 4, Self::read)
    }

    fn write(&self, out: &mut Writer<Vec<u8>>) -> Result<(), TryReserveError> {
        match *self {
            Cargo::Encoded(codec, bytes) => {
                out.null()?;
                coded(out, codec, bytes)
            }
            Cargo::Custom(serializer, bytes) => {
                out.text(serializer)?;
                out.bytes(bytes)
            }
        }
    }

    fn read(reader: &mut Reader<'a>) -> Parsed<Self> {
        match (reader.head()?, reader.head()?) {
            (Head::Null, Head::Array(Some(2))) => {
                let (codec, bytes) = coded_in(reader)?;
                Ok(Cargo::Encoded(codec, bytes))
            }
            (Head::Text(serializer), Head::Bytes(bytes)) => Ok(Cargo::Custom(serializer, bytes)),
            _ => Err("neither a codec's bytes nor a serializer's"),
        }
    }
}

/// The frame of a task's message, verified.
///
/// # Errors
/// Those of [`verified`]: then nothing of it was read.
pub fn open_task<'a>(bytes: &'a [u8], segments: &Segments, id: &str, keyring: &Keyring) -> Result<Frame<'a>> {
    cbor(verified(bytes, segments, keyring, Purpose::Task, id.as_bytes())?)
}

/// The frame of what a task gave at one of its starts, verified.
///
/// # Errors
/// As [`open_task`].
pub fn open_result<'a>(
    bytes: &'a [u8],
    segments: &Segments,
    id: &str,
    start: u32,
    keyring: &Keyring,
) -> Result<Frame<'a>> {
    cbor(verified(bytes, segments, keyring, Purpose::Result, &result_context(id, start))?)
}

/// A schedule's template, which is signed as `cron:{name}`, as the message of one of its tasks.
///
/// # Errors
/// As [`open_task`].
pub fn resign(frame: &[u8], keyring: &Keyring, old: &str, new: &str) -> Result<Signed> {
    holdall_store::resigned(frame, keyring, Purpose::Task, old.as_bytes(), new.as_bytes())
}

/// What a result is signed for: a zombie's is not that of the start which counts.
#[must_use]
pub fn result_context(id: &str, start: u32) -> Vec<u8> {
    [id.as_bytes(), &start.to_le_bytes()].concat()
}

fn sign(
    body: Vec<u8>,
    beside: Beside,
    keyset: &Arc<Keyset>,
    purpose: Purpose,
    context: &[u8],
) -> Result<Signed> {
    let header = Header { python: beside.python, ..Header::plain(Codec::Cbor) };
    Signed::new(header, body, beside.segments, keyset, purpose, context)
}

fn cbor(frame: Frame<'_>) -> Result<Frame<'_>> {
    if frame.header.codec == Codec::Cbor {
        return Ok(frame);
    }
    let message = format!("a task's frame has codec {:?} where cbor belongs", frame.header.codec.name());
    Err(Error::new(ErrorKind::CorruptFrame, message))
}

fn begun(capacity: usize, length: usize) -> Result<Writer<Vec<u8>>, TryReserveError> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(capacity)?;
    let mut out = Writer::new(bytes);
    out.array(length)?;
    out.uint(VERSION)?;
    out.uint(OLDEST_READER)?;
    Ok(out)
}

fn coded(out: &mut Writer<Vec<u8>>, codec: Codec, bytes: &[u8]) -> Result<(), TryReserveError> {
    out.array(2)?;
    out.uint(u64::from(codec.number()))?;
    out.bytes(bytes)
}

/// What is wrong, in words.
type Parsed<T> = std::result::Result<T, &'static str>;

fn coded_in<'a>(reader: &mut Reader<'a>) -> Parsed<(Codec, &'a [u8])> {
    let (Head::UInt(number), Head::Bytes(bytes)) = (reader.head()?, reader.head()?) else {
        return Err("no codec and its bytes");
    };
    let codec = u8::try_from(number).ok().and_then(Codec::from_number).ok_or("an unknown codec")?;
    Ok((codec, bytes))
}

/// Reads the versions, then the items. A newer writer may have put more behind them, if it says that this
/// reader may read it all the same.
fn read<'a, T>(
    payload: &'a [u8],
    purpose: Purpose,
    length: usize,
    items: impl FnOnce(&mut Reader<'a>) -> Parsed<T>,
) -> Result<T> {
    let what = purpose.what(Codec::Cbor);
    let broken = |reason: &str| {
        Error::new(ErrorKind::CorruptFrame, format!("this {what} cannot be read: {reason}; write it again"))
    };
    let mut reader = Reader::new(payload);
    let versions = |reader: &mut Reader<'a>| match (reader.head()?, reader.head()?, reader.head()?) {
        (Head::Array(Some(found)), Head::UInt(version), Head::UInt(oldest)) => Ok((found, version, oldest)),
        _ => Err("no versions at its start"),
    };
    let (found, version, oldest) = versions(&mut reader).map_err(broken)?;
    if oldest > VERSION {
        let message = format!(
            "this {what} is of version {version}, for readers of version {oldest} or later, and this one reads \
             {VERSION}; upgrade holdall here"
        );
        return Err(Error::new(ErrorKind::UnsupportedVersion, message));
    }
    let newer = version > VERSION && found >= length;
    if !newer && found != length {
        return Err(broken("another number of items"));
    }
    let read = items(&mut reader).map_err(broken)?;
    if newer || reader.left() == 0 { Ok(read) } else { Err(broken("there is more behind its end")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Message<'_> = Message {
        function: Function::Named("tasks:send"),
        after: Vec::new(),
        arguments: Cargo::Encoded(Codec::Json, b"[[1],{}]"),
    };

    fn ring() -> Keyring {
        Keyring::new(Some(Keyset::generate().unwrap().to_text()))
    }

    const NONE: Segments = Segments::none();

    #[test]
    fn what_is_written_is_read() {
        for message in [
            CALL,
            Message { after: vec!["a", "é"], ..CALL },
            Message { function: Function::Valued(Codec::Pickle, b"N."), ..CALL },
            Message { arguments: Cargo::Custom("Mine", b"\x00"), ..CALL },
        ] {
            assert_eq!(Message::read(&message.write().unwrap()).unwrap(), message);
        }
    }

    #[test]
    fn only_the_task_it_was_signed_for_opens_it() {
        let ring = ring();
        let keyset = ring.for_signing().unwrap();
        let task = CALL.sign(Beside::default(), "a", &keyset).unwrap().whole().unwrap();
        let open = |id| open_task(&task, &NONE, id, &ring);
        assert_eq!(Message::read(open("a").unwrap().payload).unwrap(), CALL);
        let result = CALL.arguments.sign(Beside::default(), "a", 1, &keyset).unwrap().whole().unwrap();
        let open_at = |id, start| open_result(&result, &NONE, id, start, &ring);
        let frame = open_at("a", 1).unwrap();
        assert_eq!(Cargo::read_result(frame.payload).unwrap(), CALL.arguments);

        assert!(open("b").is_err());
        assert!(open_task(&result, &NONE, "a", &ring).is_err());
        assert!(open_result(&task, &NONE, "a", 1, &ring).is_err());
        assert!(open_at("a", 2).is_err());
        // The id and the number cannot be told apart otherwise.
        assert!(open_at("a\u{1}\0\0\0", 0).is_err());
        let mut altered = task.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert!(open_task(&altered, &NONE, "a", &ring).is_err());
    }

    #[test]
    fn a_newer_one_says_who_may_read_it() {
        let written = CALL.write().unwrap();
        let with = |length: u8, version: u8, oldest: u8, more: &[u8]| {
            let mut bytes = vec![0x80 | length, version, oldest];
            bytes.extend_from_slice(&written[3..]);
            bytes.extend_from_slice(more);
            bytes
        };
        assert_eq!(Message::read(&with(7, 2, 1, &[0xF6])).unwrap(), CALL);
        for (bytes, kind) in [
            (with(6, 2, 2, &[]), ErrorKind::UnsupportedVersion),
            (with(7, 1, 1, &[0xF6]), ErrorKind::CorruptFrame),
            (with(6, 1, 1, &[0xF6]), ErrorKind::CorruptFrame),
            (with(5, 2, 1, &[]), ErrorKind::CorruptFrame),
            (Vec::new(), ErrorKind::CorruptFrame),
        ] {
            assert_eq!(Message::read(&bytes).unwrap_err().kind(), kind);
        }
        for length in 0..written.len() {
            assert!(Message::read(&written[..length]).is_err());
        }
    }
}
