//! Values that more than one reference leads to.
//!
//! Whether a container is met again is known only later, so its place is remembered and the mark
//! put in afterwards: a value without shared parts, as most are, is written once and never touched
//! again. Looking the value through beforehand would cost every value a second pass.

use std::collections::{HashMap, TryReserveError};
use std::hash::BuildHasherDefault;

use super::tag;
use crate::buffer::Buffer;
use crate::seen::AddressHasher;

#[derive(Debug, Default)]
pub(super) struct Shares {
    slots: HashMap<usize, usize, BuildHasherDefault<AddressHasher>>,
    /// Where each container begins, and whether it was met again. In the order of the payload.
    places: Vec<(usize, bool)>,
    /// Where a reference belongs, and to which container. In the order of the payload.
    references: Vec<(usize, usize)>,
}

impl Shares {
    /// Whether a container was met before; if so, a reference belongs here.
    pub(super) fn meet(&mut self, identity: usize, at: usize) -> Result<bool, TryReserveError> {
        self.slots.try_reserve(1)?;
        let next = self.places.len();
        let slot = *self.slots.entry(identity).or_insert(next);
        if slot == next {
            self.places.try_reserve(1)?;
            self.places.push((at, false));
            return Ok(false);
        }
        if let Some((_, again)) = self.places.get_mut(slot) {
            *again = true;
        }
        self.references.try_reserve(1)?;
        self.references.push((at, slot));
        Ok(true)
    }

    /// Puts marks and references where they belong.
    pub(super) fn settle<B: Buffer>(self, mut out: B) -> Result<B, TryReserveError> {
        if self.references.is_empty() {
            return Ok(out);
        }
        let mut written = Vec::new();
        written.try_reserve_exact(out.written().len())?;
        written.extend_from_slice(out.written());
        out.truncate(0);

        let mut numbers = Vec::new();
        numbers.try_reserve_exact(self.places.len())?;
        numbers.resize(self.places.len(), 0);
        let mut marked = 0;
        let mut from = 0;
        let mut places = self.places.iter().enumerate().filter(|(_, (_, again))| *again).peekable();
        let mut references = self.references.iter().peekable();
        loop {
            let mark = places.peek().map(|(_, (at, _))| *at);
            let reference = references.peek().map(|(at, _)| *at);
            let Some(at) = [mark, reference].into_iter().flatten().min() else { break };
            let before = written.get(from..at).unwrap_or_default();
            out.reserve(before.len() + 12)?;
            out.extend(before);
            from = at;
            // At one place references stand first: what begins there begins after them.
            if reference == Some(at) {
                let slot = references.next().map_or(0, |(_, slot)| *slot);
                out.array([0xD8, tag::REFERENCE as u8]);
                write_number(numbers.get(slot).copied().unwrap_or_default(), &mut out);
            } else if let Some((slot, _)) = places.next() {
                if let Some(number) = numbers.get_mut(slot) {
                    *number = marked;
                }
                marked += 1;
                out.array([0xD8, tag::SHARED as u8]);
            }
        }
        let rest = written.get(from..).unwrap_or_default();
        out.reserve(rest.len())?;
        out.extend(rest);
        Ok(out)
    }
}

fn write_number<B: Buffer>(number: u64, out: &mut B) {
    match (u8::try_from(number), u16::try_from(number), u32::try_from(number)) {
        (Ok(byte), ..) if byte < 24 => out.push(byte),
        (Ok(byte), ..) => out.array([24, byte]),
        (_, Ok(short), _) => {
            let [a, b] = short.to_be_bytes();
            out.array([25, a, b]);
        }
        (.., Ok(word)) => {
            let [a, b, c, d] = word.to_be_bytes();
            out.array([26, a, b, c, d]);
        }
        _ => {
            let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
            out.array([27, a, b, c, d, e, f, g, h]);
        }
    }
}
