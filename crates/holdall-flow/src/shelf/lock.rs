//! The locks of a workflow: one byte of its lock file for each key, so that keys do not wait for one another.
//!
//! The bytes are locked by the operating system (`F_OFD_SETLK`), so a lock ends with the process that holds
//! it. Such a lock does not keep out the threads of one process, which share the open file: a gate in memory
//! stands before it, that lets the thread that holds a byte in again.
//!
//! The file is removed with the last entry, by whoever holds all of its bytes; and who got a byte looks
//! whether the file still has its name, and else begins anew. So there are never two holders. Who cannot
//! have all bytes makes the file one byte long: then the last holder removes it.

use std::collections::HashMap;
#[cfg(not(unix))]
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

#[cfg(unix)]
use holdall_backend::os::close_in_child::CloseInChild;
use holdall_backend::os::fork::{self, generation};
use holdall_backend::os::wait::Wait;
use holdall_types::{Error, Result};

use super::folder::{Folder, Mark, mark_of};

/// The name of the lock file.
pub(super) const LOCK: &str = ".lock";

const GATE_WAKES: Duration = Duration::from_millis(20);

/// One byte of the lock file.
pub(super) type Byte = i64;

/// The byte of what is done for a file of the workflow, and a key.
pub(super) fn byte_of(what: &str, file: &str, key: &str) -> Byte {
    let hash = blake3::hash([what, file, key].join("\0").as_bytes());
    let first = hash.as_bytes().first_chunk().copied().unwrap_or_default();
    // Far from the largest offset, behind which nothing can be locked.
    (u64::from_le_bytes(first) >> 2).cast_signed()
}

/// The lock file and who of this process holds which byte.
#[derive(Debug)]
pub(super) struct Locks {
    place: PathBuf,
    gate: Mutex<Gate>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Gate {
    handle: Option<Arc<Handle>>,
    held: HashMap<Byte, Holder>,
    // Counted because waking is a system call even when nobody sleeps.
    waiting: usize,
}

#[derive(Debug)]
struct Holder {
    thread: ThreadId,
    times: usize,
    /// None until the byte is locked.
    handle: Option<Arc<Handle>>,
}

#[derive(Debug)]
struct Handle {
    #[cfg(unix)]
    file: CloseInChild,
    #[cfg(not(unix))]
    file: File,
    mark: Mark,
    #[cfg(not(target_os = "linux"))]
    users: Mutex<usize>,
}

/// A byte, held until dropped.
#[derive(Debug)]
pub(super) struct Held {
    locks: Arc<Locks>,
    byte: Byte,
    generation: u64,
}

impl Locks {
    pub(super) fn new(folder: &Path) -> Self {
        Self { place: folder.join(LOCK), gate: Mutex::default(), freed: Condvar::new() }
    }

    /// Whether somebody in this process holds a byte, or waits for one.
    pub(super) fn any_held(&self) -> bool {
        !self.gate().held.is_empty()
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a byte, waiting for at most `limit`; `None` if it is not free by then and there is no waiting.
    ///
    /// # Errors
    /// `StoreBusy`, those of the system, and what ends a wait.
    pub(super) fn hold(
        self: &Arc<Self>,
        folder: &Folder,
        byte: Byte,
        limit: Duration,
    ) -> Result<Option<Held>> {
        let mut wait = None;
        if !self.enter(byte, limit, &mut wait)? {
            return Ok(None);
        }
        // From here on dropping it opens the gate again.
        let held = Held { locks: Arc::clone(self), byte, generation: generation() };
        loop {
            if self.has(byte) {
                return Ok(Some(held));
            }
            let handle = self.open(folder).map_err(|error| self.failed(error))?;
            if handle.lock(byte, true).map_err(|error| self.failed(error))? {
                if folder.mark_of(LOCK) == Some(handle.mark) {
                    if let Some(holder) = self.gate().held.get_mut(&byte) {
                        holder.handle = Some(handle);
                    }
                    return Ok(Some(held));
                }
                // The file lost its name meanwhile, and with it its meaning.
                let _ = handle.lock(byte, false);
                self.gate().handle.take_if(|known| Arc::ptr_eq(known, &handle));
                if !folder.is_at(self.place.parent().unwrap_or(&self.place)) {
                    return Err(gone());
                }
            } else if limit.is_zero() {
                return Ok(None);
            }
            wait.get_or_insert_with(|| Wait::new(limit)).pause(&self.place.display())?;
        }
    }

    /// Enters the gate, and says whether it could.
    fn enter(&self, byte: Byte, limit: Duration, wait: &mut Option<Wait>) -> Result<bool> {
        let mine = thread::current().id();
        let mut gate = self.gate();
        while let Some(holder) = gate.held.get_mut(&byte) {
            if holder.thread == mine {
                holder.times += 1;
                return Ok(true);
            }
            if limit.is_zero() {
                return Ok(false);
            }
            gate.waiting += 1;
            let woken = self.freed.wait_timeout(gate, GATE_WAKES.min(limit));
            gate = woken.unwrap_or_else(PoisonError::into_inner).0;
            gate.waiting -= 1;
            if gate.held.contains_key(&byte) {
                drop(gate);
                wait.get_or_insert_with(|| Wait::new(limit)).check(&self.place.display())?;
                gate = self.gate();
            }
        }
        gate.held.insert(byte, Holder { thread: mine, times: 1, handle: None });
        Ok(true)
    }

    /// Whether this process has locked a byte.
    pub(super) fn has(&self, byte: Byte) -> bool {
        self.gate().held.get(&byte).is_some_and(|holder| holder.handle.is_some())
    }

    fn open(&self, folder: &Folder) -> io::Result<Arc<Handle>> {
        if let Some(handle) = &self.gate().handle {
            return Ok(Arc::clone(handle));
        }
        let handle = Arc::new(Handle::open(folder)?);
        Ok(Arc::clone(self.gate().handle.get_or_insert(handle)))
    }

    fn failed(&self, error: io::Error) -> Error {
        if error.kind() == io::ErrorKind::NotFound {
            return gone();
        }
        Error::io(error, format_args!("cannot lock {}", self.place.display()))
    }

    /// Whether somebody left word that the workflow has nothing in it, to be removed by the last holder.
    pub(super) fn is_marked(&self) -> bool {
        self.gate().handle.as_ref().is_some_and(|handle| handle.length().is_ok_and(|length| length > 0))
    }

    /// Does something while nobody holds a byte, nor can take one; `None` if somebody does, who then finds
    /// the word left.
    pub(super) fn alone<T>(&self, folder: &Folder, work: impl FnOnce() -> T) -> io::Result<Option<T>> {
        let mut gate = self.gate();
        let handle = match &gate.handle {
            Some(handle) => Arc::clone(handle),
            None => match Handle::open(folder) {
                Ok(handle) => Arc::clone(gate.handle.insert(Arc::new(handle))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(work())),
                Err(error) => return Err(error),
            },
        };
        if folder.mark_of(LOCK).is_some_and(|mark| mark != handle.mark) {
            // Another one has the name by now; whoever holds that tidies up.
            gate.handle = None;
            return Ok(None);
        }
        // This process's own bytes are no obstacle to its lock on all of them.
        let mine = !gate.held.is_empty();
        if mine || !handle.lock_all(true)? {
            handle.set_mark(true)?;
            // Who let go before the word was left did not see it.
            if mine || !handle.lock_all(true)? {
                return Ok(None);
            }
        }
        let done = work();
        let _ = handle.set_mark(false);
        handle.lock_all(false)?;
        Ok(Some(done))
    }
}

impl Held {
    /// Whether it is this process's: a forked child has a copy that means nothing.
    pub(super) fn is_here(&self) -> bool {
        self.generation == generation()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // In a forked child the lock is the parent's, and so is the gate.
        if !self.is_here() {
            return;
        }
        let mut gate = self.locks.gate();
        let Some(holder) = gate.held.get_mut(&self.byte) else { return };
        holder.times -= 1;
        if holder.times > 0 {
            return;
        }
        if let Some(handle) = &holder.handle {
            let _ = handle.lock(self.byte, false);
        }
        gate.held.remove(&self.byte);
        let waiting = gate.waiting > 0;
        drop(gate);
        if waiting {
            self.locks.freed.notify_all();
        }
    }
}

/// What tells the caller to make the folder again.
fn gone() -> Error {
    Error::io(io::ErrorKind::NotFound.into(), "the workflow's folder")
}

impl Handle {
    fn open(folder: &Folder) -> io::Result<Self> {
        let _calm = fork::calm();
        let file = folder.lock_file(LOCK)?;
        let mark = mark_of(&file)?;
        #[cfg(unix)]
        let file = CloseInChild::new(file);
        Ok(Self {
            file,
            mark,
            #[cfg(not(target_os = "linux"))]
            users: Mutex::default(),
        })
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn set_mark(&self, on: bool) -> io::Result<()> {
        if self.length()? == u64::from(on) { Ok(()) } else { self.file.set_len(on.into()) }
    }

    fn lock(&self, byte: Byte, on: bool) -> io::Result<bool> {
        self.set_lock(byte, 1, on)
    }

    fn lock_all(&self, on: bool) -> io::Result<bool> {
        self.set_lock(0, 0, on)
    }

    /// Locks or unlocks bytes, to the end of all if their number is 0, and says whether it could.
    #[cfg(target_os = "linux")]
    fn set_lock(&self, start: Byte, length: i64, on: bool) -> io::Result<bool> {
        use nix::errno::Errno;
        use nix::fcntl::{FcntlArg, fcntl};
        use nix::libc;
        let kind = if on { libc::F_WRLCK } else { libc::F_UNLCK };
        #[expect(clippy::cast_possible_truncation, reason = "both constants are small")]
        let lock = libc::flock {
            l_type: kind as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: start,
            l_len: length,
            l_pid: 0,
        };
        loop {
            match fcntl(&*self.file, FcntlArg::F_OFD_SETLK(&lock)) {
                Err(Errno::EINTR) => {}
                Ok(_) => return Ok(true),
                Err(Errno::EAGAIN | Errno::EACCES) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }

    // Byte locks that belong to an open file are tried on Linux only, and Rust's own take the whole file: so
    // elsewhere a process that holds one key keeps other processes from all keys of the workflow.
    #[cfg(not(target_os = "linux"))]
    fn set_lock(&self, _start: Byte, _length: i64, on: bool) -> io::Result<bool> {
        use std::fs::TryLockError;
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if on && *users == 0 {
            match self.file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(false),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        *users = if on { *users + 1 } else { users.saturating_sub(1) };
        if !on && *users == 0 {
            self.file.unlock()?;
        }
        Ok(true)
    }
}
