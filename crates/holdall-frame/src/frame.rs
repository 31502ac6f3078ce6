//! The frame: a header and its payload, every byte of them checked.

use holdall_types::{Codec, Error, ErrorKind, Result};

use crate::checksum::{self, checksum};
use crate::header::Header;
use crate::signature::{MAC_LEN, Signer};
use crate::{MAGIC, VERSION, table};

/// A header and its payload whose checksum was right. Only [`read`](Frame::read),
/// [`read_front`](Frame::read_front) and [`read_parts`](Frame::read_parts) make one, so that nobody
/// verifies what was not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame<'a> {
    /// What the frame says of its payload.
    pub header: Header,
    /// The header's bytes, checksum included.
    pub head: &'a [u8],
    /// The codec's bytes, or in a sealed frame what [`open`](Frame::open) makes them of.
    pub payload: &'a [u8],
    /// The segments, each of them checked; none where they are kept elsewhere.
    pub segments: Vec<&'a [u8]>,
}

impl<'a> Frame<'a> {
    /// Reads a frame that lies in one piece, segments included; it must take all of the bytes.
    ///
    /// # Errors
    /// `NotAFrame` if the bytes do not begin as one; those of [`Header::read`]; `CorruptFrame` if
    /// a checksum says that a byte was changed, lost or added.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let (header, length) = Header::read(bytes)?.ok_or_else(|| not_a_frame(bytes))?;
        let (head, body) = bytes.split_at_checked(length).ok_or_else(corrupt)?;
        let Some(table) = &header.table else { return Self::check(header, head, body) };
        let (payload, segments) = table::split(table, length, body).ok_or_else(corrupt)?;
        let mut frame = Self::check(header, head, payload)?;
        if let Some(table) = &frame.header.table {
            for (index, segment) in segments.iter().enumerate() {
                table.check_bytes(index, segment)?;
            }
        }
        frame.segments = segments;
        Ok(frame)
    }

    /// Reads the commonest frame without taking it apart: of a payload that is plain data (text, raw
    /// or JSON), of which nothing but the codec is said. `None` is every other frame, and a damaged one:
    /// [`read`](Frame::read) says which.
    #[must_use]
    pub fn read_data(bytes: &'a [u8]) -> Option<(Codec, &'a [u8])> {
        let (head, payload) = bytes.split_first_chunk::<{ Header::PLAIN }>()?;
        let [first, second, version_and_codec, 0, sum @ ..] = *head else { return None };
        if [first, second] != MAGIC || version_and_codec >> 4 != VERSION {
            return None;
        }
        let codec = Codec::from_number(version_and_codec & 0x0F)?;
        let data = matches!(codec, Codec::Text | Codec::Raw | Codec::Json);
        let right = data && checksum(&[first, second, version_and_codec, 0], payload) == sum;
        right.then_some((codec, payload))
    }

    /// Reads a header and its payload that lie in one piece, without the segments that it may
    /// announce: they are kept elsewhere, and whoever keeps them checks them.
    ///
    /// # Errors
    /// As [`read`](Frame::read).
    pub fn read_front(bytes: &'a [u8]) -> Result<Self> {
        let (header, length) = Header::read(bytes)?.ok_or_else(|| not_a_frame(bytes))?;
        let (head, payload) = bytes.split_at_checked(length).ok_or_else(corrupt)?;
        Self::check(header, head, payload)
    }

    /// Reads a frame whose header is kept apart from its payload, and both from the segments; `head`
    /// must be the header and no more.
    ///
    /// # Errors
    /// As [`read`](Frame::read).
    pub fn read_parts(head: &'a [u8], payload: &'a [u8]) -> Result<Self> {
        let (header, length) = Header::read(head)?.ok_or_else(|| not_a_frame(head))?;
        if length != head.len() {
            return Err(corrupt());
        }
        Self::check(header, head, payload)
    }

    fn check(header: Header, head: &'a [u8], payload: &'a [u8]) -> Result<Self> {
        let (before, sum) = head.split_last_chunk::<{ checksum::LEN }>().ok_or_else(corrupt)?;
        let announced = header.table.as_ref().is_none_or(|table| table.payload == payload.len() as u64);
        if !announced || checksum(before, payload) != *sum {
            return Err(corrupt());
        }
        Ok(Self { header, head, payload, segments: Vec::new() })
    }

    /// Checks that a key of this keyset signed the frame, for this purpose and context.
    ///
    /// # Errors
    /// `UntrustedPayload` if there is no signature or it does not match, and for a sealed frame, which
    /// [`open`](Frame::open) checks: its payload as it stands is nothing to be read; `UnknownKey` if the key
    /// is not in the keyset or is disabled there.
    pub fn verify(&self, signer: &Signer<'_>) -> Result<()> {
        if self.header.sealed.is_some() {
            let codec = self.header.codec.name();
            let message = format!("this {codec} payload is sealed; it must be opened before it can be read");
            return Err(Error::new(ErrorKind::UntrustedPayload, message));
        }
        let what = signer.purpose.what(self.header.codec);
        let or_else = signer.purpose.or_else();
        let Some(signature) = &self.header.signed else {
            return Err(Error::new(
                ErrorKind::UntrustedPayload,
                format!(
                    "this {what} is not signed, so anyone may have written it; write it again with a \
                     keyset{or_else}"
                ),
            ));
        };
        let id = signature.key_id;
        let key = signer.keyset.get(id).ok_or_else(|| {
            Error::new(
                ErrorKind::UnknownKey,
                format!(
                    "this {what} is signed with key {id}, which the keyset does not hold; share the keyset \
                     of the writing machine by HOLDALL_KEYSET{or_else}"
                ),
            )
        })?;
        if !key.enabled {
            return Err(Error::new(
                ErrorKind::UnknownKey,
                format!(
                    "this {what} is signed with key {id}, which is disabled in the keyset; enable the key \
                     again{or_else}"
                ),
            ));
        }
        let before = self.head.len().saturating_sub(MAC_LEN + checksum::LEN);
        let signed = self.head.get(..before).unwrap_or_default();
        // `blake3::Hash` compares in constant time.
        if signer.mac(key, signed, self.payload) == signature.mac {
            return Ok(());
        }
        let purpose = signer.purpose.name();
        Err(Error::new(
            ErrorKind::UntrustedPayload,
            format!(
                "the signature of this {what} does not match key {id}: it was changed, or it was not \
                 signed as this {purpose}; if keysets were mixed up, share the keyset of the writing machine \
                 by HOLDALL_KEYSET{or_else}"
            ),
        ))
    }
}

#[cold]
fn not_a_frame(bytes: &[u8]) -> Error {
    let message = if bytes.is_empty() {
        "there are no bytes, so this is not a frame".to_owned()
    } else {
        format!(
            "these {} bytes do not begin as a frame (C1 48); if they are a bare payload, say so by \
             mode=... and frame=False",
            bytes.len()
        )
    };
    Error::new(ErrorKind::NotAFrame, message)
}

#[cold]
fn corrupt() -> Error {
    Error::new(
        ErrorKind::CorruptFrame,
        "the checksum of the frame does not match: bytes were changed, lost or added; write the value \
         again, or restore it from a backup",
    )
}
