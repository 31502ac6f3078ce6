//! Who may write: 64 lock files, each for its share of the keys.
//!
//! One lock for all would make writers of different keys wait for each other; one a key would
//! leave as many lock files behind as there ever were keys.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use holdall_types::{Error, ErrorKind, Result};

use super::folder::{Folder, Kind};
use super::path::Hash;
use crate::os::lock::{LockFile, LockGuard};

pub(super) const LOCKS: &str = ".holdall/lock";
const SHARDS: usize = 64;

/// The lock files that a process has opened.
#[derive(Debug)]
pub(super) struct Shards {
    // Somebody may remove the folder and make it anew; locks on the removed files lock nobody out.
    mark: [u64; 3],
    folder: PathBuf,
    files: [OnceLock<LockFile>; SHARDS],
}

/// Where a process keeps them.
pub(super) type Slot = Mutex<Option<Arc<Shards>>>;

/// The lock files in this folder, and whether they are newly opened.
pub(super) fn current(slot: &Slot, root: &Path, mark: [u64; 3]) -> (Arc<Shards>, bool) {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(shards) = slot.as_ref().filter(|shards| shards.mark == mark) {
        return (Arc::clone(shards), false);
    }
    let new = Shards { mark, folder: root.join(LOCKS), files: [const { OnceLock::new() }; SHARDS] };
    let shards = slot.insert(Arc::new(new));
    (Arc::clone(shards), true)
}

/// Closes them.
pub(super) fn forget(slot: &Slot) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

impl Shards {
    /// Takes the lock for the keys whose hash is like this one.
    pub(super) fn lock(&self, root: &Folder, hash: &Hash, limit: Duration) -> Result<LockGuard<'_>> {
        let [first, ..] = hash.as_bytes();
        let number = usize::from(*first) % SHARDS;
        let Some(cell) = self.files.get(number) else {
            return Err(Error::new(ErrorKind::Backend, format!("there is no lock {number}; report this")));
        };
        if cell.get().is_none() {
            let name = format!("{number:02x}");
            self.make(root, &name)?;
            let _ = cell.set(LockFile::new(self.folder.join(name)));
        }
        match cell.get() {
            Some(file) => file.exclusive(limit),
            None => {
                Err(Error::new(ErrorKind::Backend, format!("the lock {number} was not made; report this")))
            }
        }
    }

    /// Makes the lock file here rather than where it is opened: there a link would be followed.
    fn make(&self, root: &Folder, name: &str) -> Result<()> {
        let path = self.folder.join(name);
        let failed = |error| Error::io(error, format_args!("cannot make the lock file {}", path.display()));
        let locks = root.at(LOCKS).map_err(failed)?;
        let Err(error) = locks.create(name) else { return Ok(()) };
        match locks.look(name).map_err(failed)?.kind {
            Kind::File => Ok(()),
            Kind::Absent => Err(failed(error)),
            _ => {
                let message = format!("{} is no lock file of a store; remove it", path.display());
                Err(Error::new(ErrorKind::Validation, message))
            }
        }
    }
}
