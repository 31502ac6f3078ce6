//! The grammar of fingerprints: a value of any kind becomes a run of bytes that can be read in one way
//! only, and the BLAKE3 hash of the run is the fingerprint.
//!
//! A value is a tag and what the tag says: so many bytes, or the values inside up to an end mark.
//!
//! ```text
//! value     = short | DIGEST hash(run of more than 128 bytes)
//! short     = leaf | container | BACK distance | MEMBER hash distance
//! leaf      = NONE | TRUE | FALSE | ... | INT 8 bytes | FLOAT 8 bytes | TEXT length bytes | ...
//! container = (LIST | TUPLE | DICT | SET | OBJECT | ...) value* END
//! ```
//!
//! **Long runs are replaced by their digests**, by their content and never by how they are shared. So the
//! run of any value is short, and that of a value which is met again need not be made again: what is
//! shared costs once, and `[a, a]` is still the same as `[a, copy of a]`. Small values stay as they are,
//! for a hash each would cost more than all the rest.
//!
//! **Unordered containers** sort the runs of their items.
//!
//! **Cycles** are found as Tarjan finds strongly connected components. Containers are numbered as they
//! are opened, and one that turns up again while its component is not complete is written as the
//! distance of its number. When a component is complete the numbers go back to what they were, so that
//! distances are the same wherever the component stands. Its other members are from then on written as
//! places in it. Items of an unordered container come in an order that means nothing: what one of them
//! says of a component is forgotten before the next.

mod seen;
mod stream;
mod tag;

use blake3::Hasher;
use holdall_types::{Error, ErrorKind, Result};

use seen::{Met, Seen};
pub use stream::Stream;
pub use tag::Tag;

/// Any change of the grammar is another version, and makes all fingerprints others.
const VERSION: u8 = 1;

/// The longest run that stands for itself.
const INLINE: usize = 128;

/// How much of a container waits in the buffer before it is hashed: enough for SIMD to have its way.
const SPILL: usize = 32 * 1024;

/// How often a component may be looked at anew for unordered items.
const MOST_FORGOTTEN: usize = 1_000_000;

/// A fingerprint.
pub type Digest = [u8; 32];

/// What an object is known by while the walk lasts: its address.
pub type Id = usize;

/// What is worth remembering of a container when it is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    /// Nothing: there is no second way to it.
    Nothing,
    /// Its run if that is long; to make a short one again costs less.
    IfLong,
    /// Its run in any case: to go through it is costly.
    Always,
}

/// An open container.
#[derive(Debug)]
struct Frame {
    /// Where its run begins in the buffer.
    start: usize,
    /// Has what came before, if the run is long.
    hasher: Option<Box<Hasher>>,
    /// Where the items of an unordered container begin.
    items: Option<Vec<usize>>,
    /// What it is known by, if it may be met again.
    id: Option<Id>,
    recall: Recall,
    number: usize,
    /// The lowest number referred to from inside.
    low: usize,
    /// Whether its run may depend on what was met before it: there is a cycle inside.
    cyclic: bool,
    /// How long the list of what may have to be forgotten was.
    trail: usize,
}

/// Takes a value's parts in the order of a walk, and gives its fingerprint.
#[derive(Debug)]
pub struct Digester {
    bytes: Vec<u8>,
    frames: Vec<Frame>,
    /// At which length the buffer is to be spilled.
    limit: usize,
    /// The next number.
    next: usize,
    seen: Seen,
    forgotten: usize,
}

impl Default for Digester {
    fn default() -> Self {
        Self {
            bytes: Vec::with_capacity(256),
            frames: Vec::new(),
            limit: usize::MAX,
            next: 0,
            seen: Seen::default(),
            forgotten: 0,
        }
    }
}

impl Digester {
    /// A value that is nothing but its tag.
    pub fn unit(&mut self, tag: Tag) {
        self.bytes.push(tag as u8);
        self.spill_if_long();
    }

    /// A value of a few bytes, as many for each of its tag.
    #[inline]
    pub fn fixed<const N: usize>(&mut self, tag: Tag, bytes: [u8; N]) {
        self.bytes.push(tag as u8);
        self.bytes.extend_from_slice(&bytes);
        self.spill_if_long();
    }

    /// An integer of up to 64 bits with its sign.
    #[inline]
    pub fn integer(&mut self, number: i64) {
        self.fixed(Tag::Integer, number.to_le_bytes());
    }

    /// A value of any number of bytes.
    #[inline]
    pub fn bytes(&mut self, tag: Tag, bytes: &[u8]) {
        if bytes.len() <= INLINE - 2 {
            self.bytes.push(tag as u8);
            count(&mut self.bytes, bytes.len());
            self.bytes.extend_from_slice(bytes);
        } else {
            let mut stream = Stream::new(tag, bytes.len());
            stream.update(bytes);
            stream.put(&mut self.bytes);
        }
        self.spill_if_long();
    }

    /// A value whose bytes came piece by piece.
    pub fn stream(&mut self, stream: &Stream) {
        stream.put(&mut self.bytes);
        self.spill_if_long();
    }

    /// Whether a container was met before; then that is all to be said of it.
    pub fn met(&mut self, id: Id) -> bool {
        let Some(met) = self.seen.get(id) else { return false };
        let (mut low, mut cyclic) = (usize::MAX, true);
        match met {
            Met::Pending(number) => {
                low = *number;
                self.bytes.push(Tag::Back as u8);
                count(&mut self.bytes, self.next - number);
            }
            Met::Member(component, place) => {
                self.bytes.push(Tag::Member as u8);
                self.bytes.extend_from_slice(component);
                count(&mut self.bytes, *place);
            }
            Met::Done(run, is_cyclic) => {
                cyclic = *is_cyclic;
                self.bytes.extend_from_slice(run);
            }
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.low = frame.low.min(low);
            frame.cyclic |= cyclic;
        }
        self.spill_if_long();
        true
    }

    /// A container begins.
    ///
    /// `id` is what it is known by if it may be met again.
    pub fn open(&mut self, tag: Tag, id: Option<Id>, recall: Recall) {
        let number = self.next;
        self.next += 1;
        if let Some(id) = id {
            self.seen.pending(id, number);
        }
        self.frames.push(Frame {
            start: self.bytes.len(),
            hasher: None,
            items: tag.is_unordered().then(Vec::new),
            id,
            recall,
            number,
            low: usize::MAX,
            cyclic: false,
            trail: self.seen.trail(),
        });
        self.bytes.push(tag as u8);
        self.set_limit();
    }

    /// The next item of an unordered container begins.
    ///
    /// # Errors
    /// `Serialization` for items that refer to each other in more ways than can be followed.
    pub fn item(&mut self) -> Result<()> {
        self.end_item()?;
        let here = self.bytes.len();
        if let Some(items) = self.frames.last_mut().and_then(|frame| frame.items.as_mut()) {
            items.push(here);
        }
        Ok(())
    }

    /// Forgets what depends on the order of items.
    fn end_item(&mut self) -> Result<()> {
        if let Some(frame) = self.frames.last()
            && frame.items.as_ref().is_some_and(|items| !items.is_empty())
        {
            self.next = frame.number + 1;
            self.forgotten += self.seen.forget(frame.trail);
            if self.forgotten > MOST_FORGOTTEN {
                let message = "holds sets of objects that refer to each other in too many ways; \
                     keep them in lists or dicts";
                return Err(Error::new(ErrorKind::Serialization, message));
            }
        }
        Ok(())
    }

    /// The container ends that was opened last. Says whether its object must be kept alive, so that no
    /// other one is taken for it.
    ///
    /// # Errors
    /// As of [`Digester::item`].
    pub fn close(&mut self) -> Result<bool> {
        self.end_item()?;
        let Some(mut frame) = self.frames.pop() else { return Ok(false) };
        if let Some(items) = &frame.items {
            sort(&mut self.bytes, items);
        }
        self.bytes.push(Tag::End as u8);
        let is_long = frame.hasher.is_some() || self.bytes.len() - frame.start > INLINE;
        if is_long {
            let mut hasher = frame.hasher.take().unwrap_or_default();
            hasher.update(self.bytes.get(frame.start..).unwrap_or_default());
            self.bytes.truncate(frame.start);
            self.bytes.push(Tag::Digest as u8);
            self.bytes.extend_from_slice(hasher.finalize().as_bytes());
        }
        let is_kept = self.remember(&frame, is_long);
        if let Some(parent) = self.frames.last_mut() {
            parent.cyclic |= frame.cyclic;
            if frame.low < frame.number {
                parent.low = parent.low.min(frame.low);
            }
        }
        self.set_limit();
        self.spill_if_long();
        Ok(is_kept)
    }

    fn remember(&mut self, frame: &Frame, is_long: bool) -> bool {
        let is_part = frame.low < frame.number;
        if !is_part {
            self.next = frame.number;
        }
        let run = self.bytes.get(frame.start..).unwrap_or_default();
        if frame.low == frame.number {
            let component = blake3::hash(run);
            self.seen.complete(frame.trail, component.as_bytes(), frame.number);
        }
        let Some(id) = frame.id else { return false };
        let is_kept = match frame.recall {
            Recall::Nothing => false,
            Recall::IfLong => is_long || frame.cyclic,
            Recall::Always => true,
        };
        match (is_kept, is_part) {
            (false, _) => self.seen.remove(id),
            // Of a component that began further out.
            (true, true) => self.seen.part(id),
            (true, false) => self.seen.done(id, run, frame.cyclic),
        }
        is_kept
    }

    /// How many containers are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    /// The fingerprint of the value, when all of it was told.
    #[must_use]
    pub fn finish(self) -> Digest {
        let mut hasher = Hasher::new();
        hasher.update(&[VERSION]);
        hasher.update(&self.bytes);
        *hasher.finalize().as_bytes()
    }

    fn set_limit(&mut self) {
        self.limit = match self.frames.last() {
            Some(frame) if frame.items.is_none() => frame.start + SPILL,
            _ => usize::MAX,
        };
    }

    #[inline]
    fn spill_if_long(&mut self) {
        if self.bytes.len() >= self.limit {
            self.spill();
        }
    }

    #[cold]
    fn spill(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            let hasher = frame.hasher.get_or_insert_default();
            hasher.update(self.bytes.get(frame.start..).unwrap_or_default());
            self.bytes.truncate(frame.start);
        }
    }
}

/// Sorts the runs at the end of the buffer that begin at these places.
fn sort(bytes: &mut Vec<u8>, items: &[usize]) {
    let [first, _, ..] = items else { return };
    let ends = items.iter().skip(1).copied().chain([bytes.len()]);
    let mut runs: Vec<(u64, &[u8])> = items
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let run = bytes.get(*start..end).unwrap_or_default();
            // Most runs differ early: to compare numbers is faster than to follow two pointers.
            let mut head = [0; 8];
            head.iter_mut().zip(run.iter().skip(1)).for_each(|(to, byte)| *to = *byte);
            (u64::from_be_bytes(head), run)
        })
        .collect();
    runs.sort_unstable();
    let sorted: Vec<u8> = runs.iter().flat_map(|(_, run)| run.iter().copied()).collect();
    bytes.truncate(*first);
    bytes.extend_from_slice(&sorted);
}

/// Writes a number in as few bytes as it needs, seven bits each.
fn count(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
