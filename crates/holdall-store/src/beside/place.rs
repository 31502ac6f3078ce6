//! Where the side data of a store lies.

use std::fs;
use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use holdall_backend::os::lock::{LockFile, LockGuard};
use holdall_types::{Error, ErrorKind, Result};

use super::temporary::Temporary;
use super::token::is_hex;

/// A folder with one for each key, named by the key's hash, and in each one for each token.
#[derive(Debug)]
pub struct Place {
    base: Base,
}

#[derive(Debug)]
enum Base {
    /// Beside a store on the disk.
    Folder { path: PathBuf, lock: LockFile },
    /// Of a store in memory: made when it is needed, gone with the store.
    Temporary(Temporary),
}

/// What is in a key's folder beside the tokens: nothing. In a token's folder, beside the numbered ones:
/// the key, in a file that its writer holds locked, and a signed copy of the references.
pub(super) const KEY: &str = "key";
pub(super) const REFERENCES: &str = "references";
/// Where folders are on their way out.
pub(super) const GONE: &str = "gone";
/// The "key" of what was taken out of the store and is still read.
pub(super) const TAKEN: &str = "taken";
const LOCK: &str = "lock";

impl Place {
    /// The place of a store whose side data lies in this folder, which need not be there.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        let lock = LockFile::new(path.join(LOCK));
        Self { base: Base::Folder { path, lock } }
    }

    /// The place of a store in memory.
    #[must_use]
    pub fn temporary() -> Self {
        Self { base: Base::Temporary(Temporary::default()) }
    }

    /// Lets go of what goes with the store.
    pub fn close(&self) {
        if let Base::Temporary(folder) = &self.base {
            folder.remove();
        }
    }

    /// Whether it goes with the store.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(self.base, Base::Temporary(_))
    }

    /// Whether this process may remove what is there: a copy of a store in memory, which a fork made,
    /// shares the folder with the first one.
    pub(super) fn is_ours(&self) -> bool {
        match &self.base {
            Base::Folder { .. } => true,
            Base::Temporary(folder) => folder.is_ours(),
        }
    }

    /// The folder, if it is there.
    pub(super) fn found(&self) -> Result<Option<&Path>> {
        let path = match &self.base {
            Base::Folder { path, .. } => path,
            Base::Temporary(folder) => match folder.found() {
                Some(path) => path,
                None => return Ok(None),
            },
        };
        if is_folder(path)? { Ok(Some(path)) } else { Ok(None) }
    }

    /// The folder, made if it is missing.
    pub(super) fn made(&self) -> Result<&Path> {
        let path = match &self.base {
            Base::Folder { path, .. } => path,
            Base::Temporary(folder) => folder.made()?,
        };
        fs::create_dir_all(path).map_err(|error| failed(error, "make", path))?;
        is_folder(path)?;
        Ok(path)
    }

    /// The folder's lock, which is held for no more than a few steps.
    pub(super) fn lock(&self, limit: Duration) -> Result<LockGuard<'_>> {
        match &self.base {
            Base::Folder { lock, .. } => lock.exclusive(limit),
            Base::Temporary(folder) => folder.lock(limit),
        }
    }

    /// The folder of a key, if it is there.
    pub(super) fn key_folder(&self, key: &str) -> Result<Option<PathBuf>> {
        let Some(base) = self.found()? else { return Ok(None) };
        let folder = base.join(hash_of(key));
        Ok(is_folder(&folder)?.then_some(folder))
    }

    /// Where the side data of a key is read.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn folder_of(&self, key: &str) -> Result<PathBuf> {
        match self.found()? {
            Some(base) => Ok(base.join(hash_of(key))),
            // Nothing is there, which is for the reader to say.
            None => Ok(PathBuf::from(hash_of(key))),
        }
    }
}

/// What the folder of a key is called.
pub(super) fn hash_of(key: &str) -> String {
    let mut hash = blake3::hash(key.as_bytes()).to_hex().to_string();
    hash.truncate(32);
    hash
}

/// Whether this may be the folder of a key.
pub(super) fn is_hash(name: &str) -> bool {
    is_hex(name, 32)
}

/// Whether there is a folder. Anything else there is refused: a link would lead elsewhere.
pub(super) fn is_folder(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(true),
        Ok(_) => {
            let message = format!("{} is no folder of a store's; remove it", path.display());
            Err(Error::new(ErrorKind::Validation, message))
        }
        Err(error) if error.kind() == Io::NotFound => Ok(false),
        Err(error) => Err(failed(error, "look at", path)),
    }
}

pub(super) fn failed(error: std::io::Error, what: &str, path: &Path) -> Error {
    Error::io(error, format_args!("cannot {what} {}", path.display()))
}

/// The names in a folder; none where there is no folder.
pub(super) fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == Io::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| failed(error, "list", folder))?,
    };
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
}
