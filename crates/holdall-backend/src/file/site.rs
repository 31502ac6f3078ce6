//! Where a write happens: the folder, made if it is missing, the key's place in it and its lock.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use holdall_types::Result;

use super::Files;
use super::folder::{At, Folder, Kind};
use super::path::{Hash, Place, hash_of, path_of};
use super::segment::{Disk, RESERVED};
use super::shards::{self, LOCKS, Shards};
use crate::os::lock::LockGuard;
use crate::os::wait::Wait;

pub(super) const UNKNOWN: u8 = 0;
pub(super) const EXACT: u8 = 1;
pub(super) const FOLDING: u8 = 2;

/// A key's surroundings for one try of a write.
pub(super) struct Site<'a> {
    pub(super) files: &'a Files,
    pub(super) root: Arc<Folder>,
    pub(super) hash: Hash,
    pub(super) place: Place<'a>,
    shards: Arc<Shards>,
}

/// What became of a try.
pub(super) enum Turn<T> {
    Done(T),
    /// Somebody else changed the folders meanwhile.
    Again,
    /// The key that so many of the first segments make has its file where a folder must be.
    Unfold(usize),
}

/// A folder that is there now, or why not yet.
pub(super) enum Way<'a> {
    Open(At<'a>),
    Not(Turn<bool>),
}

impl Files {
    /// Tries until it is done.
    pub(super) fn turns<T>(
        &self,
        key: &str,
        mut turn: impl FnMut(&Site<'_>) -> Result<Turn<T>>,
    ) -> Result<T> {
        let mut wait = None;
        loop {
            let turn = turn(&self.site(key)?)?;
            match turn {
                Turn::Done(result) => return Ok(result),
                Turn::Again => {
                    wait.get_or_insert_with(|| Wait::new(self.busy_timeout)).pause(&self.root.display())?
                }
                Turn::Unfold(depth) => {
                    let end =
                        key.match_indices('/').nth(depth.saturating_sub(1)).map_or(key.len(), |(at, _)| at);
                    self.unfold(key.get(..end).unwrap_or(key))?;
                }
            }
        }
    }

    pub(super) fn site<'a>(&'a self, key: &'a str) -> Result<Site<'a>> {
        let (root, shards) = self.base()?;
        let place = path_of(key, self.disk()?);
        Ok(Site { files: self, root: Arc::new(root), hash: hash_of(key), place, shards })
    }

    fn base(&self) -> Result<(Folder, Arc<Shards>)> {
        let slot = self.process.get_or_try_init(|| Ok(shards::Slot::default()))?;
        let mut made = 0;
        loop {
            let opened = Folder::open(&self.root).and_then(|root| Ok((root.look(LOCKS)?, root)));
            match opened {
                Ok((look, root)) if look.kind == Kind::Folder => {
                    let (shards, new) = shards::current(slot, &self.root, look.mark);
                    if new {
                        // Once: that the way there passes no link.
                        root.at(LOCKS).map_err(|error| self.own_error(LOCKS, error))?;
                        super::temp::reap(&root);
                    }
                    return Ok((root, shards));
                }
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(self.write_error("", error));
                }
                _ if made == 3 => return Err(self.own_error(LOCKS, io::ErrorKind::NotADirectory.into())),
                _ => self.make_own()?,
            }
            made += 1;
        }
    }

    /// Makes the folder and what of ours is always in it.
    fn make_own(&self) -> Result<()> {
        let new = !self.root.exists();
        std::fs::create_dir_all(&self.root).map_err(|error| self.write_error("", error))?;
        let root = Folder::open(&self.root).map_err(|error| self.write_error("", error))?;
        for path in [RESERVED, super::temp::TEMPORARY, LOCKS] {
            make(&root, path).map_err(|error| self.own_error(path, error))?;
        }
        if self.is_full() {
            self.synced(root.at(RESERVED).and_then(|own| own.sync()))?;
            self.synced(root.sync())?;
            if let (true, Some(parent)) = (new, self.root.parent()) {
                self.synced(Folder::open(parent).and_then(|parent| parent.sync()))?;
            }
        }
        Ok(())
    }

    fn own_error(&self, path: &str, error: io::Error) -> holdall_types::Error {
        match Folder::open(&self.root).and_then(|root| root.look(RESERVED)) {
            Ok(look) if look.kind == Kind::Link => self.link_error(RESERVED),
            _ => self.write_error(path, error),
        }
    }

    /// What the disk makes of names. It is asked by another spelling of our own folder's name; as
    /// long as there is none, nobody has written a key, and the answer is not kept.
    pub(super) fn disk(&self) -> Result<Disk> {
        if cfg!(any(windows, target_vendor = "apple")) {
            return Ok(Disk::Folding);
        }
        match self.disk.load(Ordering::Relaxed) {
            EXACT => return Ok(Disk::Exact),
            FOLDING => return Ok(Disk::Folding),
            _ => {}
        }
        let looks =
            Folder::open(&self.root).and_then(|root| Ok((root.look(RESERVED)?, root.look(".HOLDALL")?)));
        let (own, other) = match looks {
            Ok(looks) => looks,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Disk::Exact),
            Err(error) => return Err(self.read_error("", error)),
        };
        let folding = own.kind == Kind::Folder && other.kind == Kind::Folder && own.mark == other.mark;
        if own.kind == Kind::Folder {
            self.disk.store(if folding { FOLDING } else { EXACT }, Ordering::Relaxed);
        }
        Ok(if folding { Disk::Folding } else { Disk::Exact })
    }

    /// Whether the key may have no path of its own, by all that is known of the disk by now.
    pub(super) fn may_be_hashed(&self, key: &str) -> bool {
        let known = self.disk().is_ok() && self.disk.load(Ordering::Relaxed) == EXACT;
        path_of(key, Disk::Exact).hashed() || (!known && path_of(key, Disk::Folding).hashed())
    }
}

impl Site<'_> {
    /// The same for a key of which only the hash is known: its lock.
    pub(super) fn with_hash(mut self, hash: Hash) -> Self {
        self.hash = hash;
        self
    }

    pub(super) fn lock(&self) -> Result<LockGuard<'_>> {
        self.shards.lock(&self.root, &self.hash, self.files.busy_timeout)
    }

    /// The lock, if nobody has it.
    pub(super) fn try_lock(&self) -> Result<LockGuard<'_>> {
        self.shards.lock(&self.root, &self.hash, std::time::Duration::ZERO)
    }

    /// The folder of this path, made if it is missing.
    pub(super) fn reach(&self, path: &str) -> Result<Way<'_>> {
        match self.root.at(path) {
            Ok(folder) => return Ok(Way::Open(folder)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return self.obstacle(path, error).map(Way::Not),
        }
        let mut folder = At::Here(&*self.root);
        let mut length = 0;
        for name in path.split('/') {
            length += name.len() + 1;
            let next = match folder.at(name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    match make(&folder, name) {
                        Ok(()) => {}
                        // The folder above was just removed, being empty.
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {
                            return Ok(Way::Not(Turn::Again));
                        }
                        Err(error) => return Err(self.files.write_error(path, error)),
                    }
                    if self.files.is_full() {
                        self.files.synced(folder.sync())?;
                    }
                    folder.at(name)
                }
                reached => reached,
            };
            let next = match next {
                Ok(At::Here(_)) => return Ok(Way::Not(Turn::Again)),
                Ok(At::There(next)) => next,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Way::Not(Turn::Again)),
                Err(error) => {
                    return self.obstacle(path.get(..length - 1).unwrap_or(path), error).map(Way::Not);
                }
            };
            folder = At::There(next);
        }
        Ok(Way::Open(folder))
    }

    /// What keeps a path from being a folder, and what can be done about it.
    fn obstacle(&self, path: &str, error: io::Error) -> Result<Turn<bool>> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for (depth, end) in ends.enumerate() {
            let part = path.get(..end).unwrap_or(path);
            let look = self.root.look(part).map_err(|error| self.files.write_error(part, error))?;
            match look.kind {
                Kind::Folder => {}
                Kind::Absent => return Ok(Turn::Again),
                Kind::File if self.place.hashed() => break,
                Kind::File => return Ok(Turn::Unfold(depth + 1)),
                Kind::Link => return Err(self.files.link_error(part)),
                Kind::Special => return Err(self.files.special_error(part)),
            }
        }
        // All are folders by now: unless this is another trouble, the next try will do.
        if error.kind() == io::ErrorKind::NotADirectory && !self.place.hashed() {
            return Ok(Turn::Again);
        }
        Err(self.files.write_error(path, error))
    }
}

/// Makes a folder unless it is there.
pub(super) fn make(folder: &Folder, name: &str) -> io::Result<()> {
    match folder.make(name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
