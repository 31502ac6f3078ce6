//! A sink that builds nothing and checks the decoders: that what they take was put.

use std::collections::TryReserveError;
use std::sync::OnceLock;

use holdall_codec::cbor::{self, Shell};
use holdall_codec::json;
use holdall_frame::{Frame, Header, Keyset, Purpose, Signer};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// How many values and keys are on the stack, and what was defined and shared.
#[derive(Debug, Default)]
pub struct Tally {
    values: usize,
    keys: usize,
    classes: usize,
    shares: Vec<bool>,
}

/// What a decoder must never do, or want of memory.
#[derive(Debug)]
pub struct Broken(pub &'static str);

impl From<TryReserveError> for Broken {
    fn from(_: TryReserveError) -> Self {
        Self("no memory")
    }
}

type Done = Result<(), Broken>;

impl Tally {
    /// How many values are left; one after a whole document.
    #[must_use]
    pub fn values(&self) -> usize {
        self.values
    }

    fn put(&mut self) -> Done {
        self.values += 1;
        Ok(())
    }

    /// Takes so many values and puts one.
    fn take(&mut self, length: usize) -> Done {
        self.values =
            self.values.checked_sub(length).ok_or(Broken("values were taken that are not there"))? + 1;
        Ok(())
    }

    fn take_pairs(&mut self, length: usize) -> Done {
        self.keys = self.keys.checked_sub(length).ok_or(Broken("keys were taken that are not there"))?;
        self.take(length)
    }

    fn check(&self, number: usize) -> Done {
        if number < self.shares.len() { Ok(()) } else { Err(Broken("a share that did not begin")) }
    }
}

impl holdall_codec::Sink for Tally {
    type Error = Broken;

    fn null(&mut self) -> Done {
        self.put()
    }

    fn bool(&mut self, _: bool) -> Done {
        self.put()
    }

    fn int(&mut self, _: i64) -> Done {
        self.put()
    }

    fn big_int(&mut self, digits: &str) -> Done {
        let digits = digits.strip_prefix('-').unwrap_or(digits);
        if digits.bytes().all(|digit| digit.is_ascii_digit()) { self.put() } else { Err(Broken("no digits")) }
    }

    fn float(&mut self, value: f64) -> Done {
        if value.is_finite() { self.put() } else { Err(Broken("JSON has no such float")) }
    }

    fn str(&mut self, value: &str, ascii: bool) -> Done {
        if value.is_ascii() == ascii { self.put() } else { Err(Broken("ASCII or not?")) }
    }

    fn key(&mut self, value: &str, ascii: bool) -> Done {
        self.keys += 1;
        if value.is_ascii() == ascii { Ok(()) } else { Err(Broken("ASCII or not?")) }
    }

    fn list(&mut self, length: usize) -> Done {
        self.take(length)
    }

    fn map(&mut self, length: usize) -> Done {
        self.take_pairs(length)
    }
}

impl cbor::Sink for Tally {
    type Error = Broken;

    fn null(&mut self) -> Done {
        self.put()
    }

    fn undefined(&mut self) -> Done {
        self.put()
    }

    fn bool(&mut self, _: bool) -> Done {
        self.put()
    }

    fn int(&mut self, _: i64) -> Done {
        self.put()
    }

    fn big_int(&mut self, _: bool, _: &[u8]) -> Done {
        self.put()
    }

    fn float(&mut self, _: f64) -> Done {
        self.put()
    }

    fn text(&mut self, _: &str) -> Done {
        self.put()
    }

    fn bytes(&mut self, _: &[u8]) -> Done {
        self.put()
    }

    fn key(&mut self, _: &str) -> Done {
        self.keys += 1;
        Ok(())
    }

    fn as_key(&mut self) -> Done {
        self.keys += 1;
        self.values = self.values.checked_sub(1).ok_or(Broken("a key was made of nothing"))?;
        Ok(())
    }

    fn list(&mut self, length: usize) -> Done {
        self.take(length)
    }

    fn tuple(&mut self, length: usize) -> Done {
        self.take(length)
    }

    fn set(&mut self, length: usize) -> Done {
        self.take(length)
    }

    fn frozenset(&mut self, length: usize) -> Done {
        self.take(length)
    }

    fn map(&mut self, length: usize) -> Done {
        self.take_pairs(length)
    }

    fn named(&mut self, length: usize) -> Done {
        if length == 0 { Err(Broken("a name that is not there")) } else { self.take(length) }
    }

    fn define(&mut self) -> Done {
        self.classes += 1;
        self.values = self.values.checked_sub(1).ok_or(Broken("a class was made of nothing"))?;
        Ok(())
    }

    fn object(&mut self, class: usize, length: usize) -> Done {
        if class < self.classes { self.take(length) } else { Err(Broken("a class that was not defined")) }
    }

    fn tagged_text(&mut self, _: u64, _: &str) -> Done {
        self.put()
    }

    fn tagged_bytes(&mut self, _: u64, _: &[u8]) -> Done {
        self.put()
    }

    fn tagged(&mut self, _: u64) -> Done {
        self.take(1)
    }

    fn share(&mut self) -> Done {
        self.shares.try_reserve(1)?;
        self.shares.push(false);
        Ok(())
    }

    fn shell(&mut self, number: usize, shell: Shell) -> Done {
        if let Shell::Object(class) = shell
            && class >= self.classes
        {
            return Err(Broken("a class that was not defined"));
        }
        self.check(number)
    }

    fn fill(&mut self, _: usize) {}

    fn shared(&mut self, number: usize) -> Done {
        let share = self.shares.get_mut(number).ok_or(Broken("a share that did not begin"))?;
        if std::mem::replace(share, true) { Err(Broken("a share that ended twice")) } else { Ok(()) }
    }

    fn reference(&mut self, number: usize) -> Done {
        self.check(number)?;
        self.put()
    }
}

/// Reads bytes as CBOR.
///
/// # Panics
/// When the decoder breaks its promises; bytes that are no CBOR are no reason.
#[expect(clippy::panic, reason = "this is what a fuzzer looks for")]
pub fn read_cbor(bytes: &[u8]) {
    let mut tally = Tally::default();
    match cbor::decode(bytes, &mut tally) {
        Ok(()) => assert_eq!(tally.values(), 1),
        Err(cbor::DecodeError { fault: cbor::Fault::Sink(Broken(reason)), .. }) => panic!("{reason}"),
        Err(_) => {}
    }
    // It ends with the item that is one too many, which may be a text of escapes.
    assert!(cbor::diagnostic(bytes, 200).len() <= 10 * 200);
    drop(cbor::classes(bytes));
}

/// Reads bytes as JSON.
///
/// # Panics
/// As [`read_cbor`].
#[expect(clippy::panic, reason = "this is what a fuzzer looks for")]
pub fn read_json(bytes: &[u8]) {
    let mut tally = Tally::default();
    match json::decode(bytes, &mut tally) {
        Ok(()) => assert_eq!(tally.values(), 1),
        Err(json::DecodeError::Sink(Broken(reason))) => panic!("{reason}"),
        Err(_) => {}
    }
}

/// Reads bytes as a frame, and as a header apart from its payload; then once more with a checksum that
/// fits, which a stranger can compute, too.
///
/// # Panics
/// As [`read_cbor`].
pub fn read_frame(bytes: &[u8]) {
    read_as_it_is(bytes);
    if let Some(repaired) = repaired(bytes) {
        read_as_it_is(&repaired);
    }
}

/// That of the golden files: its keys are those that the corpus names.
fn golden_keyset() -> Option<&'static Keyset> {
    static KEYSET: OnceLock<Option<Keyset>> = OnceLock::new();
    let parse = || Keyset::parse(include_str!("../../../tests/golden/keyset.json")).ok();
    KEYSET.get_or_init(parse).as_ref()
}

fn read_as_it_is(bytes: &[u8]) {
    if let Ok(frame) = Frame::read(bytes) {
        // What was read whole is read in parts.
        assert!(Frame::read_parts(frame.head, frame.payload).is_ok() || frame.header.table.is_some());
        assert_eq!(repaired(bytes).as_deref(), Some(bytes), "the checksum was right");
        let segments: usize = frame.segments.iter().map(|segment| segment.len()).sum();
        assert!(frame.head.len() + frame.payload.len() + segments <= bytes.len());
        if let Some(keyset) = golden_keyset() {
            let signer = Signer { keyset, purpose: Purpose::Value, context: b"" };
            drop(frame.verify(&signer));
            if let Ok(opened) = frame.open(&signer) {
                assert!(frame.header.sealed.is_some() && opened.len() + 16 <= frame.payload.len());
            }
        }
    }
    if let Some(data) = Frame::read_data(bytes) {
        assert!(Frame::read(bytes).is_ok_and(|frame| (frame.header.codec, frame.payload) == data));
    }
    let (head, payload) = bytes.split_at(bytes.len() / 2);
    drop(Frame::read_parts(head, payload));
    drop(Frame::read_front(bytes));
    drop(Header::read(bytes));
}

/// The bytes under the checksum that they should have, if they begin with a header.
fn repaired(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, length) = Header::read(bytes).ok()??;
    let payload = match &header.table {
        Some(table) => usize::try_from(table.payload).ok()?,
        None => bytes.len().checked_sub(length)?,
    };
    let before = bytes.get(..length.checked_sub(4)?)?;
    let payload = bytes.get(length..length.checked_add(payload)?)?;
    let sum = xxh3_64_with_seed(payload, xxh3_64(before)) as u32;
    let mut repaired = bytes.to_vec();
    repaired.get_mut(before.len()..length)?.copy_from_slice(&sum.to_le_bytes());
    Some(repaired)
}
