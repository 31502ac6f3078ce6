//! A file that one thread of one process at a time may hold.
//!
//! The lock is the operating system's on a file of our own (`flock`, `LockFileEx`), so it ends with
//! the process that holds it. Such a lock does not keep out the threads of one process, which
//! share the open file, so a gate in memory stands before it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use holdall_types::{Clock, Error, Result, SystemClock};

#[cfg(unix)]
use super::close_in_child::CloseInChild;
use super::fork::{self, PerProcess};
use super::wait::Wait;

const GATE_WAKES: Duration = Duration::from_millis(20);

/// A lock file, opened by each process on first use and kept open.
#[derive(Debug)]
pub struct LockFile {
    path: PathBuf,
    process: PerProcess<Process>,
}

#[derive(Debug)]
struct Process {
    gate: Mutex<Gate>,
    freed: Condvar,
    #[cfg(unix)]
    file: CloseInChild,
    #[cfg(not(unix))]
    file: File,
}

#[derive(Debug, Default)]
struct Gate {
    taken: bool,
    // Counted because waking is a system call even when nobody sleeps.
    waiting: usize,
}

/// The lock, held until dropped.
#[derive(Debug)]
pub struct LockGuard<'a> {
    process: &'a Process,
}

impl LockFile {
    /// The lock of this path. The file is made on first use, its folder must be there.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, process: PerProcess::new() }
    }

    /// Takes the lock, waiting for at most `limit`.
    ///
    /// # Errors
    /// `StoreBusy` when somebody else holds it for longer; `StoreReadOnly` or `Backend` when the
    /// file cannot be opened.
    pub fn exclusive(&self, limit: Duration) -> Result<LockGuard<'_>> {
        let process = self.process.get_or_try_init(|| Process::open(&self.path))?;
        let mut wait = None;
        process.enter(&self.path, limit, &mut wait)?;
        // From here on dropping the guard opens the gate again.
        let guard = LockGuard { process };
        loop {
            match process.file.try_lock() {
                Ok(()) => return Ok(guard),
                Err(TryLockError::WouldBlock) => {
                    wait.get_or_insert_with(|| Wait::new(limit)).pause(&self.path.display())?;
                }
                Err(TryLockError::Error(error)) => {
                    return Err(Error::io(error, format_args!("cannot lock {}", self.path.display())));
                }
            }
        }
    }
}

impl LockGuard<'_> {
    /// Writes something new into the lock file, which wakes those who watch it (`watch`).
    ///
    /// # Errors
    /// Those of the system.
    pub fn touch(&self) -> std::io::Result<()> {
        #[expect(clippy::cast_possible_truncation, reason = "the quick end of it is wanted")]
        let word = SystemClock.boot().as_nanos() as u64;
        write_at_start(&self.process.file, &word.to_le_bytes())
    }
}

#[cfg(unix)]
fn write_at_start(file: &File, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.write_all_at(bytes, 0)
}

#[cfg(windows)]
fn write_at_start(file: &File, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt;
    file.seek_write(bytes, 0).map(drop)
}

impl Process {
    fn open(path: &Path) -> Result<Self> {
        let _calm = fork::calm();
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| {
            Error::io(error, format_args!("cannot open the lock file {}", path.display()))
        })?;
        #[cfg(unix)]
        let file = CloseInChild::new(file);
        Ok(Self { gate: Mutex::default(), freed: Condvar::new(), file })
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, path: &Path, limit: Duration, wait: &mut Option<Wait>) -> Result<()> {
        let mut gate = self.gate();
        while gate.taken {
            gate.waiting += 1;
            let woken = self.freed.wait_timeout(gate, GATE_WAKES.min(limit));
            gate = woken.unwrap_or_else(PoisonError::into_inner).0;
            gate.waiting -= 1;
            if gate.taken {
                drop(gate);
                wait.get_or_insert_with(|| Wait::new(limit)).check(&path.display())?;
                gate = self.gate();
            }
        }
        gate.taken = true;
        Ok(())
    }
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        // Unlocking a lock that was never got, after a failed wait, is harmless.
        let _ = self.process.file.unlock();
        let mut gate = self.process.gate();
        gate.taken = false;
        let waiting = gate.waiting > 0;
        drop(gate);
        if waiting {
            self.process.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdall_types::ErrorKind;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn keeps_threads_apart() {
        let folder = tempfile::tempdir().unwrap();
        let lock = LockFile::new(folder.path().join("lock"));
        let (inside, most) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let _guard = lock.exclusive(Duration::from_secs(60)).unwrap();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
    }

    #[test]
    fn a_second_opener_waits_and_gives_up() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("lock"), folder.path().join("lock"));
        let (one, two) = (LockFile::new(one), LockFile::new(two));
        let held = one.exclusive(Duration::ZERO).unwrap();
        let error = two.exclusive(Duration::from_millis(30)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreBusy);
        drop(held);
        assert!(two.exclusive(Duration::ZERO).is_ok());
    }
}
