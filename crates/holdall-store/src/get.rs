//! Reading.

use bytes::Bytes;
use holdall_backend::{Buffer, Head, Segments, Stored, Version};
use holdall_frame::{Frame, Header, Table, bare};
use holdall_types::{Codec, Error, ErrorKind, Key, Result};

use crate::beside::token_of;
use crate::keyring::Trust;
use crate::store::Store;

/// A stored value, its frame checked and its payload not yet opened.
#[derive(Debug)]
pub struct Loaded {
    /// Header and payload in one piece, or the bare value.
    pub bytes: Bytes,
    /// The large buffers that belong to the payload.
    pub segments: Segments,
    /// What the frame says; for a bare value what the bare rule says.
    pub header: Header,
    /// Where the payload begins.
    pub start: usize,
    /// Whether there was no frame.
    pub bare: bool,
}

impl Loaded {
    /// Bytes that have no frame, to be read by a codec.
    #[must_use]
    pub const fn bare(bytes: Bytes, codec: Codec) -> Self {
        Self { bytes, segments: Segments::none(), header: Header::plain(codec), start: 0, bare: true }
    }

    /// The codec's bytes; of a sealed value those that [`Keyring::open`](crate::Keyring::open) makes
    /// them of.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// The token of the side data that it may name: the payload begins like that of such a value.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        let named = self.header.codec == Codec::Pickle && !self.bare && self.header.sealed.is_none();
        if named { token_of(self.payload()) } else { None }
    }

    /// Whether segments that were not read must be checked all the same, before the payload is opened:
    /// what is trusted for its signature is trusted for all that is signed.
    #[must_use]
    pub fn must_check(&self, trust: Trust) -> bool {
        self.header.signed.is_some() && trust == Trust::Keyset
    }

    /// The whole frame in one piece, or the bare value.
    ///
    /// # Errors
    /// `OutOfMemory`; `Validation` if the segments were not read.
    pub fn whole(&self) -> Result<Vec<u8>> {
        let Segments::Read(segments) = &self.segments else {
            return Err(Error::new(ErrorKind::Validation, "the segments of this value were not read"));
        };
        let table = self.header.table.as_ref();
        let end = table.map_or(self.bytes.len() as u64, |table| table.end(self.start as u64));
        let mut whole = Vec::new();
        whole.try_reserve_exact(usize::try_from(end).unwrap_or(usize::MAX))?;
        whole.extend_from_slice(&self.bytes);
        if let Some(table) = table {
            for (place, segment) in table.places(self.start as u64).zip(segments) {
                whole.resize(usize::try_from(place.start).unwrap_or(usize::MAX), 0);
                whole.extend_from_slice(segment);
            }
        }
        Ok(whole)
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
    /// The size of the payload and its segments in bytes.
    pub size: u64,
    /// When the key was first written, in milliseconds since the Unix epoch.
    pub created: u64,
    /// When the value was written, in milliseconds since the Unix epoch.
    pub updated: u64,
}

/// Takes a frame that lies in one piece apart and checks it; bytes without one are read by the bare
/// rule. What is in it is copied, each segment to a buffer of its own.
///
/// # Errors
/// As [`Frame::read`]; `OutOfMemory`.
pub fn read(bytes: &[u8]) -> Result<Loaded> {
    if !bare::has_magic(bytes) {
        return Ok(Loaded::bare(copy(bytes)?.into(), bare::codec_of(bytes)));
    }
    let Frame { header, head, payload, segments, .. } = Frame::read(bytes)?;
    let start = head.len();
    let front = bytes.get(..start + payload.len()).unwrap_or_default();
    let buffer = |mut segment: &[u8]| {
        let length = segment.len() as u64;
        Buffer::read(&mut segment, length, |_| {}).map_err(|error| Error::io(error, "cannot copy a segment"))
    };
    let segments = Segments::Read(segments.into_iter().map(buffer).collect::<Result<_>>()?);
    Ok(Loaded { bytes: copy(front)?.into(), segments, header, start, bare: false })
}

fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

/// The same for what a backend gave, which is not copied.
impl TryFrom<Stored> for Loaded {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self> {
        let Stored { bytes, segments, .. } = stored;
        if !bare::has_magic(&bytes) {
            let codec = bare::codec_of(&bytes);
            return Ok(Self::bare(bytes, codec));
        }
        let frame = Frame::read_front(&bytes)?;
        let (header, start) = (frame.header, frame.head.len());
        if header.table.as_ref().map_or(0, |table| table.segments.len()) != segments.count() {
            let message = "the segments that its header announces are not there; write the value again, or restore a copy";
            return Err(Error::new(ErrorKind::CorruptFrame, message));
        }
        Ok(Self { bytes, segments, header, start, bare: false })
    }
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

    /// The value of a key, its segments left in the file that they are in and not checked; read where
    /// they are in none.
    ///
    /// # Errors
    /// As [`get`](Store::get).
    pub fn get_unread(&self, key: &Key<'_>) -> Result<Option<Loaded>> {
        let now = self.now();
        match self.backend.get_unread(key, now)? {
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
        let size = header.table.as_ref().map_or(size.saturating_sub(length as u64), Table::size);
        Ok(Some(Glance { header, bare, size, created, updated }))
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
        let loaded = Loaded::try_from(stored).map_err(|error| error.context(format_args!("get {key}")))?;
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
    use super::*;

    #[test]
    fn bytes_without_a_frame_follow_the_bare_rule() {
        let codec = |bytes: &'static [u8]| read(bytes).unwrap().header.codec;
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
