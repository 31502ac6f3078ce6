//! Sealing: a payload that only holders of a key can read, and that only they can have written.
//!
//! XChaCha20-Poly1305 does not commit to its key: one ciphertext can be made that opens under two. So
//! the frame says which key it is, by a hash that is compared before anything is decrypted. Each frame
//! has a key of its own, so that the count of frames under one secret has no limit that could be
//! reached, and pieces are told apart by their numbers.

use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305};
use holdall_types::{Error, ErrorKind, Result};

use crate::checksum::checksum;
use crate::cursor::Cursor;
use crate::frame::Frame;
use crate::header::{Header, check_payload};
use crate::keyset::{KeyEntry, KeyId};
use crate::signature::Signer;

/// So much of a payload is sealed at once: damage is found there, not after gigabytes of decrypting.
const CHUNK: usize = 64 * 1024;
const TAG_LEN: usize = 16;
const NONCE_LEN: usize = 24;
const COMMITMENT_LEN: usize = 32;

/// What a header says of a sealed payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The key that sealed.
    pub key_id: KeyId,
    /// Random; from it and the key follow the frame's own key and the commitment.
    pub nonce: [u8; NONCE_LEN],
    /// What commits the frame to its key.
    pub commitment: [u8; COMMITMENT_LEN],
}

impl Seal {
    pub(crate) const LEN: usize = 4 + NONCE_LEN + COMMITMENT_LEN;

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let key_id = KeyId(u32::from_le_bytes(cursor.array()?));
        Ok(Self { key_id, nonce: cursor.array()?, commitment: cursor.array()? })
    }

    pub(crate) fn write(&self, head: &mut Vec<u8>) {
        head.extend_from_slice(&self.key_id.0.to_le_bytes());
        head.extend_from_slice(&self.nonce);
        head.extend_from_slice(&self.commitment);
    }
}

/// A header and its sealed payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The header's bytes, checksum included.
    pub head: Vec<u8>,
    /// What stands in the payload's place.
    pub payload: Vec<u8>,
}

impl Header {
    /// This header and a payload, sealed under the primary key. It needs no signature.
    ///
    /// # Errors
    /// Those of [`write`](Header::write); `Validation` for a header with segments; `Backend` if the
    /// system gives no random bytes; `OutOfMemory`.
    pub fn seal(&self, payload: &[u8], signer: &Signer<'_>) -> Result<Sealed> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| {
            Error::new(ErrorKind::Backend, format!("cannot seal: the system gave no random bytes ({error})"))
                .caused_by(error)
        })?;
        self.seal_with(nonce, payload, signer)
    }

    fn seal_with(&self, nonce: [u8; NONCE_LEN], payload: &[u8], signer: &Signer<'_>) -> Result<Sealed> {
        if self.table.is_some() {
            return Err(Error::new(
                ErrorKind::Validation,
                "only a whole payload can be sealed, and this one has segments; write them into the payload",
            ));
        }
        check_payload(payload)?;
        let key = signer.keyset.primary();
        let (cipher, commitment) = keys(key, &nonce, signer);
        let seal = Seal { key_id: key.id, nonce, commitment: *commitment.as_bytes() };
        let mut head = self.fields(Some(&seal), false)?;
        let data = associated(&head, signer);

        let count = payload.len().div_ceil(CHUNK).max(1);
        let mut body = Vec::new();
        body.try_reserve_exact(payload.len().saturating_add(count * TAG_LEN))?;
        for index in 0..count {
            let rest = payload.get(index * CHUNK..).unwrap_or_default();
            let start = body.len();
            body.extend_from_slice(rest.get(..CHUNK).unwrap_or(rest));
            let chunk = body.get_mut(start..).unwrap_or_default();
            let nonce = place(&nonce, index, index + 1 == count).into();
            let tag = cipher.encrypt_inout_detached(&nonce, &data, chunk.into()).map_err(|_| {
                Error::new(ErrorKind::LimitExceeded, "cannot seal: a chunk is too long for the cipher")
            })?;
            body.extend_from_slice(&tag);
        }
        let sum = checksum(&head, &body);
        head.extend_from_slice(&sum);
        Ok(Sealed { head, payload: body })
    }
}

impl Frame<'_> {
    /// The payload of a sealed frame. That it opens proves that a holder of the key wrote all of it,
    /// header included, for this purpose and context: it is trusted as if it were signed.
    ///
    /// # Errors
    /// `UnknownKey` if the key is not in the keyset or is disabled there; `UntrustedPayload`, with one
    /// message whatever the reason, if the payload does not open; `Validation` if the frame is not
    /// sealed; `OutOfMemory`.
    pub fn open(&self, signer: &Signer<'_>) -> Result<Vec<u8>> {
        let Some(seal) = &self.header.sealed else {
            return Err(Error::new(ErrorKind::Validation, "this frame is not sealed; read its payload"));
        };
        let codec = self.header.codec.name();
        let id = seal.key_id;
        let key = signer.keyset.get(id).filter(|key| key.enabled).ok_or_else(|| {
            let lack = match signer.keyset.get(id) {
                None => "which the keyset does not hold; share the keyset of the writing machine by HOLDALL_KEYSET",
                Some(_) => "which is disabled in the keyset; enable it again",
            };
            Error::new(ErrorKind::UnknownKey, format!("this {codec} payload is sealed with key {id}, {lack}"))
        })?;
        let refused = || {
            Error::new(
                ErrorKind::UntrustedPayload,
                format!(
                    "this sealed {codec} payload does not open with key {id}: it was changed, or it was not \
                     sealed as this {}; if keysets were mixed up, share the keyset of the writing machine by \
                     HOLDALL_KEYSET",
                    signer.purpose.name()
                ),
            )
        };
        let (cipher, commitment) = keys(key, &seal.nonce, signer);
        // `blake3::Hash` compares in constant time.
        if commitment != blake3::Hash::from_bytes(seal.commitment) {
            return Err(refused());
        }
        let before = self.head.len().saturating_sub(crate::checksum::LEN);
        let data = associated(self.head.get(..before).unwrap_or_default(), signer);

        let count = self.payload.len().div_ceil(CHUNK + TAG_LEN);
        let mut plain = Vec::new();
        plain.try_reserve_exact(self.payload.len().saturating_sub(count * TAG_LEN))?;
        for (index, chunk) in self.payload.chunks(CHUNK + TAG_LEN).enumerate() {
            let (text, tag) = chunk.split_last_chunk::<TAG_LEN>().ok_or_else(refused)?;
            // An empty chunk behind a full one would be a second spelling.
            if text.is_empty() && index > 0 {
                return Err(refused());
            }
            let start = plain.len();
            plain.extend_from_slice(text);
            let text = plain.get_mut(start..).unwrap_or_default();
            let nonce = place(&seal.nonce, index, index + 1 == count).into();
            // The tag is checked before the chunk is decrypted.
            let tag = (*tag).into();
            cipher.decrypt_inout_detached(&nonce, &data, text.into(), &tag).map_err(|_| refused())?;
        }
        // Of no chunks nobody vouched for anything.
        if count == 0 { Err(refused()) } else { Ok(plain) }
    }
}

/// The frame's own key, and what commits the frame to it.
fn keys(key: &KeyEntry, nonce: &[u8; NONCE_LEN], signer: &Signer<'_>) -> (XChaCha20Poly1305, blake3::Hash) {
    let mut hasher = blake3::Hasher::new_keyed(&key.sealing_subkey(signer.purpose));
    hasher.update(nonce);
    let mut output = hasher.finalize_xof();
    let (mut own, mut commitment) = ([0; 32], [0; COMMITMENT_LEN]);
    output.fill(&mut own);
    output.fill(&mut commitment);
    (XChaCha20Poly1305::new(&own.into()), blake3::Hash::from_bytes(commitment))
}

/// The nonce of a chunk: the frame's key is used for nothing else, so that number and end would be
/// enough; the frame's nonce is in it all the same, should the keys ever be derived otherwise.
fn place(nonce: &[u8; NONCE_LEN], index: usize, last: bool) -> [u8; NONCE_LEN] {
    let mut place = *nonce;
    if let Some(end) = place.last_chunk_mut::<9>() {
        let [a, b, c, d, e, f, g, h] = (index as u64).to_le_bytes();
        *end = [a, b, c, d, e, f, g, h, u8::from(last)];
    }
    place
}

/// What is vouched for beside the payload. The lengths close it, so that no byte can move from one
/// part to the other.
fn associated(head: &[u8], signer: &Signer<'_>) -> Vec<u8> {
    let lengths = [head.len() as u64, signer.context.len() as u64].map(u64::to_le_bytes);
    [head, signer.context, lengths.as_flattened()].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]
mod tests;
