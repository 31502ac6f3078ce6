//! Writing.

use std::borrow::Cow;
use std::time::Duration;

use holdall_backend::{Condition, Record, Tail};
use holdall_frame::{Header, Purpose, Signer, bare};
use holdall_types::{Codec, Error, ErrorKind, Key, Result};

use crate::keyring::Keyring;
use crate::segment::{Behind, Segment};
use crate::store::Store;

/// A codec's bytes and what the frame must say of them.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    /// Which codec wrote them.
    pub codec: Codec,
    /// The bytes.
    pub bytes: &'a [u8],
    /// The Python version (major, minor) of code objects in them.
    pub python: Option<(u8, u8)>,
    /// Whether reading them can run code, or makes instances of classes: then they are signed.
    pub active: bool,
    /// Large buffers that belong to them.
    pub segments: &'a [Box<dyn Segment + 'a>],
}

/// How a value is written.
#[derive(Clone, Copy, Debug)]
pub struct Put {
    /// How long it lives; `None` is for ever.
    pub ttl: Option<Duration>,
    /// What must hold for it to be written.
    pub condition: Condition,
    /// Whether the bytes go in as they are, without the bare rule's promise that they are read
    /// back as what they were: a store of plain files, and `open`.
    pub plain: bool,
}

impl Default for Put {
    fn default() -> Self {
        Self { ttl: None, condition: Condition::Any, plain: false }
    }
}

/// A whole frame round a payload, to be written somewhere in one piece.
#[derive(Debug)]
pub struct Framing<'a> {
    payload: Cow<'a, [u8]>,
    front: Front<'a>,
}

/// What stands before a payload and what follows it.
#[derive(Debug, Default)]
struct Front<'a> {
    /// Empty for a value that is written bare; with a tail a draft.
    head: Vec<u8>,
    tail: Option<Behind<'a>>,
}

impl<'a> Framing<'a> {
    /// The frame of a payload, signed if that is active.
    ///
    /// # Errors
    /// Those of the keyring, for an active payload; `LimitExceeded` for one that is too large.
    pub fn new(payload: &Payload<'a>, keyring: &Keyring) -> Result<Self> {
        Ok(Self { payload: payload.bytes.into(), front: Front::of(payload, None, None, keyring)? })
    }

    /// The frame of a payload, sealed, active or not: only holders of the key can read it.
    ///
    /// # Errors
    /// Those of the keyring and of [`Header::seal`]; `Validation` for a payload with segments.
    pub fn sealed(payload: &Payload<'a>, keyring: &Keyring) -> Result<Self> {
        if !payload.segments.is_empty() {
            let message = "only a whole payload can be sealed, and this one has segments; write them into it";
            return Err(Error::new(ErrorKind::Validation, message));
        }
        let keyset = keyring.for_signing()?;
        let signer = Signer { keyset: &keyset, purpose: Purpose::Value, context: b"" };
        let header = Header { python: payload.python, ..Header::plain(payload.codec) };
        let sealed = header.seal(payload.bytes, &signer)?;
        Ok(Self { payload: sealed.payload.into(), front: Front { head: sealed.head, tail: None } })
    }

    /// How many bytes it has.
    ///
    /// # Errors
    /// `OutOfMemory` if there is no room for so many.
    pub fn size(&self) -> Result<usize> {
        let size = self.front.record(&self.payload, false, None).size(true);
        usize::try_from(size)
            .map_err(|_| Error::new(ErrorKind::OutOfMemory, format!("no memory for {size} bytes")))
    }

    /// Writes it to just so many bytes.
    ///
    /// # Errors
    /// Those of the signer; `LimitExceeded` if there is less room.
    pub fn fill(&self, out: &mut [u8]) -> Result<()> {
        let (head, mut rest) = split(out, self.front.head.len())?;
        let mut write = |bytes: &[u8]| {
            let (room, after) = split(std::mem::take(&mut rest), bytes.len())?;
            room.copy_from_slice(bytes);
            rest = after;
            Ok(())
        };
        write(&self.payload)?;
        match &self.front.tail {
            None => head.copy_from_slice(&self.front.head),
            Some(tail) => head.copy_from_slice(&tail.pour(self.front.head.len(), &mut write)?),
        }
        Ok(())
    }
}

fn split(bytes: &mut [u8], at: usize) -> Result<(&mut [u8], &mut [u8])> {
    let message = "the room for a frame is smaller than the frame";
    bytes.split_at_mut_checked(at).ok_or_else(|| Error::new(ErrorKind::LimitExceeded, message))
}

impl<'a> Front<'a> {
    fn of(
        payload: &Payload<'a>,
        expires: Option<u64>,
        key: Option<&Key<'_>>,
        keyring: &Keyring,
    ) -> Result<Self> {
        let mut header = Header::plain(payload.codec);
        header.expires = expires;
        header.python = payload.python;
        header.key = key.map(|key| key.as_str().to_owned());
        let keyset = payload.active.then(|| keyring.for_signing()).transpose()?;
        if payload.segments.is_empty() {
            let signer = |keyset| Signer { keyset, purpose: Purpose::Value, context: b"" };
            let head = header.write(payload.bytes, keyset.as_deref().map(signer).as_ref())?;
            return Ok(Self { head, tail: None });
        }
        let tail = Behind::new(header, payload.bytes, payload.segments, keyset)?;
        Ok(Self { head: tail.draft()?, tail: Some(tail) })
    }

    fn record<'r>(&'r self, body: &'r [u8], text: bool, expires: Option<u64>) -> Record<'r> {
        let tail = self.tail.as_ref().map(|tail| -> &dyn Tail { tail });
        Record { header: &self.head, body, text, expires, tail }
    }
}

impl Store {
    /// Writes a value, and says whether the condition held.
    ///
    /// # Errors
    /// Those of the backend and, for an active payload, of the keyring.
    pub fn put(&self, key: &Key<'_>, payload: &Payload<'_>, how: &Put) -> Result<bool> {
        self.writable()?;
        let now = self.now();
        let expires = expiry(how.ttl, now)?;
        let front = self.front(key, payload, expires, how.plain)?;
        let record = front.record(payload.bytes, payload.codec.is_text(), expires);
        let written = self.backend.put(key, &record, how.condition, now);
        // Also when it failed: then it is not known what is there.
        self.tidy_up(key.as_str(), None);
        written
    }

    /// Writes several values at once, in one transaction where the backend has them.
    ///
    /// # Errors
    /// As [`put`](Store::put).
    pub fn put_many(&self, items: &[(Key<'_>, Payload<'_>)], ttl: Option<Duration>) -> Result<()> {
        self.writable()?;
        let now = self.now();
        let expires = expiry(ttl, now)?;
        let fronts: Vec<Front<'_>> = items
            .iter()
            .map(|(key, payload)| self.front(key, payload, expires, false))
            .collect::<Result<_>>()?;
        let records: Vec<_> = items
            .iter()
            .zip(&fronts)
            .map(|((key, payload), front)| {
                (key.clone(), front.record(payload.bytes, payload.codec.is_text(), expires))
            })
            .collect();
        let written = self.backend.put_many(&records, now);
        records.iter().for_each(|(key, _)| self.tidy_up(key.as_str(), None));
        written
    }

    /// What goes round the payload: nothing for a value that is written bare.
    fn front<'a>(
        &self,
        key: &Key<'_>,
        payload: &Payload<'a>,
        expires: Option<u64>,
        plain: bool,
    ) -> Result<Front<'a>> {
        let capability = self.backend.capability();
        let named = !capability.header_beside && self.backend.key_in_header(key);
        let may_be_bare = !capability.header_beside && self.bare && !named && expires.is_none();
        if may_be_bare && payload.segments.is_empty() {
            let reads_back = bare::may_write(payload.codec, payload.bytes);
            let plain = plain && payload.codec == Codec::Raw && !bare::has_magic(payload.bytes);
            if reads_back || plain {
                return Ok(Front::default());
            }
        }
        Front::of(payload, expires, named.then_some(key), &self.keyring)
    }
}

fn expiry(ttl: Option<Duration>, now: u64) -> Result<Option<u64>> {
    let Some(ttl) = ttl else { return Ok(None) };
    // Rounded up, so that no value dies before its time.
    let ms = u64::try_from(ttl.as_nanos().div_ceil(1_000_000)).ok();
    // Databases keep the time as a signed number.
    let expires = ms.and_then(|ms| now.checked_add(ms)).filter(|at| i64::try_from(*at).is_ok());
    expires.map(Some).ok_or_else(|| {
        Error::new(
            ErrorKind::Validation,
            "the ttl is longer than any calendar; use None to keep the value for ever",
        )
    })
}
