//! What keeps other openers of the database file from undoing our commits.
//!
//! SQLite's locks are POSIX locks, and those belong to the process: when *any* descriptor of the
//! file is closed in it (a backup, a second copy of SQLite), all of them are gone. The next
//! program that opens and closes the database then takes itself for the last one, writes the log
//! back and unlinks it, and what we commit from then on goes into a file without a name.
//!
//! So each process holds, for as long as it has a connection, locks of another sort, which belong
//! to an open file of our own (`F_OFD_SETLK`, Linux only):
//!
//! - on the bytes of SQLite's SHARED lock, so that nobody gets the EXCLUSIVE lock that a last
//!   closer needs;
//! - on the byte of the `-shm` file that says somebody is using it, so that nobody starts it
//!   afresh under our feet (and from SQLite 3.51 on it, too, stops a last closer).
//!
//! The lock on `<db>.lock` round each write is the other half of the guard (`run.rs`).
//!
//! The guard's own descriptors drop SQLite's locks like any other when they are closed. So there
//! is one set for a file and a process, whatever number of stores is open on it, closed after the
//! last connection. The same table finds, in a forked child, the connections that it inherited.

use std::fs::{File, OpenOptions};
use std::io;
use std::mem;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use crate::os::close_in_child::CloseInChild;
use crate::os::fork::generation;

use super::link::Link;

/// Where SQLite's SHARED lock lies: `PENDING_BYTE` + 2, `SHARED_SIZE`.
pub(super) const SHARED: (i64, i64) = (0x4000_0002, 510);
/// The byte of the `-shm` file whose lock says that it is in use.
pub(super) const IN_USE: (i64, i64) = (128, 1);

/// Every database file that this process has open. Locked only inside `calm`, so that no child
/// finds it locked.
static FILES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

type Id = (u64, u64);

struct Entry {
    generation: u64,
    id: Id,
    database: Option<CloseInChild>,
    index: Option<CloseInChild>,
    // Opened by mistake, when the path changed hands between a look and an open.
    spare: Vec<CloseInChild>,
    users: usize,
    links: Vec<Weak<Link>>,
}

/// One connection's share in a file's guard. Taken, used and dropped only inside `calm`; dropped
/// after the connection.
#[derive(Debug)]
pub(super) struct Claim {
    generation: u64,
    id: Id,
}

impl Claim {
    /// A share in the file at `path`, which is made if it is not there.
    pub(super) fn enter(path: &Path) -> io::Result<Self> {
        let mut files = files();
        // A look first: a second descriptor could not be closed before all connections are.
        let guarded = identify(path).filter(|id| find(&mut files, *id).is_some_and(|e| e.database.is_some()));
        let id = match guarded {
            Some(id) => id,
            None => {
                let options =
                    OpenOptions::new().read(true).write(true).create(true).truncate(false).to_owned();
                let file = options.open(path)?;
                let metadata = file.metadata()?;
                let id = (metadata.dev(), metadata.ino());
                let file = CloseInChild::new(file);
                let entry = find_or_add(&mut files, id);
                match entry.database {
                    None => entry.database = Some(file),
                    Some(_) => entry.spare.push(file),
                }
                id
            }
        };
        Ok(Self::join(&mut files, id))
    }

    /// A share without locks, for a connection that only reads.
    pub(super) fn enter_reading(path: &Path) -> io::Result<Self> {
        let metadata = path.metadata()?;
        Ok(Self::join(&mut files(), (metadata.dev(), metadata.ino())))
    }

    fn join(files: &mut Vec<Entry>, id: Id) -> Self {
        abandon_inherited(files, id);
        let entry = find_or_add(files, id);
        entry.users += 1;
        Self { generation: entry.generation, id }
    }

    /// The first bytes of the database file, as far as it has them.
    pub(super) fn header(&self) -> io::Result<Vec<u8>> {
        self.with(|entry| {
            let mut header = vec![0; 100];
            let file: &File = entry.database.as_ref().ok_or(io::ErrorKind::NotFound)?;
            let length = file.read_at(&mut header, 0)?;
            header.truncate(length);
            Ok(header)
        })
    }

    /// Takes the lock on the database file; `false` while a last closer is at work.
    pub(super) fn hold(&self) -> io::Result<bool> {
        self.with(|entry| entry.database.as_ref().map_or(Ok(true), |file| set_lock(file, SHARED, true)))
    }

    /// Takes the lock on the `-shm` file; `false` while somebody starts it afresh.
    pub(super) fn hold_index(&self, path: &Path) -> io::Result<bool> {
        self.with(|entry| {
            let file = match &mut entry.index {
                Some(file) => file,
                none => none.insert(CloseInChild::new(File::open(path)?)),
            };
            set_lock(file, IN_USE, true)
        })
    }

    /// Gives both locks back if no other connection of this process needs them, so that SQLite, if
    /// nobody else has the file, tidies up as it closes.
    pub(super) fn let_go_if_last(&self) -> io::Result<()> {
        self.with(|entry| {
            if entry.users == 1 {
                entry.database.as_deref().map_or(Ok(true), |file| set_lock(file, SHARED, false))?;
                entry.index.as_deref().map_or(Ok(true), |file| set_lock(file, IN_USE, false))?;
            }
            Ok(())
        })
    }

    /// Whether `path` still is the file that this guards.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        identify(path) == Some(self.id)
    }

    /// Keeps a connection where a forked child will find it.
    pub(super) fn remember(&self, link: Weak<Link>) {
        let _ = self.with(|entry| {
            entry.links.retain(|link| link.strong_count() > 0);
            entry.links.push(link);
            Ok(())
        });
    }

    /// Never closes the descriptors: the file turned out to be another program's, which may have
    /// it open in this very process and would lose its locks.
    pub(super) fn leave_open(self) {
        mem::forget(self);
    }

    fn with<T>(&self, work: impl FnOnce(&mut Entry) -> io::Result<T>) -> io::Result<T> {
        let mut files = files();
        let entry = files.iter_mut().find(|entry| entry.generation == self.generation && entry.id == self.id);
        work(entry.ok_or(io::ErrorKind::NotFound)?)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.generation != generation() {
            return;
        }
        let mut files = files();
        if let Some(entry) = find(&mut files, self.id) {
            entry.users = entry.users.saturating_sub(1);
        }
        // Closed while the table is locked: a new connection must not come in between.
        files.retain(|entry| entry.generation != self.generation || entry.users > 0);
    }
}

fn files() -> MutexGuard<'static, Vec<Entry>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn identify(path: &Path) -> Option<Id> {
    path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

fn find(files: &mut [Entry], id: Id) -> Option<&mut Entry> {
    let generation = generation();
    files.iter_mut().find(|entry| entry.generation == generation && entry.id == id)
}

fn find_or_add(files: &mut Vec<Entry>, id: Id) -> &mut Entry {
    let generation = generation();
    let known = files.iter().position(|entry| entry.generation == generation && entry.id == id);
    let at = known.unwrap_or_else(|| {
        let (database, index, spare, links) = (None, None, Vec::new(), Vec::new());
        files.push(Entry { generation, id, database, index, spare, users: 0, links });
        files.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "found or pushed just now")]
    &mut files[at]
}

/// Closes what a forked child inherited on this file. SQLite keeps one state for a file and a
/// process: as long as a connection of the parent lies in our memory, ours would share its idea of
/// which locks are held (the child holds none) and its `-shm` file, which the parent may have
/// removed since. Closing in the child takes nothing from the parent, since POSIX locks are not
/// inherited; it must only not write the log back.
fn abandon_inherited(files: &mut Vec<Entry>, id: Id) {
    let generation = generation();
    files.retain_mut(|entry| {
        let inherited = entry.generation != generation && entry.id == id;
        if inherited {
            for link in entry.links.drain(..).filter_map(|link| link.upgrade()) {
                link.abandon();
                // The last owner must not end here, where its own way of closing would wait for us.
                mem::forget(link);
            }
        }
        !inherited
    });
}

#[cfg(target_os = "linux")]
fn set_lock(file: &File, (start, length): (i64, i64), hold: bool) -> io::Result<bool> {
    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;
    let kind = if hold { libc::F_RDLCK } else { libc::F_UNLCK };
    let whence = libc::SEEK_SET;
    #[expect(clippy::cast_possible_truncation, reason = "both constants are small")]
    let lock = libc::flock {
        l_type: kind as libc::c_short,
        l_whence: whence as libc::c_short,
        l_start: start,
        l_len: length,
        l_pid: 0,
    };
    match fcntl(file.as_fd(), FcntlArg::F_OFD_SETLK(&lock)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

// macOS has such locks too, but nobody has tried whether they keep SQLite's away there.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "as on Linux")]
fn set_lock(file: &File, _range: (i64, i64), _hold: bool) -> io::Result<bool> {
    let _ = file.as_fd();
    Ok(true)
}
