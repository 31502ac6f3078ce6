//! Folders by descriptor.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};

use super::{Found, Mark};

const SAFE: OFlag = OFlag::O_NOFOLLOW.union(OFlag::O_CLOEXEC);
// Never waits for the other end of a pipe, never becomes the terminal of the process.
const READ: OFlag = SAFE.union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY);
const LIST: OFlag = SAFE.union(OFlag::O_DIRECTORY);
const CREATE: OFlag = SAFE.union(OFlag::O_WRONLY).union(OFlag::O_CREAT).union(OFlag::O_EXCL);
const LOCK: OFlag = READ.union(OFlag::O_RDWR).union(OFlag::O_CREAT);
const FILE_MODE: Mode = Mode::from_bits_truncate(0o666);

/// An open folder.
#[derive(Debug)]
pub(in crate::shelf) struct Folder {
    fd: OwnedFd,
    mark: Mark,
}

impl Folder {
    pub(in crate::shelf) fn open(path: &Path) -> io::Result<Self> {
        let fd = again(|| openat(AT_FDCWD, path, LIST, Mode::empty()))?;
        let mark = mark(&fstat(fd.as_fd())?);
        Ok(Self { fd, mark })
    }

    /// Whether the path leads here still. While it is open, no other folder has its number.
    pub(in crate::shelf) fn is_at(&self, path: &Path) -> bool {
        fstatat(AT_FDCWD, path, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(|stat| mark(&stat) == self.mark)
    }

    pub(in crate::shelf) fn find(&self, name: &str) -> io::Result<Found> {
        let file = match again(|| openat(&self.fd, name, READ, Mode::empty())) {
            Ok(fd) => File::from(fd),
            Err(Errno::ENOENT) => return Ok(Found::Absent),
            Err(Errno::ENXIO | Errno::ENODEV | Errno::EOPNOTSUPP) => return Ok(Found::Other),
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        Ok(if metadata.is_file() { Found::File(file, metadata.len()) } else { Found::Other })
    }

    /// Makes a file that is not there yet.
    pub(in crate::shelf) fn create(&self, name: &str) -> io::Result<File> {
        Ok(again(|| openat(&self.fd, name, CREATE, FILE_MODE))?.into())
    }

    /// Opens a file to be locked, and makes it if it is not there.
    pub(in crate::shelf) fn lock_file(&self, name: &str) -> io::Result<File> {
        Ok(again(|| openat(&self.fd, name, LOCK, FILE_MODE))?.into())
    }

    /// Which file a name stands for.
    pub(in crate::shelf) fn mark_of(&self, name: &str) -> Option<Mark> {
        fstatat(&self.fd, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok().as_ref().map(mark)
    }

    /// Puts a file in the place of whatever has the other name.
    pub(in crate::shelf) fn rename(&self, name: &str, new: &str) -> io::Result<()> {
        Ok(renameat(&self.fd, name, &self.fd, new)?)
    }

    /// Gives a file a name that nothing has, and says whether that was so.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    pub(in crate::shelf) fn rename_new(&self, name: &str, new: &str) -> io::Result<bool> {
        use nix::fcntl::{RenameFlags, renameat2};
        match renameat2(&self.fd, name, &self.fd, new, RenameFlags::RENAME_NOREPLACE) {
            Ok(()) => Ok(true),
            // Whoever is told so may replace it, and a disk that cannot do this one can do that.
            Err(Errno::EEXIST | Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Nothing is known of such a call here.
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    pub(in crate::shelf) fn rename_new(&self, _: &str, _: &str) -> io::Result<bool> {
        Ok(false)
    }

    /// Gives a file a second name.
    pub(in crate::shelf) fn link(&self, name: &str, new: &str) -> io::Result<()> {
        Ok(linkat(&self.fd, name, &self.fd, new, AtFlags::empty())?)
    }

    /// Removes a file, and says whether it was there.
    pub(in crate::shelf) fn unlink(&self, name: &str) -> io::Result<bool> {
        match unlinkat(&self.fd, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) => Ok(true),
            Err(Errno::ENOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// All names that are UTF-8, in no order, and whether each is a file.
    pub(in crate::shelf) fn names(&self) -> io::Result<Vec<(String, bool)>> {
        let mut names = Vec::new();
        for entry in Dir::from_fd(again(|| openat(&self.fd, ".", LIST, Mode::empty()))?)?.iter() {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if matches!(name, "." | "..") {
                continue;
            }
            let file = match entry.file_type() {
                Some(kind) => kind == Type::File,
                None => matches!(self.find(name)?, Found::File(..)),
            };
            names.push((name.to_owned(), file));
        }
        Ok(names)
    }

    /// Sees to it that the names of this folder survive a power cut.
    pub(in crate::shelf) fn sync(&self) -> io::Result<()> {
        match nix::unistd::fsync(&self.fd) {
            // Some disks have nothing to do for a folder, and say it this way.
            Ok(()) | Err(Errno::EINVAL | Errno::EOPNOTSUPP) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Which file is open.
pub(in crate::shelf) fn mark_of(file: &File) -> io::Result<Mark> {
    Ok(mark(&fstat(file.as_fd())?))
}

/// Whether a name was refused because it is a symbolic link.
pub(in crate::shelf) fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ELOOP as i32)
}

#[allow(clippy::unnecessary_cast, reason = "elsewhere than on Linux the device is another integer")]
fn mark(stat: &FileStat) -> Mark {
    (stat.st_dev as u64, stat.st_ino)
}

fn again<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}
