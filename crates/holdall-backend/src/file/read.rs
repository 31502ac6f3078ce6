//! Reading: no lock, and as few calls as there can be.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::time::{SystemTime, UNIX_EPOCH};

use holdall_types::Result;

use super::Files;
use super::folder::{Found, find};
use super::front::{is_live, start_of, table};
use super::path::{Place, VALUE, hash_of, path_of};
use super::unfold::MOVING;
use crate::segments::Large;
use crate::{Head, Segments, Stored};

/// Up to this size a file is read in one go, before anything of it is looked at.
const WHOLE: u64 = 128 * 1024;

/// How much of a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    /// Header and payload, not the segments.
    Front,
}

impl Files {
    pub(super) fn read(&self, key: &str, wanted: Wanted, now: u64) -> Result<Option<Stored>> {
        let place = path_of(key, self.disk()?);
        let Some((file, metadata)) = self.find(key, &place)? else { return Ok(None) };
        self.stored(key, &place, (file, metadata), wanted, now)
    }

    pub(super) fn read_head(&self, key: &str, now: u64) -> Result<Option<Head>> {
        let place = path_of(key, self.disk()?);
        let Some((mut file, metadata)) = self.find(key, &place)? else { return Ok(None) };
        let start = start_of(&mut file).map_err(|error| self.read_error(place.path(), error))?;
        if !is_live(key, &place, &start, now)? {
            return Ok(None);
        }
        let (created, updated) = times(&metadata);
        Ok(Some(Head { start: start.into(), size: metadata.len(), created, updated }))
    }

    pub(super) fn stored(
        &self,
        key: &str,
        place: &Place<'_>,
        (mut file, metadata): (File, Metadata),
        wanted: Wanted,
        now: u64,
    ) -> Result<Option<Stored>> {
        let failed = |error| self.read_error(place.path(), error);
        let length = metadata.len();
        let mut bytes = Vec::new();
        if length > WHOLE {
            // Whether it is still a value, and how it goes on, is worth a look.
            bytes = start_of(&mut file).map_err(failed)?;
        } else {
            read_up_to(length, &mut file, &mut bytes)?.map_err(failed)?;
        }
        if !is_live(key, place, &bytes, now)? {
            return Ok(None);
        }
        let (created, updated) = times(&metadata);
        let Some((table, head)) = table(&bytes) else {
            read_up_to(length, &mut file, &mut bytes)?.map_err(failed)?;
            return Ok(Some(Stored { bytes: bytes.into(), segments: Segments::none(), created, updated }));
        };
        let large = Large { table: &table, bytes, head, base: head as u64 };
        let (bytes, segments) = large.load(file, wanted == Wanted::Front, failed)?;
        Ok(Some(Stored { bytes: bytes.into(), segments, created, updated }))
    }

    pub(super) fn read_whole(&self, path: &str, mut file: File, metadata: &Metadata) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        read_up_to(metadata.len(), &mut file, &mut bytes)?.map_err(|error| self.read_error(path, error))?;
        Ok(bytes)
    }

    /// The file of a key's value.
    pub(super) fn find(&self, key: &str, place: &Place<'_>) -> Result<Option<(File, Metadata)>> {
        if let Some(found) = self.find_in_place(place)? {
            return Ok(Some(found));
        }
        // Perhaps it is just becoming a folder, step by step. This folder is there only if such a
        // thing ever happened here; then the place has to be looked at again afterwards.
        let read_error = |error| self.read_error(MOVING, error);
        let Found::Folder(moving) = find(&self.root, MOVING).map_err(read_error)? else { return Ok(None) };
        match moving.find(&hash_of(key).to_hex()).map_err(read_error)? {
            Found::File(file, metadata) => Ok(Some((file, metadata))),
            _ => self.find_in_place(place),
        }
    }

    fn find_in_place(&self, place: &Place<'_>) -> Result<Option<(File, Metadata)>> {
        let read_error = |error: io::Error| self.read_error(place.path(), error);
        match find(&self.root, place.path()).map_err(read_error)? {
            Found::Folder(folder) => self.checked(place.path(), folder.find(VALUE).map_err(read_error)?),
            found => self.checked(place.path(), found),
        }
    }

    /// A file or nothing; what cannot be a value is an error.
    pub(super) fn checked(&self, path: &str, found: Found) -> Result<Option<(File, Metadata)>> {
        match found {
            Found::Absent => Ok(None),
            Found::File(file, metadata) => Ok(Some((file, metadata))),
            Found::Link => Err(self.link_error(path)),
            Found::Folder(_) | Found::Special => Err(self.special_error(path)),
        }
    }
}

/// Reads on until there are so many bytes, or the file ends.
fn read_up_to(length: u64, file: &mut File, bytes: &mut Vec<u8>) -> Result<io::Result<usize>> {
    let missing = length.saturating_sub(bytes.len() as u64);
    bytes.try_reserve_exact(usize::try_from(missing).unwrap_or(usize::MAX))?;
    // A file of ours never changes its length, so no call is spent on looking for its end.
    Ok(file.take(missing).read_to_end(bytes))
}

/// When the value was made and when it was changed. The disk's day of birth is taken only if it can
/// be true: a copied file may be younger than what is in it.
fn times(metadata: &Metadata) -> (u64, u64) {
    let updated = metadata.modified().map_or(0, millis);
    let created = metadata.created().map_or(0, millis);
    (if (1..=updated).contains(&created) { created } else { updated }, updated)
}

pub(super) fn millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
