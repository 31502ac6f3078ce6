//! Claiming a key, and keeping an entry.

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use holdall_backend::Durability;
use holdall_backend::os::reserve::reserve;
use holdall_types::{Error, ErrorKind, Result};

use super::lock::{Byte, Held, byte_of};
use super::look::{Kept, older};
use super::name::file_of;
use super::{FOR_EVER, Shelf, Workflow, not_synced, refused};
use crate::entry::{Said, Whose};

/// What the name of a file under construction begins with.
pub(super) const TEMPORARY: &str = ".tmp@";

/// A key or a name that nobody else works at, until it is dropped.
#[derive(Debug)]
pub struct Claim {
    held: Option<Held>,
    workflow: Arc<Workflow>,
}

/// What came of keeping an entry.
#[derive(Debug)]
pub struct Keep {
    /// The entry.
    pub kept: Kept,
    /// Those that it replaced whose side data must go, too.
    pub replaced: Vec<Kept>,
}

/// The byte that whoever writes the entries of a file holds.
pub(super) fn saving(file: &str) -> Byte {
    byte_of("save", file, "")
}

impl Shelf {
    /// Waits until nobody else has this key, and takes it: among the threads and processes that share the
    /// storage one has it, and when that dies the next one does.
    ///
    /// # Errors
    /// `StoreReadOnly` where nothing can be kept; what ends a wait; those of the system.
    pub fn claim(&self, whose: Whose<'_>) -> Result<Claim> {
        let byte = byte_of("claim", &file_of(whose.name), whose.key.unwrap_or_default());
        self.hold(whose.workflow, byte).map_err(|error| error.context(whose))
    }

    /// Keeps others from saving under a name, for whoever writes side data before the entry.
    ///
    /// # Errors
    /// As [`claim`](Self::claim).
    pub fn saving(&self, workflow: &str, name: &str) -> Result<Claim> {
        self.hold(workflow, saving(&file_of(name)))
    }

    fn hold(&self, workflow: &str, byte: Byte) -> Result<Claim> {
        self.within(workflow, |workflow| {
            let held = workflow.hold(byte)?;
            Ok(Claim { held: Some(held), workflow: Arc::clone(workflow) })
        })
    }

    /// Keeps an entry in place of the name's newest, which stays as an older one if its key is another.
    /// Until it is there whole, nothing is changed.
    ///
    /// # Errors
    /// `StoreFull`, `StoreReadOnly`, `Validation` without a keyset, those of the system.
    pub fn keep(&self, mut said: Said, frame: &[u8]) -> Result<Keep> {
        let whose = said.whose().to_string();
        said.measure(frame);
        let kept = (|| {
            let front = said.front(&self.keyring)?;
            let file = file_of(&said.name);
            let byte = saving(&file);
            self.within(&said.workflow, |workflow| {
                workflow.sweep_once()?;
                let held = workflow.hold(byte)?;
                let published = Temp::write(self, workflow, byte, &front, frame)
                    .and_then(|temp| self.publish(workflow, &file, &said, temp));
                drop(held);
                match &published {
                    Ok(_) => workflow.seen.store(true, Ordering::Relaxed),
                    Err(_) => workflow.let_go(),
                }
                published
            })
        })();
        let replaced = kept.map_err(|error: Error| error.context(whose))?;
        Ok(Keep { kept: Kept::new(said), replaced })
    }

    /// Gives an entry its name. The name's lock is held.
    fn publish(&self, workflow: &Workflow, file: &str, said: &Said, temp: Temp<'_>) -> Result<Vec<Kept>> {
        let mut replaced = Vec::new();
        let any = Whose { workflow: &said.workflow, name: &said.name, key: None };
        let failed = |error| refused(error, &workflow.path.join(file), "write");
        // What cannot be read, or is no entry, is not worth keeping.
        let former = self.kept(workflow, file, any, false);
        match &former {
            Ok(Some(former)) if former.said.key == said.key => {
                replaced.extend(self.with_side(workflow, file, any));
            }
            Ok(Some(former)) => {
                workflow.set_aside(file, &older(file, &former.said.key)).map_err(failed)?;
            }
            _ => {}
        }
        temp.publish(file).map_err(failed)?;
        if self.durability == Durability::Full {
            workflow.folder.sync().map_err(|error| not_synced(error, &workflow.path))?;
        }
        match former {
            Ok(Some(_)) => {
                let same = older(file, &said.key);
                replaced.extend(self.with_side(workflow, &same, any));
                let _ = workflow.folder.unlink(&same);
            }
            Ok(None) => {}
            Err(_) => workflow.sweep_side(file),
        }
        Ok(replaced)
    }

    /// The entry in a file if it has side data and can be trusted: who opens it may remove what it names.
    pub(super) fn with_side(&self, workflow: &Workflow, file: &str, whose: Whose<'_>) -> Option<Kept> {
        let looked = self.kept(workflow, file, whose, false).ok().flatten()?;
        looked.said.side.as_ref()?;
        self.kept(workflow, file, whose, true).ok().flatten().filter(|kept| kept.doubt.is_none())
    }
}

impl Workflow {
    pub(super) fn hold(&self, byte: Byte) -> Result<Held> {
        let held = self.locks.hold(&self.folder, byte, FOR_EVER)?;
        held.ok_or_else(|| Error::new(ErrorKind::StoreBusy, format!("{} is locked", self.path.display())))
    }

    /// Gives an entry the name of an older one, and leaves it where it is until another takes its place.
    fn set_aside(&self, file: &str, older: &str) -> io::Result<()> {
        self.folder.unlink(older)?;
        match self.folder.link(file, older) {
            Ok(()) => Ok(()),
            // A disk without second names: for a moment there is no newest entry.
            Err(_) => self.folder.rename(file, older),
        }
    }

    /// After somebody let go of a lock: nothing is left of a workflow in which nothing is.
    pub(super) fn let_go(&self) {
        if !self.seen.load(Ordering::Relaxed) || self.locks.is_marked() {
            // What cannot be removed now is left to the next one.
            let _ = self.tidy();
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let here = self.held.as_ref().is_some_and(Held::is_here);
        self.held = None;
        if here {
            self.workflow.let_go();
        }
    }
}

/// A file under construction, removed when dropped.
struct Temp<'a> {
    workflow: &'a Workflow,
    name: String,
}

impl<'a> Temp<'a> {
    fn write(shelf: &Shelf, workflow: &'a Workflow, byte: Byte, front: &[u8], frame: &[u8]) -> Result<Self> {
        let number = getrandom::u64().map_err(|error| {
            let message = "the system gives no random numbers, so no name for a new file";
            Error::new(ErrorKind::Backend, message).caused_by(error.to_string())
        })?;
        let name = format!("{TEMPORARY}{byte:016x}@{number:016x}");
        let place = workflow.path.join(&name);
        let mut file = workflow.folder.create(&name).map_err(|error| refused(error, &place, "write"))?;
        let temp = Self { workflow, name };
        let failed = |error| refused(error, &place, "write");
        reserve(&file, (front.len() + frame.len()) as u64).map_err(failed)?;
        write_both(&mut file, front, frame).map_err(failed)?;
        if shelf.durability == Durability::Full {
            file.sync_all().map_err(|error| not_synced(error, &place))?;
        }
        close(file).map_err(failed)?;
        Ok(temp)
    }

    fn publish(mut self, file: &str) -> io::Result<()> {
        self.workflow.folder.rename(&self.name, file)?;
        self.name.clear();
        Ok(())
    }
}

impl Drop for Temp<'_> {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            let _ = self.workflow.folder.unlink(&self.name);
        }
    }
}

fn write_both(file: &mut File, front: &[u8], frame: &[u8]) -> io::Result<()> {
    let written = loop {
        match file.write_vectored(&[IoSlice::new(front), IoSlice::new(frame)]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            written => break written?,
        }
    };
    // Usually that was all of it.
    file.write_all(front.get(written..).unwrap_or_default())?;
    file.write_all(frame.get(written.saturating_sub(front.len())..).unwrap_or_default())
}

/// Some network disks say only now that there was no room.
#[cfg(unix)]
fn close(file: File) -> io::Result<()> {
    match nix::unistd::close(file) {
        Ok(()) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn close(file: File) -> io::Result<()> {
    drop(file);
    Ok(())
}
