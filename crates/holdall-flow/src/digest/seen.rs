//! The containers that a walk has met.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::{Digest, Id};

/// What is known of a container.
#[derive(Debug)]
pub enum Met {
    /// It is open, or closed and part of a component that is not complete: its number.
    Pending(usize),
    /// A member of a complete component: the hash of that and the place in it.
    Member(Digest, usize),
    /// Its run, and whether that may depend on what was met before.
    Done(Box<[u8]>, bool),
}

/// What is known of containers, by their ids.
#[derive(Debug, Default)]
pub struct Seen {
    met: HashMap<Id, Met, BuildHasherDefault<Spread>>,
    /// The ids of what may have to be forgotten, in the order in which they became known.
    trail: Vec<Id>,
}

impl Seen {
    pub fn get(&self, id: Id) -> Option<&Met> {
        if self.met.is_empty() { None } else { self.met.get(&id) }
    }

    /// A container is open.
    pub fn pending(&mut self, id: Id, number: usize) {
        self.met.insert(id, Met::Pending(number));
    }

    /// A container is closed, and its component is not complete: it stays pending.
    pub fn part(&mut self, id: Id) {
        self.trail.push(id);
    }

    /// A container is closed for good.
    pub fn done(&mut self, id: Id, run: &[u8], cyclic: bool) {
        self.met.insert(id, Met::Done(run.into(), cyclic));
        if cyclic {
            self.trail.push(id);
        }
    }

    pub fn remove(&mut self, id: Id) {
        self.met.remove(&id);
    }

    pub fn trail(&self) -> usize {
        self.trail.len()
    }

    /// A component is complete, which began when the trail was so long.
    pub fn complete(&mut self, trail: usize, component: &Digest, number: usize) {
        for id in self.trail.get(trail..).unwrap_or_default() {
            if let Some(met) = self.met.get_mut(id)
                && let Met::Pending(of) = met
            {
                *met = Met::Member(*component, *of - number);
            }
        }
    }

    /// Forgets what became known since the trail was so long, and says how much that was.
    pub fn forget(&mut self, trail: usize) -> usize {
        let rest = self.trail.get(trail..).unwrap_or_default();
        for id in rest {
            self.met.remove(id);
        }
        let count = rest.len();
        self.trail.truncate(trail);
        count
    }
}

/// Spreads addresses, whose lower bits are alike: nobody can choose them to be slow.
#[derive(Debug, Default)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.0 = (self.0 ^ number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }
}
