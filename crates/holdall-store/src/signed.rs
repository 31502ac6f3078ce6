//! Frames that are signed for something other than a value: what is to be run, and what it gave.

use std::any::Any;
use std::sync::Arc;

use holdall_backend::{Record, Segments, Tail};
use holdall_frame::{Frame, Header, Keyset, Purpose, Signer, Table};
use holdall_types::{Error, ErrorKind, Result};

use crate::keyring::Keyring;
use crate::pieces::Pieces;
use crate::segment::Segment;

/// A signed frame that owns all it is made of, so that it can wait for another thread to write it.
#[derive(Debug)]
pub struct Signed {
    /// With segments a draft: their hashes, and so the signature, are known when they were written.
    head: Vec<u8>,
    body: Vec<u8>,
    tail: Option<Box<Rest>>,
    /// What lives until it is known whether the frame was kept.
    with: Option<Companion>,
}

/// Anything that is to be dropped once it is known whether a frame was kept.
pub type Companion = Box<dyn Any + Send + Sync>;

/// What it takes to write the segments.
#[derive(Debug)]
struct Rest {
    header: Header,
    table: Table,
    segments: Vec<Box<dyn Segment>>,
    keyset: Arc<Keyset>,
    purpose: Purpose,
    context: Vec<u8>,
}

impl Signed {
    /// Signs a payload, which the header is to announce, with the keyset's primary key.
    ///
    /// # Errors
    /// `LimitExceeded` for one that is too large; `Validation` for a header that is signed already.
    pub fn new(
        header: Header,
        body: Vec<u8>,
        segments: Vec<Box<dyn Segment>>,
        keyset: &Arc<Keyset>,
        purpose: Purpose,
        context: &[u8],
    ) -> Result<Self> {
        let signer = Signer { keyset, purpose, context };
        if segments.is_empty() {
            return Ok(Self { head: header.write(&body, Some(&signer))?, body, tail: None, with: None });
        }
        let lengths = segments.iter().map(|segment| segment.len() as u64);
        let table = Table::unhashed(body.len() as u64, lengths, true)?;
        let draft = Header { table: Some(table.clone()), ..header.clone() };
        let head = draft.draft(Some(&signer))?;
        let (keyset, context) = (Arc::clone(keyset), context.to_owned());
        let rest = Rest { header, table, segments, keyset, purpose, context };
        Ok(Self { head, body, tail: Some(Box::new(rest)), with: None })
    }

    /// Has something dropped once it is known whether this was kept.
    #[must_use]
    pub fn with(mut self, companion: Companion) -> Self {
        self.with = Some(companion);
        self
    }

    /// That, now that it is known. To be dropped where no lock is held.
    pub fn release(&mut self) -> Option<Companion> {
        self.with.take()
    }

    /// What a backend is given.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        let tail = self.tail.is_some().then_some(self as &dyn Tail);
        Record { header: &self.head, body: &self.body, text: false, expires: None, tail }
    }

    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.record().size(true)
    }

    /// The whole frame in one piece.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn whole(&self) -> Result<Vec<u8>> {
        let mut whole = Vec::new();
        whole.try_reserve_exact(usize::try_from(self.size()).unwrap_or(usize::MAX))?;
        whole.extend_from_slice(&self.head);
        whole.extend_from_slice(&self.body);
        if self.tail.is_some() {
            let head = self.pour(self.head.len(), &mut |piece| {
                whole.extend_from_slice(piece);
                Ok(())
            })?;
            if let Some(front) = whole.get_mut(..head.len()) {
                front.copy_from_slice(&head);
            }
        }
        Ok(whole)
    }
}

impl Tail for Signed {
    fn size(&self, base: usize) -> u64 {
        let end = self.tail.as_ref().map_or(0, |rest| rest.table.end(base as u64));
        end.saturating_sub((base + self.body.len()) as u64)
    }

    fn pour(&self, base: usize, write: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<Vec<u8>> {
        let Some(rest) = &self.tail else { return Ok(self.head.clone()) };
        let Rest { header, table, segments, keyset, purpose, context } = &**rest;
        let table = Pieces::new(segments, table, base as u64, true).write(write)?;
        let header = Header { table: Some(table), ..header.clone() };
        header.write(&self.body, Some(&Signer { keyset, purpose: *purpose, context }))
    }
}

/// The frame of what a backend kept, if a key of the keyring signed it for this purpose and context. Only
/// then there is anything in it to be read.
///
/// # Errors
/// `NotAFrame`, `CorruptFrame`, `UnsupportedVersion` for what is no whole frame; `UntrustedPayload` and
/// `UnknownKey` for one that was not signed so.
pub fn verified<'a>(
    bytes: &'a [u8],
    segments: &Segments,
    keyring: &Keyring,
    purpose: Purpose,
    context: &[u8],
) -> Result<Frame<'a>> {
    let frame = Frame::read_front(bytes)?;
    let announced = frame.header.table.as_ref().map_or(0, |table| table.segments.len());
    if announced != segments.count() {
        let message = "the segments that its header announces are not there; restore a copy";
        return Err(Error::new(ErrorKind::CorruptFrame, message));
    }
    if matches!(segments, Segments::Unread(_)) && announced > 0 {
        let message = "the segments of a signed frame must be read, for what is signed is checked";
        return Err(Error::new(ErrorKind::Validation, message));
    }
    keyring.vouch_for(&frame, purpose, context)?;
    Ok(frame)
}

/// The same frame, which was signed for one context, signed for another.
///
/// # Errors
/// Those of [`verified`] for the frame in one piece, and of [`Signed::new`].
pub fn resigned(whole: &[u8], keyring: &Keyring, purpose: Purpose, old: &[u8], new: &[u8]) -> Result<Signed> {
    let frame = Frame::read(whole)?;
    keyring.vouch_for(&frame, purpose, old)?;
    let header = Header { signed: None, table: None, ..frame.header.clone() };
    let segments = frame.segments.iter().map(|segment| -> Box<dyn Segment> { Box::new(segment.to_vec()) });
    Signed::new(header, frame.payload.to_vec(), segments.collect(), &keyring.for_signing()?, purpose, new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdall_types::Codec;

    fn ring() -> Keyring {
        Keyring::new(Some(Keyset::generate().unwrap().to_text()))
    }

    fn signed(ring: &Keyring, segments: &[&[u8]], context: &[u8]) -> Vec<u8> {
        let segments = segments.iter().map(|part| -> Box<dyn Segment> { Box::new(part.to_vec()) });
        let keyset = ring.for_signing().unwrap();
        let header = Header::plain(Codec::Cbor);
        let frame =
            Signed::new(header, b"body".to_vec(), segments.collect(), &keyset, Purpose::Task, context);
        let frame = frame.unwrap();
        let whole = frame.whole().unwrap();
        assert_eq!(whole.len() as u64, frame.size());
        whole
    }

    #[test]
    fn a_frame_is_for_one_purpose_and_one_context() {
        let (ring, other) = (ring(), ring());
        for segments in [&[][..], &[&[7; 100][..], b"", &[1; 9]]] {
            let whole = signed(&ring, segments, b"a task");
            let frame = Frame::read(&whole).unwrap();
            ring.vouch_for(&frame, Purpose::Task, b"a task").unwrap();
            for (purpose, context) in
                [(Purpose::Result, &b"a task"[..]), (Purpose::Value, b""), (Purpose::Task, b"b task")]
            {
                let error = ring.vouch_for(&frame, purpose, context).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UntrustedPayload);
            }
            let error = other.vouch_for(&frame, Purpose::Task, b"a task").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnknownKey);
            assert!(!error.message().contains("trust="), "{error}");
        }
    }

    #[test]
    fn a_frame_may_be_signed_for_another_context() {
        let ring = ring();
        let whole = signed(&ring, &[&[3; 70]], b"cron:a");
        let again = resigned(&whole, &ring, Purpose::Task, b"cron:a", b"cron:a:5").unwrap().whole().unwrap();
        let frame = Frame::read(&again).unwrap();
        ring.vouch_for(&frame, Purpose::Task, b"cron:a:5").unwrap();
        assert_eq!((frame.payload, &frame.segments[..]), (&b"body"[..], &[&[3; 70][..]][..]));
        let error = resigned(&whole, &ring, Purpose::Task, b"cron:b", b"cron:a:5").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UntrustedPayload);
    }
}
