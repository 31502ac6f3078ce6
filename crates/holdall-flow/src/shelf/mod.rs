//! Entries as files: a folder for each workflow, a file for each node.
//!
//! - `<workflow>/<name>` is the newest entry of a name, `<workflow>/<name>@<key>` an older one that another
//!   key replaced (`name.rs` says what file a name has);
//! - `<workflow>/.side/<name>/<token>/` holds the side data of one entry, made before the entry and removed
//!   after it;
//! - `<workflow>/.tmp@<byte>@<number>` is an entry under construction, `<workflow>/.lock` what keys are
//!   claimed by (`lock.rs`).
//!
//! An entry is written whole under a temporary name and renamed (`keep.rs`). Whoever writes one holds the
//! lock of its name or has claimed its key, so a temporary file or side folder that nobody has locked was
//! left behind (`sweep.rs`). With the last entry all of it goes, the folder included.

mod folder;
mod keep;
mod lock;
mod look;
pub mod name;
mod remove;
mod sweep;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use holdall_backend::Durability;
use holdall_backend::os::fork::PerProcess;
use holdall_store::{Keyring, Trust};
use holdall_types::{Error, ErrorKind, Result};

use folder::Folder;
use lock::Locks;

pub use keep::{Claim, Keep};
pub use look::Kept;
pub use remove::Removed;

/// Where side data lies.
const SIDE: &str = ".side";

/// So many workflows stay open.
const OPEN: usize = 32;

/// The files of a storage.
pub struct Shelf {
    root: PathBuf,
    keyring: Arc<Keyring>,
    trust: Trust,
    durability: Durability,
    process: PerProcess<Mutex<HashMap<String, Arc<Workflow>>>>,
}

/// One workflow's folder, open.
#[derive(Debug)]
struct Workflow {
    path: PathBuf,
    folder: Folder,
    locks: Arc<Locks>,
    swept: AtomicBool,
    /// Whether this process has met an entry here: whoever removes the last one tidies up.
    seen: AtomicBool,
}

impl Shelf {
    /// The storage in a folder, which the first entry makes.
    ///
    /// # Errors
    /// `Validation` if there is something at this path that is not a folder; `Backend` if a relative path
    /// has nothing to be relative to.
    pub fn open(root: &Path, keyring: Arc<Keyring>, trust: Trust, durability: Durability) -> Result<Self> {
        // Absolute once and for all: the working directory may change, the storage must not.
        let root = std::path::absolute(root)
            .map_err(|error| Error::io(error, format_args!("cannot find {}", root.display())))?;
        if root.metadata().is_ok_and(|metadata| !metadata.is_dir()) {
            let message = format!("{} is not a folder; give the folder of the storage", root.display());
            return Err(Error::new(ErrorKind::Validation, message));
        }
        Ok(Self { root, keyring, trust, durability, process: PerProcess::new() })
    }

    /// The folder of the storage.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a workflow.
    #[must_use]
    pub fn folder_of(&self, workflow: &str) -> PathBuf {
        self.root.join(name::file_of(workflow))
    }

    /// The folder of the side data of a name's entries, one folder an entry.
    #[must_use]
    pub fn side_of(&self, workflow: &str, name: &str) -> PathBuf {
        self.folder_of(workflow).join(SIDE).join(name::file_of(name))
    }

    /// The folder of a workflow, open, if it is there.
    fn workflow(&self, name: &str) -> Result<Option<Arc<Workflow>>> {
        let open = self.process.get_or_try_init(|| Ok(Mutex::default()))?;
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(workflow) = open.get(name)
            && workflow.folder.is_at(&workflow.path)
        {
            return Ok(Some(Arc::clone(workflow)));
        }
        let path = self.folder_of(name);
        let folder = match Folder::open(&path) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(error, &path, "open")),
        };
        let workflow = Arc::new(Workflow {
            locks: Arc::new(Locks::new(&path)),
            path,
            folder,
            swept: AtomicBool::new(false),
            seen: AtomicBool::new(false),
        });
        if open.len() >= OPEN {
            // What is in use stays: only there is it known who holds its locks.
            open.retain(|_, workflow| Arc::strong_count(workflow) > 1 || workflow.locks.any_held());
        }
        open.insert(name.to_owned(), Arc::clone(&workflow));
        Ok(Some(workflow))
    }

    /// The same, made if it is missing.
    fn make_workflow(&self, name: &str) -> Result<Arc<Workflow>> {
        if let Some(workflow) = self.workflow(name)? {
            return Ok(workflow);
        }
        let path = self.folder_of(name);
        match std::fs::create_dir_all(&path) {
            // It was there, and somebody removed it before its kind was asked for.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !is_in_the_way(&path) => {}
            made => made.map_err(|error| refused(error, &path, "make"))?,
        }
        if self.durability == Durability::Full {
            let root = Folder::open(&self.root).and_then(|root| root.sync());
            root.map_err(|error| not_synced(error, &self.root))?;
        }
        // Removed by now, being empty: the next try will do.
        self.workflow(name)?.ok_or_else(|| Error::io(io::ErrorKind::NotFound.into(), path.display()))
    }

    /// Does something in a workflow's folder, again where somebody removed the folder meanwhile.
    fn within<T>(&self, name: &str, mut work: impl FnMut(&Arc<Workflow>) -> Result<T>) -> Result<T> {
        /// Each time somebody else must have made and emptied the folder in between.
        const TRIES: u32 = 1000;
        let mut tries = 0;
        loop {
            match self.make_workflow(name).and_then(|workflow| work(&workflow)) {
                Err(error) if tries < TRIES && is_gone(&error) => tries += 1,
                done => return done,
            }
        }
    }

    /// Makes a workflow's folder, so that it can be seen before there is anything in it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn new_workflow(&self, name: &str) -> Result<()> {
        self.within(name, |_| Ok(()))
    }

    /// The workflows that are there, sorted, as far as their names can be told.
    ///
    /// # Errors
    /// Those of the system.
    pub fn workflows(&self) -> Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(refused(error, &self.root, "list")),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| refused(error, &self.root, "list"))?;
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let file = entry.file_name();
            if let Some(name::Named::Name(name)) = file.to_str().and_then(name::name_of) {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// Whether the folder was removed while something was done in it.
fn is_gone(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound)
}

/// What the system said, in words.
fn refused(error: io::Error, place: &Path, what: &str) -> Error {
    let link = std::fs::symlink_metadata(place).is_ok_and(|metadata| metadata.is_symlink());
    if link || folder::is_link(&error) {
        let message = format!(
            "{} is a symbolic link, which a storage never follows, since it could lead anywhere; put the file or \
             folder itself there",
            place.display()
        );
        return Error::new(ErrorKind::Validation, message).caused_by(error);
    }
    let what = format!("cannot {what} {}", place.display());
    if error.kind() == io::ErrorKind::PermissionDenied && what.starts_with("cannot read") {
        // Not `StoreReadOnly`, which this would be sorted into.
        let message = format!("{what}: {error}; give this user read access");
        return Error::new(ErrorKind::Backend, message).caused_by(error);
    }
    Error::io(error, what)
}

/// Whether something that is no folder has a path.
fn is_in_the_way(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| !found.is_dir())
}

fn not_synced(error: io::Error, place: &Path) -> Error {
    let message = format!(
        "{} could not be synced ({error}), so what was kept may not survive a power cut; check the disk, and \
         keep it again",
        place.display()
    );
    Error::new(ErrorKind::StorePoisoned, message).caused_by(error)
}

/// How long a save waits for another one of the same name, and a claim for its holder: as long as they live.
const FOR_EVER: Duration = Duration::MAX;

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf").field("root", &self.root).finish_non_exhaustive()
    }
}
