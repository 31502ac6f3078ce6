//! Hints: empty files that tell a listing which values it must look into, because they may expire.
//!
//! A hint is made before its value appears, so that there is never a value that expires without one.
//! One that is left over costs a look, and is collected.

use std::collections::HashSet;
use std::io;

use holdall_types::Result;

use super::Files;
use super::folder::Folder;
use super::front::{header, is_live, start_of};
use super::path::Hash;
use super::site::{Site, make};
use super::temp::OLD;

const HINTS: &str = ".holdall/ttl";

/// What a hint is called: the first half of the key's hash.
pub(super) type Hint = u128;

pub(super) fn hint_of(hash: &Hash) -> Hint {
    hash.as_bytes().iter().take(size_of::<Hint>()).fold(0, |hint, byte| hint << 8 | Hint::from(*byte))
}

fn name_of(hint: Hint) -> String {
    format!("{hint:032x}")
}

impl Files {
    /// All hints that there are.
    pub(super) fn hints(&self) -> Result<HashSet<Hint>> {
        let names = match Folder::open(&self.root).and_then(|root| root.at(HINTS)?.names()) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashSet::new()),
            Err(error) => return Err(self.read_error(HINTS, error)),
        };
        let hint = |(name, _): (String, _)| {
            Hint::from_str_radix(&name, 16).ok().filter(|hint| name_of(*hint) == name)
        };
        Ok(names.into_iter().filter_map(hint).collect())
    }

    /// Removes what expired, or the hint of what does not. Listings do this on their way: if the
    /// key is being written, or the store is read-only, it is left to the next one.
    pub(super) fn collect(&self, key: &str, now: u64) {
        let _ = self.try_collect(key, now);
    }

    fn try_collect(&self, key: &str, now: u64) -> Result<()> {
        self.check_writable()?;
        let site = self.site(key)?;
        let _held = site.try_lock()?;
        let Some(mut spot) = site.locate()? else { return Ok(()) };
        let start = start_of(&mut spot.file).map_err(|error| self.read_error(site.place.path(), error))?;
        if !is_live(key, &site.place, &start, now)? {
            site.erase(spot, true)?;
        } else if header(&start)?.is_none_or(|(header, _)| header.expires.is_none()) {
            site.forget_hint();
        }
        Ok(())
    }

    /// Removes a hint that no key had, after a listing of all that began at `began`. A younger one may be
    /// that of a write which is just under way.
    pub(super) fn collect_hint(&self, hint: Hint, began: u64) -> Result<()> {
        self.check_writable()?;
        let limit = began.saturating_sub(u64::try_from(OLD.as_millis()).unwrap_or(u64::MAX));
        let name = name_of(hint);
        let site = self.site("")?.with_hash(hash_like(hint));
        let Ok(hints) = site.root.at(HINTS) else { return Ok(()) };
        if hints.look(&name).is_ok_and(|look| look.modified < limit) {
            let _held = site.try_lock()?;
            if hints.look(&name).is_ok_and(|look| look.modified < limit) {
                hints.unlink(&name).map_err(|error| self.write_error(HINTS, error))?;
            }
        }
        Ok(())
    }
}

impl Site<'_> {
    /// Says that this key's value may expire.
    pub(super) fn hint(&self) -> Result<()> {
        let path = format!("{HINTS}/{}", name_of(hint_of(&self.hash)));
        let failed = |error| self.files.write_error(&path, error);
        match self.root.touch(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(&self.root, HINTS).map_err(failed)?;
                self.root.touch(&path).map_err(failed)?;
            }
            touched => touched.map_err(failed)?,
        }
        if self.files.is_full() {
            self.files.synced(self.root.at(HINTS).and_then(|hints| hints.sync()))?;
        }
        Ok(())
    }

    pub(super) fn forget_hint(&self) {
        if let Ok(hints) = self.root.at(HINTS) {
            let _ = hints.unlink(&name_of(hint_of(&self.hash)));
        }
    }
}

/// A hash with this hint: the choice of a lock is in it as well.
fn hash_like(hint: Hint) -> Hash {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(hint.to_be_bytes()) {
        *to = from;
    }
    Hash::from_bytes(bytes)
}
