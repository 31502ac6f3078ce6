//! Folders by path, where the system knows no descriptors of them.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Found, Mark};

/// A folder that was there.
#[derive(Debug)]
pub(in crate::shelf) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(in crate::shelf) fn open(path: &Path) -> io::Result<Self> {
        if fs::symlink_metadata(path)?.is_dir() {
            return Ok(Self { path: path.to_owned() });
        }
        Err(io::ErrorKind::NotADirectory.into())
    }

    /// Whether there still is one.
    pub(in crate::shelf) fn is_at(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
    }

    pub(in crate::shelf) fn find(&self, name: &str) -> io::Result<Found> {
        let path = self.path.join(name);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                let file = File::open(&path)?;
                let length = file.metadata()?.len();
                Ok(Found::File(file, length))
            }
            Ok(_) => Ok(Found::Other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Absent),
            Err(error) => Err(error),
        }
    }

    /// Makes a file that is not there yet.
    pub(in crate::shelf) fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.path.join(name))
    }

    /// Opens a file to be locked, and makes it if it is not there.
    pub(in crate::shelf) fn lock_file(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.path.join(name))
    }

    /// Whether there is such a name: one file cannot be told from another here, so the lock file stays.
    pub(in crate::shelf) fn mark_of(&self, name: &str) -> Option<Mark> {
        fs::symlink_metadata(self.path.join(name)).is_ok().then_some((0, 0))
    }

    /// Puts a file in the place of whatever has the other name.
    pub(in crate::shelf) fn rename(&self, name: &str, new: &str) -> io::Result<()> {
        fs::rename(self.path.join(name), self.path.join(new))
    }

    /// There is no such call here.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "as elsewhere")]
    pub(in crate::shelf) fn rename_new(&self, _: &str, _: &str) -> io::Result<bool> {
        Ok(false)
    }

    /// Gives a file a second name.
    pub(in crate::shelf) fn link(&self, name: &str, new: &str) -> io::Result<()> {
        fs::hard_link(self.path.join(name), self.path.join(new))
    }

    /// Removes a file, and says whether it was there.
    pub(in crate::shelf) fn unlink(&self, name: &str) -> io::Result<bool> {
        match fs::remove_file(self.path.join(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// All names that are UTF-8, in no order, and whether each is a file.
    pub(in crate::shelf) fn names(&self) -> io::Result<Vec<(String, bool)>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                names.push((name, entry.file_type()?.is_file()));
            }
        }
        Ok(names)
    }

    /// A folder cannot be synced here.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "as elsewhere")]
    pub(in crate::shelf) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// As [`Folder::mark_of`].
#[expect(clippy::unnecessary_wraps, reason = "as elsewhere")]
pub(in crate::shelf) fn mark_of(_: &File) -> io::Result<Mark> {
    Ok((0, 0))
}

/// Links are told by their own kind here.
pub(in crate::shelf) fn is_link(_: &io::Error) -> bool {
    false
}
