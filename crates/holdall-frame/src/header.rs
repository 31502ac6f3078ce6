//! The header: what a frame says of its payload, and its bytes.

use holdall_types::limits::{MAX_KEY, MAX_PAYLOAD};
use holdall_types::{Codec, Error, ErrorKind, Result};

use crate::checksum::{self, checksum};
use crate::cursor::Cursor;
use crate::flags::{self, EXPIRY, KEY, MORE, PYTHON, SEALED, SEGMENTS, SIGNED};
use crate::keyset::KeyId;
use crate::seal::Seal;
use crate::signature::{MAC_LEN, Signature, Signer};
use crate::table::Table;
use crate::{MAGIC, VERSION};

/// What a frame says of its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// How the payload is to be read.
    pub codec: Codec,
    /// With what the payload was sealed. `None` when writing: [`seal`](Header::seal) makes it.
    pub sealed: Option<Seal>,
    /// When the value stops being one, in milliseconds since the Unix epoch.
    pub expires: Option<u64>,
    /// The Python version (major, minor) whose code objects the payload holds.
    pub python: Option<(u8, u8)>,
    /// The segments that follow the payload, if there are any.
    pub table: Option<Table>,
    /// The value's key, where the place of the value does not tell it. Whoever reads it must
    /// check that this key belongs to that place: the frame vouches for the bytes alone.
    pub key: Option<String>,
    /// The signature that was read. `None` when writing: the signer makes it.
    pub signed: Option<Signature>,
}

impl Header {
    /// The header of a payload of which there is nothing else to say.
    #[must_use]
    pub const fn plain(codec: Codec) -> Self {
        Self { codec, sealed: None, expires: None, python: None, table: None, key: None, signed: None }
    }

    /// Whether opening the payload can run code or makes instances of classes. Of CBOR only what is
    /// signed or sealed may.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        let vouched_for = self.signed.is_some() || self.sealed.is_some();
        self.codec.is_active() || (matches!(self.codec, Codec::Cbor) && vouched_for)
    }

    /// Reads the header that bytes begin with, and says how long it is. `None` if they do not
    /// begin as a frame. The checksum needs the payload, so [`Frame`](crate::Frame) checks it.
    ///
    /// # Errors
    /// `UnsupportedVersion` for a newer version, an unknown codec or a part that this version does
    /// not read; `CorruptFrame` if the bytes end inside the header or a field is impossible;
    /// `LimitExceeded` for a key longer than any key may be, and for more segments or bytes than a
    /// frame may have.
    pub fn read(start: &[u8]) -> Result<Option<(Self, usize)>> {
        let Some(rest) = start.strip_prefix(&MAGIC) else { return Ok(None) };
        let mut cursor = Cursor::new(rest);
        let [version_and_codec, flags] = cursor.array()?;
        if version_and_codec >> 4 > VERSION {
            return Err(flags::unsupported(&format!("format version {}", version_and_codec >> 4)));
        }
        let Some(codec) = Codec::from_number(version_and_codec & 0x0F) else {
            return Err(flags::unsupported(&format!("codec number {}", version_and_codec & 0x0F)));
        };
        let mut header = Self::plain(codec);
        if flags != 0 {
            header.read_fields(flags, &mut cursor)?;
        }
        cursor.array::<{ checksum::LEN }>()?;
        Ok(Some((header, start.len() - cursor.left())))
    }

    fn read_fields(&mut self, flags: u8, cursor: &mut Cursor<'_>) -> Result<()> {
        flags::check(flags)?;
        let mut more = 0;
        if flags & MORE != 0 {
            [more] = cursor.array()?;
            flags::check_more(more)?;
        }
        if flags & SEALED != 0 {
            self.sealed = Some(Seal::read(cursor)?);
        }
        if flags & EXPIRY != 0 {
            self.expires = Some(u64::from_le_bytes(cursor.array()?));
        }
        if flags & PYTHON != 0 {
            let [major, minor] = cursor.array()?;
            self.python = Some((major, minor));
        }
        if flags & SEGMENTS != 0 {
            self.table = Some(Table::read(cursor, flags & SIGNED != 0)?);
        }
        if more & KEY != 0 {
            let length = usize::from(u16::from_le_bytes(cursor.array()?));
            check_key(length, ErrorKind::CorruptFrame)?;
            let key = std::str::from_utf8(cursor.slice(length)?).map_err(|error| {
                Error::new(
                    ErrorKind::CorruptFrame,
                    "the key in the frame is not UTF-8; write the value again",
                )
                .caused_by(error)
            })?;
            self.key = Some(key.to_owned());
        }
        if flags & SIGNED != 0 {
            let key_id = KeyId(u32::from_le_bytes(cursor.array()?));
            self.signed = Some(Signature { key_id, mac: cursor.array()? });
        }
        Ok(())
    }

    /// The header's bytes for this payload, signed under the primary key if there is a signer.
    ///
    /// # Errors
    /// `Validation` if `signed` or `sealed` is set already, the key is empty, or the table is another payload's
    /// or has hashes of the other kind; `LimitExceeded` if the payload or the key is too long for a
    /// frame.
    pub fn write(&self, payload: &[u8], signer: Option<&Signer<'_>>) -> Result<Vec<u8>> {
        if self.table.as_ref().is_some_and(|table| table.payload != payload.len() as u64) {
            return Err(Error::new(
                ErrorKind::Validation,
                "this header's table of segments says another length of the payload; make the table anew",
            ));
        }
        check_payload(payload)?;
        self.build(Some(payload), signer)
    }

    /// A header as long as the one that [`write`](Header::write) will give, and right in all but its
    /// hashes, its MAC and its checksum: for whoever must leave room for it until the segments were
    /// hashed.
    ///
    /// # Errors
    /// As [`write`](Header::write).
    pub fn draft(&self, signer: Option<&Signer<'_>>) -> Result<Vec<u8>> {
        self.build(None, signer)
    }

    fn build(&self, payload: Option<&[u8]>, signer: Option<&Signer<'_>>) -> Result<Vec<u8>> {
        let mut head = self.fields(None, signer.is_some())?;
        if let Some(signer) = signer {
            let key = signer.keyset.primary();
            head.extend_from_slice(&key.id.0.to_le_bytes());
            match payload {
                Some(payload) => {
                    let mac = signer.mac(key, &head, payload);
                    head.extend_from_slice(mac.as_bytes());
                }
                None => head.extend_from_slice(&[0; MAC_LEN]),
            }
        }
        let sum = payload.map_or([0; checksum::LEN], |payload| checksum(&head, payload));
        head.extend_from_slice(&sum);
        Ok(head)
    }

    /// All of it that stands before the signature and the checksum, with room for them.
    pub(crate) fn fields(&self, sealed: Option<&Seal>, signed: bool) -> Result<Vec<u8>> {
        if self.signed.is_some() || self.sealed.is_some() {
            return Err(Error::new(
                ErrorKind::Validation,
                "this header carries another frame's signature or seal; set `signed` and `sealed` to None and \
                 give a signer",
            ));
        }
        let mut flags = 0;
        let mut length = MAGIC.len() + 2 + checksum::LEN;
        let mut add = |present: bool, flag: u8, size: usize| {
            if present {
                flags |= flag;
                length += size;
            }
        };
        add(self.key.is_some(), MORE, 1 + 2 + self.key.as_ref().map_or(0, String::len));
        add(sealed.is_some(), SEALED, Seal::LEN);
        add(self.expires.is_some(), EXPIRY, 8);
        add(self.python.is_some(), PYTHON, 2);
        if let Some(table) = &self.table {
            add(true, SEGMENTS, table.len(signed));
        }
        add(signed, SIGNED, 4 + MAC_LEN);

        let mut head = Vec::with_capacity(length);
        let [first, second] = MAGIC;
        head.extend_from_slice(&[first, second, VERSION << 4 | self.codec.number(), flags]);
        if flags != 0 {
            self.write_fields(&mut head, sealed, signed)?;
        }
        Ok(head)
    }

    /// The length of a header of which nothing but the codec is to be said.
    pub const PLAIN: usize = MAGIC.len() + 2 + checksum::LEN;

    /// The bytes of such a header, as [`write`](Self::write) gives them but without an allocation.
    ///
    /// # Errors
    /// `LimitExceeded` if the payload is too long for a frame.
    pub fn write_plain(codec: Codec, payload: &[u8]) -> Result<[u8; Self::PLAIN]> {
        check_payload(payload)?;
        let [first, second] = MAGIC;
        let front = [first, second, VERSION << 4 | codec.number(), 0];
        let ([a, b, c, d], [e, f, g, h]) = (front, checksum(&front, payload));
        Ok([a, b, c, d, e, f, g, h])
    }

    fn write_fields(&self, head: &mut Vec<u8>, sealed: Option<&Seal>, signed: bool) -> Result<()> {
        if self.key.is_some() {
            head.push(KEY);
        }
        if let Some(seal) = sealed {
            seal.write(head);
        }
        if let Some(expires) = self.expires {
            head.extend_from_slice(&expires.to_le_bytes());
        }
        if let Some((major, minor)) = self.python {
            head.extend_from_slice(&[major, minor]);
        }
        if let Some(table) = &self.table {
            if table.segments.is_empty() || !table.fits(signed) {
                return Err(Error::new(
                    ErrorKind::Validation,
                    "the table of segments is empty, or its hashes are not those of such a frame (BLAKE3 in a \
                     signed one, XXH3 in another); make the table anew",
                ));
            }
            table.write(head)?;
        }
        if let Some(key) = &self.key {
            let length = check_key(key.len(), ErrorKind::Validation)?;
            head.extend_from_slice(&length.to_le_bytes());
            head.extend_from_slice(key.as_bytes());
        }
        Ok(())
    }
}

pub(crate) fn check_payload(payload: &[u8]) -> Result<()> {
    if u64::try_from(payload.len()).is_ok_and(|length| length <= MAX_PAYLOAD) {
        return Ok(());
    }
    let message = format!("the payload has {} bytes; {MAX_PAYLOAD} is the most", payload.len());
    Err(Error::new(ErrorKind::LimitExceeded, message))
}

/// The length of a key as the frame keeps it. An empty key would be a second spelling of none.
fn check_key(length: usize, empty: ErrorKind) -> Result<u16> {
    match u16::try_from(length) {
        Ok(0) => {
            Err(Error::new(empty, "the key of a frame is empty; leave it out, or give the value a name"))
        }
        Ok(short) if length <= MAX_KEY => Ok(short),
        _ => {
            let message = format!("the key in the frame has {length} bytes; {MAX_KEY} is the most");
            Err(Error::new(ErrorKind::LimitExceeded, message))
        }
    }
}
