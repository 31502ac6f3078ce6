//! The store under test, with short words for what the behaviours do all the time.

use std::sync::Arc;

use holdall_backend::{Condition, Head, KeyValue, Record, Stored, Version};
use holdall_frame::Header;
use holdall_types::{Codec, Key};

/// The time at which the behaviours happen, unless they say otherwise: a day in 2023.
pub const NOW: u64 = 1_700_000_000_000;

/// A store under test.
#[derive(Debug)]
pub struct Subject {
    /// The store itself.
    pub store: Arc<dyn KeyValue>,
}

/// A key that a test gives.
pub(super) fn key(key: &str) -> Key<'_> {
    Key::new(key).unwrap()
}

impl Subject {
    /// Takes an empty store.
    pub fn new(store: Arc<dyn KeyValue>) -> Self {
        Self { store }
    }

    /// The header that a value of this key needs: none if it may be bare.
    pub fn header(&self, name: &str, body: &[u8], expires: Option<u64>) -> Vec<u8> {
        let named = self.store.key_in_header(&key(name)).then(|| name.to_owned());
        if named.is_none() && expires.is_none() {
            return Vec::new();
        }
        Header { expires, key: named, ..Header::plain(Codec::Raw) }.write(body, None).unwrap()
    }

    /// Header and body in one piece, as [`get`](Subject::get) must give them back.
    pub fn whole(&self, name: &str, body: &[u8], expires: Option<u64>) -> Vec<u8> {
        [self.header(name, body, expires), body.to_vec()].concat()
    }

    /// Writes a value at a time, if a condition holds.
    pub fn put_at(
        &self,
        name: &str,
        body: &[u8],
        expires: Option<u64>,
        condition: Condition,
        now: u64,
    ) -> bool {
        let header = self.header(name, body, expires);
        let text = std::str::from_utf8(body).is_ok();
        let record = Record { header: &header, body, text, expires, tail: None };
        self.store.put(&key(name), &record, condition, now).unwrap()
    }

    /// Writes a value that stays.
    pub fn put(&self, name: &str, body: &[u8]) {
        assert!(self.put_at(name, body, None, Condition::Any, NOW), "put({name:?}) must write");
    }

    /// Writes a value that expires.
    pub fn put_until(&self, name: &str, body: &[u8], expires: u64) {
        assert!(self.put_at(name, body, Some(expires), Condition::Any, NOW), "put({name:?}) must write");
    }

    /// Writes a value if a condition holds.
    pub fn put_if(&self, name: &str, body: &[u8], condition: Condition) -> bool {
        self.put_at(name, body, None, condition, NOW)
    }

    /// Reads a value.
    pub fn stored(&self, name: &str) -> Option<Stored> {
        self.store.get(&key(name), NOW).unwrap()
    }

    /// The bytes of a value.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.stored(name).map(|stored| stored.bytes.to_vec())
    }

    /// The version of the value that is there now.
    pub fn version(&self, name: &str) -> Version {
        Version::of(&self.get(name).unwrap())
    }

    /// The beginning of a value.
    pub fn head(&self, name: &str) -> Option<Head> {
        self.store.head(&key(name), NOW).unwrap()
    }

    /// Removes a value.
    pub fn delete(&self, name: &str) -> bool {
        self.store.delete(&key(name), Condition::Any, NOW).unwrap()
    }

    /// Removes a value and gives its bytes.
    pub fn take(&self, name: &str) -> Option<Vec<u8>> {
        let key = key(name);
        while let Some(stored) = self.store.get(&key, NOW).unwrap() {
            let seen = Condition::Matches(Version::of(&stored.bytes));
            if self.store.delete(&key, seen, NOW).unwrap() {
                return Some(stored.bytes.to_vec());
            }
        }
        None
    }

    /// The keys with a prefix, in the order in which they are listed.
    pub fn listed(&self, prefix: &str) -> Vec<String> {
        self.listed_at(prefix, NOW)
    }

    /// The same at another time.
    pub fn listed_at(&self, prefix: &str, now: u64) -> Vec<String> {
        Arc::clone(&self.store).scan(prefix, now).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// The keys with a prefix, sorted.
    pub fn sorted(&self, prefix: &str) -> Vec<String> {
        let mut keys = self.listed(prefix);
        keys.sort();
        keys
    }

    /// How many keys there are.
    pub fn count(&self) -> u64 {
        Arc::clone(&self.store).count(NOW).unwrap()
    }
}
