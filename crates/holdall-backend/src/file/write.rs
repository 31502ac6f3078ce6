//! Writing: a temporary file, renamed under the key's lock. Removing: under it as well.

use std::fs::{File, Metadata};
use std::io::{self, Seek};

use holdall_types::Result;

use super::Files;
use super::entries::Entries;
use super::folder::{At, Found, Kind};
use super::front::{header, is_live, start_of};
use super::path::{KEYS, VALUE, split};
use super::read::Wanted;
use super::site::{Site, Turn, Way};
use super::temp::Temp;
use super::unfold::MOVING;
use crate::{Condition, Record, Version};

/// A value's file where it was found.
pub(super) struct Spot<'a> {
    pub(super) folder: At<'a>,
    pub(super) name: String,
    /// The folder's path, which may be empty without this file.
    pub(super) path: &'a str,
    pub(super) file: File,
    pub(super) metadata: Metadata,
}

impl Files {
    pub(super) fn write(
        &self,
        key: &str,
        record: &Record<'_>,
        condition: Condition,
        now: u64,
    ) -> Result<bool> {
        // What is refused now need not be written first.
        if condition != Condition::Any {
            let place = super::path_of(key, self.disk()?);
            let found = self.find(key, &place)?;
            if !self.holds(key, &place, found, condition, now)? {
                return Ok(false);
            }
        }
        self.turns(key, |site| {
            if site.place.hashed() {
                // It could never be read again.
                is_live(key, &site.place, record.header, 0)?;
            }
            let temp = Temp::write(site, record)?;
            let _held = site.lock()?;
            if condition != Condition::Any {
                let found = site.locate()?.map(|spot| (spot.file, spot.metadata));
                if !self.holds(key, &site.place, found, condition, now)? {
                    return Ok(Turn::Done(false));
                }
            }
            if record.expires.is_some() {
                site.hint()?;
            }
            site.publish(temp)
        })
    }

    fn holds(
        &self,
        key: &str,
        place: &super::Place<'_>,
        found: Option<(File, Metadata)>,
        condition: Condition,
        now: u64,
    ) -> Result<bool> {
        let Some((mut file, metadata)) = found else {
            return Ok(!matches!(condition, Condition::Matches(_)));
        };
        if let Condition::Matches(version) = condition {
            let stored = self.stored(key, place, (file, metadata), Wanted::Front, now)?;
            return Ok(stored.is_some_and(|stored| Version::of(&stored.bytes) == version));
        }
        let start = start_of(&mut file).map_err(|error| self.read_error(place.path(), error))?;
        Ok(!is_live(key, place, &start, now)?)
    }

    pub(super) fn remove(&self, key: &str, condition: Condition, now: u64) -> Result<bool> {
        if self.find(key, &super::path_of(key, self.disk()?))?.is_none() {
            return Ok(false);
        }
        self.turns(key, |site| {
            let _held = site.lock()?;
            let Some(mut spot) = site.locate()? else { return Ok(Turn::Done(false)) };
            if condition != Condition::Any {
                let again =
                    spot.file.try_clone().map_err(|error| self.read_error(site.place.path(), error))?;
                if !self.holds(key, &site.place, Some((again, spot.metadata.clone())), condition, now)? {
                    return Ok(Turn::Done(false));
                }
                spot.file.rewind().map_err(|error| self.read_error(site.place.path(), error))?;
            }
            let start =
                start_of(&mut spot.file).map_err(|error| self.read_error(site.place.path(), error))?;
            // What is damaged can be removed, too.
            let live = is_live(key, &site.place, &start, now).unwrap_or(true);
            site.erase(
                spot,
                header(&start).is_ok_and(|header| header.is_some_and(|(header, _)| header.expires.is_some())),
            )?;
            Ok(Turn::Done(live))
        })
    }

    /// Removes all that a listing shows, and what is damaged besides.
    pub(super) fn remove_all(&self) -> Result<()> {
        for entry in Entries::new(self, "", self.disk()?)? {
            let key = entry?;
            self.turns(&key, |site| {
                let _held = site.lock()?;
                if let Some(spot) = site.locate()? {
                    site.erase(spot, true)?;
                }
                Ok(Turn::Done(()))
            })?;
        }
        self.remove_hashed()
    }
}

impl Site<'_> {
    /// The file of the key's value, under its lock.
    pub(super) fn locate(&self) -> Result<Option<Spot<'_>>> {
        let path = self.place.path();
        let read_error = |error: io::Error| self.files.read_error(path, error);
        let (up, name) = self.place.split();
        let folder = match self.root.at(up) {
            Ok(folder) => folder,
            // In the way there is nothing, a file or a link.
            Err(error) => return self.moved(error),
        };
        let (folder, name, rest, found) = match folder.find(name).map_err(read_error)? {
            Found::Folder(inner) => {
                let found = inner.find(VALUE).map_err(read_error)?;
                (At::There(inner), VALUE, path, found)
            }
            found => (folder, name, up, found),
        };
        match self.files.checked(path, found)? {
            Some((file, metadata)) => {
                Ok(Some(Spot { folder, name: name.to_owned(), path: rest, file, metadata }))
            }
            None => self.moved(io::ErrorKind::NotFound.into()),
        }
    }

    /// The value of a conversion that was broken off, if there is one.
    fn moved(&self, error: io::Error) -> Result<Option<Spot<'_>>> {
        if let Ok(moving) = self.root.at(MOVING) {
            let name = self.hash.to_hex().to_string();
            let found = moving.find(&name).map_err(|error| self.files.read_error(MOVING, error))?;
            if let Found::File(file, metadata) = found {
                return Ok(Some(Spot { folder: moving, name, path: "", file, metadata }));
            }
        }
        if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
            return Ok(None);
        }
        // A link, or no permission: opening says which.
        let found =
            self.root.find(self.place.path()).map_err(|_| self.files.read_error(self.place.path(), error))?;
        self.files.checked(self.place.path(), found).map(|_| None)
    }

    /// Renames a finished file to where the value belongs.
    fn publish(&self, temp: Temp) -> Result<Turn<bool>> {
        let (up, name) = self.place.split();
        let folder = match self.reach(up)? {
            Way::Open(folder) => folder,
            Way::Not(turn) => return Ok(turn),
        };
        let write_error = |error: io::Error| self.files.write_error(self.place.path(), error);
        let (folder, name) = match folder.look(name).map_err(write_error)?.kind {
            Kind::Folder => match folder.at(name) {
                Ok(At::There(inner)) => (At::There(inner), VALUE),
                _ => return Ok(Turn::Again),
            },
            _ => (folder, name),
        };
        match folder.look(name).map_err(write_error)?.kind {
            Kind::Absent | Kind::File => {}
            Kind::Folder if name != VALUE => return Ok(Turn::Again),
            Kind::Link => return Err(self.files.link_error(self.place.path())),
            Kind::Folder | Kind::Special => return Err(self.files.special_error(self.place.path())),
        }
        match temp.publish(&folder, name) {
            Ok(()) => {}
            // Somebody else made or removed a folder here since we looked.
            Err(error) if is_race(&error) => return Ok(Turn::Again),
            Err(error) => return Err(write_error(error)),
        }
        self.forget_moved();
        if self.files.is_full() {
            self.files.synced(folder.sync())?;
        }
        Ok(Turn::Done(true))
    }

    /// Removes a value's file and, if it had one, its hint, and the folders that are empty now.
    pub(super) fn erase(&self, spot: Spot<'_>, hinted: bool) -> Result<()> {
        let Spot { folder, name, path, file, metadata: _ } = spot;
        // Some systems keep a folder from going while a file that was in it is open.
        drop(file);
        // First, lest an older value shows up behind this one.
        self.forget_moved();
        match folder.unlink(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(self.files.write_error(self.place.path(), error));
            }
            _ => {}
        }
        if hinted {
            self.forget_hint();
        }
        let (left, pruned) = self.prune(path);
        if self.files.is_full() {
            let synced =
                if pruned { self.root.at(left).and_then(|folder| folder.sync()) } else { folder.sync() };
            self.files.synced(synced)?;
        }
        Ok(())
    }

    /// Removes empty folders from here upward; gives the first that stays.
    fn prune<'p>(&self, mut path: &'p str) -> (&'p str, bool) {
        let mut pruned = false;
        while !path.is_empty() && path != KEYS {
            let (up, name) = split(path);
            if self.root.at(up).and_then(|folder| folder.remove(name)).is_err() {
                break;
            }
            (path, pruned) = (up, true);
        }
        (path, pruned)
    }

    fn forget_moved(&self) {
        if let Ok(moving) = self.root.at(MOVING) {
            let _ = moving.unlink(&self.hash.to_hex());
        }
    }
}

fn is_race(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | IsADirectory | NotADirectory | NotFound)
}
