//! The folder of a fresh token, while its writer is at work.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[cfg(unix)]
use holdall_backend::os::close_in_child::CloseInChild;
use holdall_backend::os::fork;
use holdall_types::{Error, ErrorKind, Result};

use super::place::{KEY, Place, REFERENCES, failed, hash_of, is_folder};
use super::token::{is_token, new_token};

/// Holds a token's folder: as long as this lives nobody takes it for abandoned, and it ends with the
/// process. What becomes of the folder then is for [`Place::prune`] to say.
#[derive(Debug)]
pub struct Draft {
    key: String,
    token: String,
    folder: PathBuf,
    // Its lock says that the writer lives.
    #[cfg(unix)]
    _alive: CloseInChild,
    #[cfg(not(unix))]
    _alive: File,
}

impl Place {
    /// Makes the folder of a fresh token for a key.
    ///
    /// # Errors
    /// Those of the disk; `StoreBusy` if the lock is held for longer than `limit`.
    pub fn begin(&self, key: &str, limit: Duration) -> Result<Draft> {
        self.begin_in(key, &hash_of(key), new_token()?, limit)
    }

    /// The same with a token that the caller made: 16 hexadecimal digits at random.
    ///
    /// # Errors
    /// The same; `Validation` for another token.
    pub fn begin_as(&self, key: &str, token: &str, limit: Duration) -> Result<Draft> {
        if !is_token(token) {
            let message = format!("{token:?} is no token; make it of 16 random hexadecimal digits");
            return Err(Error::new(ErrorKind::Validation, message));
        }
        self.begin_in(key, &hash_of(key), token.to_owned(), limit)
    }

    pub(super) fn begin_in(&self, key: &str, name: &str, token: String, limit: Duration) -> Result<Draft> {
        let of_key = self.made()?.join(name);
        // Under the lock, so that whoever tidies up never sees a folder that nobody holds yet.
        let _held = self.lock(limit)?;
        is_folder(&of_key)?;
        let folder = of_key.join(&token);
        fs::create_dir_all(&folder).map_err(|error| failed(error, "make", &folder))?;
        let path = folder.join(KEY);
        let file = || -> std::io::Result<File> {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.try_lock().map_err(|error| match error {
                TryLockError::Error(error) => error,
                TryLockError::WouldBlock => std::io::ErrorKind::WouldBlock.into(),
            })?;
            file.write_all(key.as_bytes())?;
            Ok(file)
        };
        let _calm = fork::calm();
        let file = file().map_err(|error| failed(error, "write", &path))?;
        #[cfg(unix)]
        let file = CloseInChild::new(file);
        Ok(Draft { key: key.to_owned(), token, folder, _alive: file })
    }
}

impl Draft {
    /// Whose it is.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What the value is to name.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The folder: each object has one of its own in it, named by its number.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Says that all was written: keeps a frame of the references, for whoever removes it all one day. With
    /// `sync` everything is on the disk when this returns, the files of the objects excepted.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn finish(&self, references: &[u8], sync: bool) -> Result<()> {
        let path = self.folder.join(REFERENCES);
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.write_all(references)?;
            if sync {
                file.sync_all()?;
                self._alive.deref_sync()?;
                #[cfg(unix)]
                for folder in self.folder.ancestors().take(4) {
                    File::open(folder)?.sync_all()?;
                }
            }
            Ok(())
        };
        write().map_err(|error| failed(error, "write", &path))
    }
}

/// One name for both kinds of file.
trait Synced {
    fn deref_sync(&self) -> std::io::Result<()>;
}

#[cfg(unix)]
impl Synced for CloseInChild {
    fn deref_sync(&self) -> std::io::Result<()> {
        self.deref().sync_all()
    }
}

#[cfg(not(unix))]
impl Synced for File {
    fn deref_sync(&self) -> std::io::Result<()> {
        self.sync_all()
    }
}

/// Whether the writer of a token's folder is at work. One whose file cannot be asked counts as that.
pub(super) fn is_alive(folder: &Path) -> bool {
    match File::open(folder.join(KEY)) {
        // A shared lock will do, and needs no right to write. It ends when the file is closed.
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}
