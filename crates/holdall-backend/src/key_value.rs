//! The narrow waist: all that a store asks of a backend.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use holdall_types::{Key, Result};
use xxhash_rust::xxh3::xxh3_128;

use crate::{Capability, Segments, Tail};

/// A lazy listing of keys, in the order of their UTF-8 bytes where the backend has an order.
/// It lives on its own: it is not tied to a transaction, and keys written or deleted meanwhile
/// may or may not appear.
pub type Keys = Box<dyn Iterator<Item = Result<String>> + Send>;

/// How far a write has gone when it is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// With the operating system: a killed process loses nothing, a power cut may.
    #[default]
    Normal,
    /// On the disk, its folder entry too: a power cut loses nothing either.
    Full,
}

/// What is written under a key.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The frame's header; empty when the value is bare. With a tail it is a draft as long as the
    /// final one, which the tail gives.
    pub header: &'a [u8],
    /// The frame's body, or the bare value.
    pub body: &'a [u8],
    /// Whether the body is UTF-8 text, so that a database may keep it as its text type.
    pub text: bool,
    /// When it expires, in milliseconds since the Unix epoch; `None` is never. The header says the
    /// same: this copy is for the backend's own listing.
    pub expires: Option<u64>,
    /// What follows the body: the value's segments, if it has any. They are aligned from the
    /// header's start where that is kept in front, else from the body's.
    pub tail: Option<&'a dyn Tail>,
}

impl Record<'_> {
    /// How many bytes there are in all, if the header is kept in front (`front`) or elsewhere.
    #[must_use]
    pub fn size(&self, front: bool) -> u64 {
        let base = if front { self.header.len() } else { 0 };
        (self.header.len() + self.body.len()) as u64 + self.tail.map_or(0, |tail| tail.size(base))
    }
}

/// What was found under a key.
#[derive(Debug)]
pub struct Stored {
    /// Header and body in one piece, as a frame without its segments; or the bare value.
    pub bytes: Bytes,
    /// The segments that the header announces.
    pub segments: Segments,
    /// When the key was first written, in milliseconds since the Unix epoch.
    pub created: u64,
    /// When the value was written, in milliseconds since the Unix epoch.
    pub updated: u64,
}

/// The beginning of what is kept under a key, without the rest.
#[derive(Clone, Debug)]
pub struct Head {
    /// The first bytes of the frame or the bare value: at least the whole header, at least 64
    /// bytes of the body where it has them, and not much more.
    pub start: Bytes,
    /// How many bytes header, body and what follows it have together.
    pub size: u64,
    /// As in [`Stored`].
    pub created: u64,
    /// As in [`Stored`].
    pub updated: u64,
}

/// Which state of a key a reader saw: a digest of the stored bytes. Two states with one version
/// hold the same value, so a value that went away and came back is no conflict. Segments count by
/// their hashes, which the header holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(u128);

impl Version {
    /// The version of header and body in one piece.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxh3_128(bytes))
    }
}

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing: overwrite.
    Any,
    /// The key has no value (an expired one is no value).
    Absent,
    /// The key still has the value that was read.
    Matches(Version),
}

/// What becomes of a lease record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseChange {
    /// Leave it.
    Keep,
    /// Write this.
    Set(Vec<u8>),
    /// Remove it.
    Remove,
}

/// Keys and their bytes. Every call is atomic by itself against every other caller, in this
/// process and in others; `now` is wall time in milliseconds, and what expired at or before `now`
/// does not exist. All calls may come from any thread, and from a forked child.
///
/// Every call fails with `Validation` once [`close`](KeyValue::close) was called, and otherwise
/// as its own text says; `StoreBusy`, `StoreFull`, `StoreReadOnly`, `StorePoisoned` and `Backend`
/// are possible everywhere. A failed write leaves the former value as it was.
pub trait KeyValue: Send + Sync + Debug {
    /// What this backend can do.
    fn capability(&self) -> Capability;

    /// Whether the header must hold the key itself, because where it is kept does not tell it.
    /// Such a value cannot be bare.
    fn key_in_header(&self, key: &Key<'_>) -> bool {
        let _ = key;
        false
    }

    /// The folder for what is kept beside the values, where the backend has one on this machine. It is
    /// not made, and nothing else of the backend's is in it.
    fn beside(&self) -> Option<PathBuf> {
        None
    }

    /// The value of a key.
    ///
    /// # Errors
    /// As for the trait.
    fn get(&self, key: &Key<'_>, now: u64) -> Result<Option<Stored>>;

    /// The value of a key, its segments left in the file that they are in. A backend that keeps them
    /// in none reads them.
    ///
    /// # Errors
    /// As for the trait.
    fn get_unread(&self, key: &Key<'_>, now: u64) -> Result<Option<Stored>> {
        self.get(key, now)
    }

    /// The values of several keys, in their order.
    ///
    /// # Errors
    /// As for the trait.
    fn get_many(&self, keys: &[Key<'_>], now: u64) -> Result<Vec<Option<Stored>>> {
        keys.iter().map(|key| self.get(key, now)).collect()
    }

    /// The beginning of a value, its size and its times.
    ///
    /// # Errors
    /// As for the trait.
    fn head(&self, key: &Key<'_>, now: u64) -> Result<Option<Head>>;

    /// Writes a value if the condition holds, and says whether it did.
    ///
    /// # Errors
    /// As for the trait.
    fn put(&self, key: &Key<'_>, record: &Record<'_>, condition: Condition, now: u64) -> Result<bool>;

    /// Writes several values, in one transaction where the backend has them.
    ///
    /// # Errors
    /// As for the trait. Without transactions the values before the failing one are written.
    fn put_many(&self, items: &[(Key<'_>, Record<'_>)], now: u64) -> Result<()>;

    /// Removes a value if the condition holds, and says whether it did. Without a value there is
    /// nothing to remove, whatever the condition.
    ///
    /// # Errors
    /// As for the trait.
    fn delete(&self, key: &Key<'_>, condition: Condition, now: u64) -> Result<bool>;

    /// Removes several values and says how many there were.
    ///
    /// # Errors
    /// As for the trait.
    fn delete_many(&self, keys: &[Key<'_>], now: u64) -> Result<u64>;

    /// The keys that begin with `prefix` (a plain string: `fo` finds `foo/bar`).
    ///
    /// # Errors
    /// As for the trait; the listing itself may fail later.
    fn scan(self: Arc<Self>, prefix: &str, now: u64) -> Result<Keys>;

    /// How many keys there are.
    ///
    /// # Errors
    /// As for the trait.
    fn count(self: Arc<Self>, now: u64) -> Result<u64> {
        let mut count = 0;
        for key in self.scan("", now)? {
            key?;
            count += 1;
        }
        Ok(count)
    }

    /// Removes every value. Leases stay.
    ///
    /// # Errors
    /// As for the trait.
    fn clear(&self) -> Result<()>;

    /// Reads a named record of holdall's own (a lock's lease), lets `decide` say what becomes of it
    /// and does that, all in one atomic step. `decide` is called once, or again when the step had
    /// to be begun again. Records never appear among the keys.
    ///
    /// # Errors
    /// As for the trait.
    fn lease(&self, name: &str, decide: &mut dyn FnMut(Option<&[u8]>) -> LeaseChange) -> Result<()>;

    /// Lets go of files and memory. Closing twice is fine.
    ///
    /// # Errors
    /// As for the trait.
    fn close(&self) -> Result<()>;
}
