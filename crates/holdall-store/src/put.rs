//! Writing.

use std::time::Duration;

use holdall_backend::{Condition, Record};
use holdall_frame::{Header, Purpose, Signer, bare};
use holdall_types::{Codec, Error, ErrorKind, Key, Result};

use crate::keyring::Keyring;
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
    /// Whether reading it can run code, so that it is signed.
    pub active: bool,
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

/// A whole frame round a payload, signed if it is active.
///
/// # Errors
/// Those of the keyring, for an active payload; `OutOfMemory`.
pub fn frame(payload: &Payload<'_>, keyring: &Keyring) -> Result<Vec<u8>> {
    let head = head(payload, None, None, keyring)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(head.len() + payload.bytes.len())?;
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(payload.bytes);
    Ok(bytes)
}

fn head(
    payload: &Payload<'_>,
    expires: Option<u64>,
    key: Option<&Key<'_>>,
    keyring: &Keyring,
) -> Result<Vec<u8>> {
    let mut header = Header::plain(payload.codec);
    header.expires = expires;
    header.python = payload.python;
    header.key = key.map(|key| key.as_str().to_owned());
    if !payload.active {
        return header.write(payload.bytes, None);
    }
    let keyset = keyring.for_signing()?;
    let signer = Signer { keyset: &keyset, purpose: Purpose::Value, context: b"" };
    header.write(payload.bytes, Some(&signer))
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
        let head = self.front(key, payload, expires, how.plain)?;
        let record = Record { header: &head, body: payload.bytes, text: payload.codec.is_text(), expires };
        self.backend.put(key, &record, how.condition, now)
    }

    /// Writes several values at once, in one transaction where the backend has them.
    ///
    /// # Errors
    /// As [`put`](Store::put).
    pub fn put_many(&self, items: &[(Key<'_>, Payload<'_>)], ttl: Option<Duration>) -> Result<()> {
        self.writable()?;
        let now = self.now();
        let expires = expiry(ttl, now)?;
        let heads: Vec<Vec<u8>> = items
            .iter()
            .map(|(key, payload)| self.front(key, payload, expires, false))
            .collect::<Result<_>>()?;
        let records: Vec<_> = items
            .iter()
            .zip(&heads)
            .map(|((key, payload), head)| {
                let text = payload.codec.is_text();
                (key.clone(), Record { header: head, body: payload.bytes, text, expires })
            })
            .collect();
        self.backend.put_many(&records, now)
    }

    /// The header, or nothing for a value that is written bare.
    fn front(
        &self,
        key: &Key<'_>,
        payload: &Payload<'_>,
        expires: Option<u64>,
        plain: bool,
    ) -> Result<Vec<u8>> {
        let capability = self.backend.capability();
        let named = !capability.header_beside && self.backend.key_in_header(key);
        let may_be_bare = !capability.header_beside && self.bare && !named && expires.is_none();
        if may_be_bare {
            let reads_back = bare::may_write(payload.codec, payload.bytes);
            let plain = plain && payload.codec == Codec::Raw && !bare::has_magic(payload.bytes);
            if reads_back || plain {
                return Ok(Vec::new());
            }
        }
        head(payload, expires, named.then_some(key), &self.keyring)
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
