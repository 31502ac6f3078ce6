//! The folder of a store that has none: in the system's folder for temporary files.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

#[cfg(unix)]
use holdall_backend::os::close_in_child::CloseInChild;
use holdall_backend::os::fork::{self, generation};
use holdall_backend::os::lock::{LockFile, LockGuard};
use holdall_types::{Error, ErrorKind, Result};

use super::place::{failed, names};
use super::token::{is_token, new_token};

/// Those that there are, and whose they are: what is static is not dropped when a process ends.
static LIVE: Mutex<Vec<(PathBuf, u64)>> = Mutex::new(Vec::new());

const PREFIX: &str = "holdall-beside-";
const ALIVE: &str = "alive";

/// Made when it is first needed, removed when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Temporary(OnceLock<Made>);

#[derive(Debug)]
struct Made {
    path: PathBuf,
    lock: LockFile,
    generation: u64,
    // Its lock says that the process lives.
    #[cfg(unix)]
    _alive: CloseInChild,
    #[cfg(not(unix))]
    _alive: File,
}

impl Temporary {
    pub(super) fn found(&self) -> Option<&Path> {
        self.0.get().map(|made| &*made.path)
    }

    pub(super) fn remove(&self) {
        if let Some(made) = self.0.get() {
            made.remove();
        }
    }

    pub(super) fn is_ours(&self) -> bool {
        self.0.get().is_none_or(|made| made.generation == generation())
    }

    pub(super) fn made(&self) -> Result<&Path> {
        if self.0.get().is_none() {
            let made = Made::new()?;
            // Two threads may both make one; the second is dropped.
            let _ = self.0.set(made);
        }
        self.found()
            .ok_or_else(|| Error::new(ErrorKind::Backend, "no temporary folder was made; report this"))
    }

    pub(super) fn lock(&self, limit: Duration) -> Result<LockGuard<'_>> {
        self.made()?;
        match self.0.get() {
            Some(made) => made.lock.exclusive(limit),
            None => Err(Error::new(ErrorKind::Backend, "no temporary folder was made; report this")),
        }
    }
}

impl Made {
    fn new() -> Result<Self> {
        let above = std::env::temp_dir();
        reap(&above);
        let path = above.join(format!("{PREFIX}{}", new_token()?));
        let make = || -> std::io::Result<File> {
            let mut folder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
            folder.create(&path)?;
            // It has its name once it is locked, so that nobody finds it without its holder.
            let draft = path.join("draft");
            let alive = OpenOptions::new().write(true).create_new(true).open(&draft)?;
            alive.lock()?;
            fs::rename(draft, path.join(ALIVE))?;
            Ok(alive)
        };
        let _calm = fork::calm();
        let alive = make().map_err(|error| failed(error, "make", &path))?;
        #[cfg(unix)]
        let alive = CloseInChild::new(alive);
        let lock = LockFile::new(path.join("lock"));
        live().push((path.clone(), generation()));
        Ok(Self { path, lock, generation: generation(), _alive: alive })
    }
}

impl Made {
    fn remove(&self) {
        if self.generation == generation() {
            live().retain(|(path, _)| *path != self.path);
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Removes them all: the process ends.
pub(super) fn drop_all() {
    for (path, made) in live().drain(..) {
        if made == generation() {
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn live() -> MutexGuard<'static, Vec<(PathBuf, u64)>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes what processes that were killed left.
fn reap(above: &Path) {
    for name in names(above).unwrap_or_default() {
        if !name.strip_prefix(PREFIX).is_some_and(is_token) {
            continue;
        }
        let path = above.join(name);
        if !is_own(&path) {
            continue;
        }
        // One that is just being made has none.
        if let Ok(alive) = File::open(path.join(ALIVE))
            && alive.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Whether it is a folder of this user's: others write to the same place.
#[cfg(unix)]
fn is_own(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let uid = nix::unistd::geteuid().as_raw();
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == uid)
}

#[cfg(not(unix))]
fn is_own(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}
