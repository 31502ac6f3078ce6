//! What was taken out of a store with its value and may still be read, as long as the process lives.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use holdall_backend::os::fork::generation;
use holdall_types::Result;

use super::draft::Draft;
use super::place::{Place, TAKEN, failed};
use super::token::new_token;

/// By the folder of the place and the process, what this process has taken there.
static HELD: LazyLock<Mutex<HashMap<(PathBuf, u64), Draft>>> = LazyLock::new(Mutex::default);
/// For stores whose folder goes with them, which may be before what was taken is read.
static ELSEWHERE: LazyLock<Place> = LazyLock::new(Place::temporary);

impl Place {
    /// Gives a token's folder to this process: its files under other names, in a folder that stays.
    ///
    /// # Errors
    /// Those of the disk; `StoreBusy`.
    pub(super) fn take(&self, folder: &Path, limit: Duration) -> Result<PathBuf> {
        let place = if self.is_temporary() { &ELSEWHERE } else { self };
        let name = (place.made()?.to_owned(), generation());
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        let draft = match held.entry(name) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(place.begin_in("", TAKEN, new_token()?, limit)?)
            }
        };
        let target = draft.folder().join(new_token()?);
        drop(held);
        // A second name for each file rather than a copy. Nobody writes to them, under either.
        copy_tree(folder, &target, true).map_err(|error| failed(error, "copy", folder))?;
        Ok(target)
    }
}

/// Removes what was taken, and what lies beside stores in memory: the process ends.
pub fn drop_taken() {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    for ((_, made), draft) in held.drain() {
        if made == generation() {
            let _ = fs::remove_dir_all(draft.folder());
            if let Some(above) = draft.folder().parent() {
                let _ = fs::remove_dir(above);
            }
        }
    }
    drop(held);
    super::temporary::drop_all();
}

/// Copies the files and folders in a folder; as second names of the same files where that is wanted
/// and can be done. Links are left out.
pub(super) fn copy_tree(from: &Path, to: &Path, link: bool) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy_tree(&entry.path(), &target, link)?;
        } else if kind.is_file() && !(link && fs::hard_link(entry.path(), &target).is_ok()) {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
