//! The containers met so far, by identity.

use std::collections::{HashSet, TryReserveError};
use std::hash::{BuildHasherDefault, Hasher};

/// Addresses are spread well enough by one multiplication; nobody else chooses them, so a keyed
/// hash would guard against nothing.
#[derive(Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

const FEW: usize = 8;

/// A set of addresses: a short list first, because most values hold few containers that could be
/// met twice, a hash table afterwards.
#[derive(Default)]
pub(crate) struct Seen {
    few: [usize; FEW],
    length: usize,
    many: HashSet<usize, BuildHasherDefault<AddressHasher>>,
}

impl Seen {
    /// Adds an address and says whether it was new.
    pub(crate) fn insert(&mut self, address: usize) -> Result<bool, TryReserveError> {
        if self.few.iter().take(self.length).any(|seen| *seen == address) {
            return Ok(false);
        }
        match self.few.get_mut(self.length) {
            Some(slot) => {
                *slot = address;
                self.length += 1;
                Ok(true)
            }
            None => {
                self.many.try_reserve(1)?;
                Ok(self.many.insert(address))
            }
        }
    }
}
