//! Reading.

use bytes::Bytes;
use holdall_backend::{Head, Stored, Version};
use holdall_frame::{Frame, Header, bare};
use holdall_types::{Error, ErrorKind, Key, Result};

use crate::store::Store;

/// A stored value, its frame checked and its payload not yet opened.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Header and payload in one piece, or the bare value.
    pub bytes: Bytes,
    /// What the frame says; for a bare value what the bare rule says.
    pub header: Header,
    /// Where the payload begins.
    pub start: usize,
    /// Whether there was no frame.
    pub bare: bool,
}

impl Loaded {
    /// The codec's bytes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// Whether reading it may run code: a pickle, or CBOR that was signed because of the instances in it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.header.codec.is_active() || self.header.signed.is_some()
    }

    /// Which state of the key this is.
    #[must_use]
    pub fn version(&self) -> Version {
        Version::of(&self.bytes)
    }
}

/// What can be said of a value from its beginning.
#[derive(Clone, Debug)]
pub struct Glance {
    /// What the frame says; for a bare value what its first bytes suggest.
    pub header: Header,
    /// Whether there is no frame.
    pub bare: bool,
    /// The payload's size in bytes.
    pub size: u64,
    /// When the key was first written, in milliseconds since the Unix epoch.
    pub created: u64,
    /// When the value was written, in milliseconds since the Unix epoch.
    pub updated: u64,
}

/// Takes a frame apart and checks it; bytes without one are read by the bare rule.
///
/// # Errors
/// As [`Frame::read`].
pub fn read(bytes: Bytes) -> Result<Loaded> {
    if bare::has_magic(&bytes) {
        return read_frame(bytes);
    }
    let header = Header::plain(bare::codec_of(&bytes));
    Ok(Loaded { bytes, header, start: 0, bare: true })
}

fn read_frame(bytes: Bytes) -> Result<Loaded> {
    let frame = Frame::read(&bytes)?;
    let (header, start) = (frame.header, frame.head.len());
    Ok(Loaded { bytes, header, start, bare: false })
}

impl Store {
    /// The value of a key.
    ///
    /// # Errors
    /// Those of the backend; `CorruptFrame` and `UnsupportedVersion` for a frame that cannot be read.
    pub fn get(&self, key: &Key<'_>) -> Result<Option<Loaded>> {
        let now = self.now();
        match self.backend.get(key, now)? {
            Some(stored) => self.load(key, stored, now),
            None => Ok(None),
        }
    }

    /// The values of several keys, in their order.
    ///
    /// # Errors
    /// As [`get`](Store::get).
    pub fn get_many(&self, keys: &[Key<'_>]) -> Result<Vec<Option<Loaded>>> {
        let now = self.now();
        let found = self.backend.get_many(keys, now)?;
        let load = |(key, stored): (&Key<'_>, Option<Stored>)| match stored {
            Some(stored) => self.load(key, stored, now),
            None => Ok(None),
        };
        keys.iter().zip(found).map(load).collect()
    }

    /// What can be said of a value without reading all of it. The checksum is not checked.
    ///
    /// # Errors
    /// As [`get`](Store::get).
    pub fn glance(&self, key: &Key<'_>) -> Result<Option<Glance>> {
        let now = self.now();
        let Some(head) = self.backend.head(key, now)? else { return Ok(None) };
        let Head { start, size, created, updated } = head;
        let read = Header::read(&start).map_err(|error| error.context(format_args!("get {key}")))?;
        let (header, length, bare) = match read {
            Some((header, length)) => (header, length, false),
            None => {
                self.may_be_bare(key)?;
                (Header::plain(bare::codec_of(whole_characters(&start, size))), 0, true)
            }
        };
        if header.expires.is_some_and(|at| at <= now) {
            return Ok(None);
        }
        Ok(Some(Glance { header, bare, size: size.saturating_sub(length as u64), created, updated }))
    }

    /// Refuses bytes without a frame where every value has one: they are what damage or a crash of the
    /// machine left of a value.
    fn may_be_bare(&self, key: &Key<'_>) -> Result<()> {
        let message = if self.backend.capability().header_beside {
            format!("get {key}: its header is damaged; write the value again, or restore a copy")
        } else if !self.bare {
            format!(
                "get {key}: it has no frame, and this store (bare=False) frames everything: it was damaged, or \
                 another program wrote it; write the value again, or open the store without bare=False to read \
                 it as it is"
            )
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::CorruptFrame, message))
    }

    fn load(&self, key: &Key<'_>, stored: Stored, now: u64) -> Result<Option<Loaded>> {
        if !bare::has_magic(&stored.bytes) {
            self.may_be_bare(key)?;
        }
        let loaded = read(stored.bytes).map_err(|error| error.context(format_args!("get {key}")))?;
        if loaded.header.expires.is_some_and(|at| at <= now) {
            return Ok(None);
        }
        match &loaded.header.key {
            Some(name) if name != key.as_str() => {
                let message =
                    format!("get {key}: the frame there belongs to the key {name:?}; write the value again");
                Err(Error::new(ErrorKind::CorruptFrame, message))
            }
            _ => Ok(Some(loaded)),
        }
    }
}

/// The start of a longer text may end inside a character; that does not make it bytes.
fn whole_characters(start: &[u8], size: u64) -> &[u8] {
    match std::str::from_utf8(start) {
        Err(error) if error.error_len().is_none() && size > start.len() as u64 => {
            start.get(..error.valid_up_to()).unwrap_or_default()
        }
        _ => start,
    }
}

#[cfg(test)]
mod tests {
    use holdall_types::Codec;

    use super::*;

    #[test]
    fn bytes_without_a_frame_follow_the_bare_rule() {
        let codec = |bytes: &'static [u8]| read(Bytes::from_static(bytes)).unwrap().header.codec;
        assert_eq!(codec(b""), Codec::Raw);
        assert_eq!(codec(b"{}"), Codec::Json);
        assert_eq!(codec(b"hello"), Codec::Text);
        assert_eq!(codec(b"\xff"), Codec::Raw);
    }

    #[test]
    fn a_text_cut_inside_a_character_is_still_text() {
        let text = "é".as_bytes();
        assert_eq!(whole_characters(&text[..1], 2), b"");
        assert_eq!(whole_characters(&text[..1], 1), &text[..1]);
    }
}
