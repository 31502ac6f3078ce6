//! Folders by descriptor.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};

use super::super::path::split;
use super::{At, Found, Kind, Look};

// Never waits for the other end of a pipe, never becomes the terminal of the process.
const READ: OFlag = OFlag::O_RDONLY.union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY).union(OFlag::O_CLOEXEC);
const LIST: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);
// A folder need not be readable for what is in it to be.
#[cfg(target_os = "linux")]
const ENTER: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);
#[cfg(not(target_os = "linux"))]
const ENTER: OFlag = LIST;
const WRITE: OFlag = OFlag::O_WRONLY.union(OFlag::O_CREAT).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);
const CREATE: OFlag = WRITE.union(OFlag::O_EXCL);
const TOUCH: OFlag = WRITE.union(OFlag::O_TRUNC).union(OFlag::O_NONBLOCK);

// As for every program: the user's mask takes away from it.
const FILE_MODE: Mode = Mode::from_bits_truncate(0o666);
const FOLDER_MODE: Mode = Mode::from_bits_truncate(0o777);

/// An open folder.
#[derive(Debug)]
pub(in crate::file) struct Folder {
    fd: OwnedFd,
}

/// What a path below `root` leads to, without opening `root` first where that is possible.
pub(in crate::file) fn find(root: &Path, path: &str) -> io::Result<Found> {
    #[cfg(target_os = "linux")]
    if !OLD_KERNEL.load(Ordering::Relaxed) {
        let mut whole = std::ffi::OsString::with_capacity(root.as_os_str().len() + 1 + path.len());
        whole.push(root);
        whole.push("/");
        whole.push(path);
        // The link may be on the way to `root`, where it is allowed; and a whole path may be too long.
        match confined(AT_FDCWD, Path::new(&whole), READ, nix::fcntl::ResolveFlag::empty()) {
            Err(Errno::ELOOP | Errno::ENAMETOOLONG | Errno::ENOSYS | Errno::EPERM) => {}
            opened => return found(opened),
        }
    }
    match Folder::open(root) {
        Ok(folder) => folder.find(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Absent),
        Err(error) => Err(error),
    }
}

fn found(opened: Result<OwnedFd, Errno>) -> io::Result<Found> {
    let fd = match opened {
        Ok(fd) => fd,
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG) => return Ok(Found::Absent),
        Err(Errno::ELOOP) => return Ok(Found::Link),
        Err(Errno::ENXIO | Errno::ENODEV | Errno::EOPNOTSUPP) => return Ok(Found::Special),
        Err(error) => return Err(error.into()),
    };
    let file = File::from(fd);
    let metadata = file.metadata()?;
    Ok(if metadata.is_file() {
        Found::File(file, metadata)
    } else if metadata.is_dir() {
        Found::Folder(Folder { fd: file.into() })
    } else {
        Found::Special
    })
}

impl Folder {
    /// Opens the store's folder itself, by links too.
    pub(in crate::file) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { fd: again(|| openat(AT_FDCWD, path, ENTER, Mode::empty()))? })
    }

    /// A folder below this one; an empty path is this one.
    pub(in crate::file) fn at(&self, path: &str) -> io::Result<At<'_>> {
        if path.is_empty() {
            return Ok(At::Here(self));
        }
        Ok(At::There(Self { fd: beneath(self.fd.as_fd(), path, ENTER)? }))
    }

    pub(in crate::file) fn find(&self, path: &str) -> io::Result<Found> {
        found(beneath(self.fd.as_fd(), path, READ))
    }

    pub(in crate::file) fn look(&self, name: &str) -> io::Result<Look> {
        match fstatat(&self.fd, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Look { kind: kind_of(&stat), modified: modified(&stat), mark: mark(&stat) }),
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(Look { kind: Kind::Absent, modified: 0, mark: [0; 3] }),
            Err(error) => Err(error.into()),
        }
    }

    /// All names that are UTF-8, in no order.
    pub(in crate::file) fn names(&self) -> io::Result<Vec<(String, Kind)>> {
        let mut names = Vec::new();
        for entry in Dir::from_fd(again(|| openat(&self.fd, ".", LIST, Mode::empty()))?)?.iter() {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            let kind = match entry.file_type() {
                _ if matches!(name, "." | "..") => continue,
                Some(Type::File) => Kind::File,
                Some(Type::Directory) => Kind::Folder,
                Some(Type::Symlink) => Kind::Link,
                Some(_) => Kind::Special,
                None => self.look(name)?.kind,
            };
            names.push((name.to_owned(), kind));
        }
        Ok(names)
    }

    /// Makes a file that is not there yet.
    pub(in crate::file) fn create(&self, path: &str) -> io::Result<File> {
        Ok(beneath(self.fd.as_fd(), path, CREATE)?.into())
    }

    /// Makes an empty file, or gives the one that is there the time of now.
    pub(in crate::file) fn touch(&self, path: &str) -> io::Result<()> {
        Ok(beneath(self.fd.as_fd(), path, TOUCH).map(drop)?)
    }

    /// Makes a folder that is not there yet.
    pub(in crate::file) fn make(&self, path: &str) -> io::Result<()> {
        let (up, name) = split(path);
        Ok(mkdirat(&self.at(up)?.fd, name, FOLDER_MODE)?)
    }

    pub(in crate::file) fn rename(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        Ok(renameat(&self.fd, name, &to.fd, new)?)
    }

    /// Exchanges two names in one step; `false` if this disk cannot.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    pub(in crate::file) fn exchange(&self, name: &str, to: &Self, new: &str) -> io::Result<bool> {
        use nix::fcntl::{RenameFlags, renameat2};
        match renameat2(&self.fd, name, &to.fd, new, RenameFlags::RENAME_EXCHANGE) {
            Ok(()) => Ok(true),
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Exchanges two names in one step; `false` if this disk cannot.
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    pub(in crate::file) fn exchange(&self, _: &str, _: &Self, _: &str) -> io::Result<bool> {
        Ok(false)
    }

    /// Gives a file a second name.
    pub(in crate::file) fn link(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        Ok(linkat(&self.fd, name, &to.fd, new, AtFlags::empty())?)
    }

    pub(in crate::file) fn unlink(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.fd, name, UnlinkatFlags::NoRemoveDir)?)
    }

    /// Removes a folder if it is empty.
    pub(in crate::file) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.fd, name, UnlinkatFlags::RemoveDir)?)
    }

    /// Sees to it that the names of this folder survive a power cut.
    pub(in crate::file) fn sync(&self) -> io::Result<()> {
        match File::from(again(|| openat(&self.fd, ".", LIST, Mode::empty()))?).sync_all() {
            // Some disks have nothing to do for a folder, and say it this way.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
            {
                Ok(())
            }
            result => result,
        }
    }
}

/// The kernel refuses a mode for what is not made.
fn mode(flags: OFlag) -> Mode {
    if flags.contains(OFlag::O_CREAT) { FILE_MODE } else { Mode::empty() }
}

fn kind_of(stat: &FileStat) -> Kind {
    let format = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
    match format {
        SFlag::S_IFREG => Kind::File,
        SFlag::S_IFDIR => Kind::Folder,
        SFlag::S_IFLNK => Kind::Link,
        _ => Kind::Special,
    }
}

/// Device and number, and the time too, since the number of a removed folder is soon used again.
#[allow(clippy::unnecessary_cast, reason = "elsewhere than on Linux the device is another integer")]
fn mark(stat: &FileStat) -> [u64; 3] {
    let changed = stat.st_ctime.wrapping_mul(1_000_000_000).wrapping_add(stat.st_ctime_nsec);
    [stat.st_dev as u64, stat.st_ino, changed as u64]
}

fn modified(stat: &FileStat) -> u64 {
    let millis = i128::from(stat.st_mtime) * 1000 + i128::from(stat.st_mtime_nsec) / 1_000_000;
    u64::try_from(millis).unwrap_or(0)
}

fn again<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

#[cfg(target_os = "linux")]
static OLD_KERNEL: AtomicBool = AtomicBool::new(false);

#[cfg(target_os = "linux")]
fn confined(
    from: BorrowedFd<'_>,
    path: &Path,
    flags: OFlag,
    more: nix::fcntl::ResolveFlag,
) -> nix::Result<OwnedFd> {
    use nix::fcntl::{OpenHow, ResolveFlag, openat2};
    let how = OpenHow::new().flags(flags).mode(mode(flags)).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS | more);
    let opened = again(|| openat2(from, path, how));
    if matches!(opened, Err(Errno::ENOSYS)) {
        OLD_KERNEL.store(true, Ordering::Relaxed);
    }
    opened
}

fn beneath(from: BorrowedFd<'_>, path: &str, flags: OFlag) -> nix::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    if !OLD_KERNEL.load(Ordering::Relaxed) {
        match confined(from, Path::new(path), flags, nix::fcntl::ResolveFlag::RESOLVE_BENEATH) {
            // Some sandboxes refuse calls that they do not know with EPERM.
            Err(Errno::ENOSYS | Errno::EPERM) => {}
            opened => return opened,
        }
    }
    step_by_step(from, path, flags)
}

/// The same without help from the kernel: name after name, each of them no link.
fn step_by_step(from: BorrowedFd<'_>, path: &str, flags: OFlag) -> nix::Result<OwnedFd> {
    let mut folder: Option<OwnedFd> = None;
    let mut names = path.split('/').peekable();
    loop {
        let Some(name) = names.next() else { return Err(Errno::ENOENT) };
        let here = folder.as_ref().map_or(from, AsFd::as_fd);
        let last = names.peek().is_none();
        let how = if last { flags } else { ENTER } | OFlag::O_NOFOLLOW;
        let opened = again(|| openat(here, name, how, mode(how))).map_err(|error| {
            let link = fstatat(here, name, AtFlags::AT_SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| kind_of(&stat) == Kind::Link);
            if link { Errno::ELOOP } else { error }
        })?;
        if last {
            return Ok(opened);
        }
        folder = Some(opened);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_by_step_goes_where_openat2_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::create_dir_all(path.join("a/b")).unwrap();
        std::fs::write(path.join("a/b/c"), "x").unwrap();
        std::os::unix::fs::symlink("a", path.join("link")).unwrap();
        std::os::unix::fs::symlink("c", path.join("a/b/link")).unwrap();
        std::os::unix::fs::symlink("nowhere", path.join("dangling")).unwrap();
        let root = Folder::open(path).unwrap();
        for name in ["a", "a/b", "a/b/c", "a/b/c/d", "a/x", "x/y", "link", "link/b/c", "a/b/link", "dangling"]
        {
            for flags in [READ, ENTER] {
                let one = beneath(root.fd.as_fd(), name, flags).map(drop);
                let other = step_by_step(root.fd.as_fd(), name, flags).map(drop);
                assert_eq!(one, other, "{name} with {flags:?}");
            }
        }
    }
}
