//! What is said of an entry, and its value.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use holdall_types::{Error, ErrorKind, Result};

use super::folder::Found;
use super::name::{Named, file_of, name_of};
use super::{Shelf, Workflow, refused};
use crate::entry::{self, Front, Said, Whose};

/// How much is read at first: all of a small entry.
const GLANCE: u64 = 16 * 1024;

/// An entry that is there.
#[derive(Debug)]
pub struct Kept {
    /// What is said of it.
    pub said: Said,
    /// Why nobody here vouches for it, if so: then its value must stand for itself.
    pub doubt: Option<Error>,
    /// The value's frame, if it is known already.
    frame: Option<Vec<u8>>,
}

/// The name of the file of an older entry.
pub(super) fn older(file: &str, key: &str) -> String {
    format!("{file}@{}", key.get(..32).unwrap_or(key))
}

/// An entry's file, opened, and as much of it as was read.
pub(super) struct Opened {
    file: File,
    place: PathBuf,
    length: u64,
    pub(super) start: Vec<u8>,
}

impl Opened {
    /// Reads on until so much is there.
    pub(super) fn reach(&mut self, length: usize) -> Result<()> {
        let more = length.saturating_sub(self.start.len()) as u64;
        if more > self.length.saturating_sub(self.start.len() as u64) {
            return Err(entry::damaged("it is shorter than it says"));
        }
        if more > 0 {
            self.start.try_reserve_exact(usize::try_from(more).unwrap_or(usize::MAX))?;
            let read = (&self.file).take(more).read_to_end(&mut self.start);
            if read.map_err(|error| refused(error, &self.place, "read"))? as u64 != more {
                return Err(entry::damaged("it is shorter than it says"));
            }
        }
        Ok(())
    }
}

impl Shelf {
    /// What is said of the entry of this key, or of the newest one without a key. A damaged or untrusted
    /// one, or one moved here, is an error.
    ///
    /// # Errors
    /// Those of [`entry::read`]; `Validation` for a link; those of the system.
    pub fn look(&self, whose: Whose<'_>) -> Result<Option<Kept>> {
        self.find(whose, false).map_err(|error| error.context(whose))
    }

    /// The same, its value known already.
    ///
    /// # Errors
    /// As [`look`](Self::look).
    pub fn read(&self, whose: Whose<'_>) -> Result<Option<Kept>> {
        self.find(whose, true).map_err(|error| error.context(whose))
    }

    /// The value's frame.
    ///
    /// # Errors
    /// `CorruptFrame` if it is damaged; `Conflict` if the entry was replaced or removed since it was looked
    /// at; those of the system.
    pub fn frame<'a>(&self, kept: &'a Kept) -> Result<Cow<'a, [u8]>> {
        if let Some(frame) = &kept.frame {
            kept.said.check(frame).map_err(|error| error.context(kept.said.whose()))?;
            return Ok(Cow::Borrowed(frame));
        }
        match self.read(kept.said.whose())? {
            Some(Kept { said, frame: Some(frame), .. }) if said.hash == kept.said.hash => {
                Ok(Cow::Owned(frame))
            }
            _ => {
                let message = format!(
                    "{} was replaced or removed since it was looked at; look again",
                    kept.said.whose()
                );
                Err(Error::new(ErrorKind::Conflict, message))
            }
        }
    }

    fn find(&self, whose: Whose<'_>, whole: bool) -> Result<Option<Kept>> {
        let Some(workflow) = self.workflow(whose.workflow)? else { return Ok(None) };
        let file = file_of(whose.name);
        // The newest may be another key's, which is not said against it.
        let newest = self.kept(&workflow, &file, Whose { key: None, ..whose }, whole);
        let Some(key) = whose.key else { return newest };
        match newest {
            Ok(Some(kept)) if kept.said.key == key => return Ok(Some(kept)),
            Ok(_) => {}
            // What lies behind a damaged one is as good as ever.
            Err(error) => {
                return match self.kept(&workflow, &older(&file, key), whose, whole) {
                    Ok(Some(kept)) => Ok(Some(kept)),
                    _ => Err(error),
                };
            }
        }
        self.kept(&workflow, &older(&file, key), whose, whole)
    }

    /// The entry in a file.
    pub(super) fn kept(
        &self,
        workflow: &Workflow,
        file: &str,
        whose: Whose<'_>,
        whole: bool,
    ) -> Result<Option<Kept>> {
        let Some(mut opened) = workflow.open(file)? else { return Ok(None) };
        opened.reach(usize::try_from(opened.length.min(GLANCE)).unwrap_or(usize::MAX))?;
        let length = entry::length_of(&opened.start)?;
        opened.reach(length)?;
        let front = entry::read(&opened.start, whose, &self.keyring, self.trust)?;
        front.check_length(opened.length)?;
        if whole {
            opened.reach(usize::try_from(opened.length).unwrap_or(usize::MAX))?;
        }
        workflow.seen.store(true, Ordering::Relaxed);
        let length = front.length;
        let mut kept = Kept::from(front);
        if opened.start.len() as u64 == opened.length {
            let frame = opened.start.split_off(length);
            if whole {
                kept.said.check(&frame)?;
            }
            kept.frame = Some(frame);
        }
        Ok(Some(kept))
    }

    /// The bytes of the file of a name, whatever they are.
    ///
    /// # Errors
    /// Those of the system.
    pub fn bytes(&self, workflow: &str, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(workflow) = self.workflow(workflow)? else { return Ok(None) };
        let Some(mut opened) = workflow.open(&file_of(name))? else { return Ok(None) };
        opened.reach(usize::try_from(opened.length).unwrap_or(usize::MAX))?;
        Ok(Some(opened.start))
    }

    /// Whether a name has an entry.
    ///
    /// # Errors
    /// Those of the system.
    pub fn exists(&self, workflow: &str, name: &str) -> Result<bool> {
        let Some(workflow) = self.workflow(workflow)? else { return Ok(false) };
        match workflow.folder.find(&file_of(name)) {
            Ok(found) => Ok(matches!(found, Found::File(..))),
            Err(error) if super::folder::is_link(&error) => Ok(false),
            Err(error) => Err(refused(error, &workflow.path.join(file_of(name)), "read")),
        }
    }

    /// The names that have entries, sorted. One that is too long for a file is read in its entry.
    ///
    /// # Errors
    /// Those of the system.
    pub fn names(&self, workflow: &str) -> Result<Vec<String>> {
        let Some(open) = self.workflow(workflow)? else { return Ok(Vec::new()) };
        let mut names = Vec::new();
        for (file, is_file) in open.names()? {
            match name_of(&file).filter(|_| is_file) {
                Some(Named::Name(name)) => names.push(name),
                Some(Named::Hash) => {
                    // A damaged one has no name until it is kept again.
                    let name = open.said_in(&file).map(|said| said.name);
                    names.extend(name.filter(|name| file_of(name) == file));
                }
                None => {}
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

impl From<Front> for Kept {
    fn from(front: Front) -> Self {
        Self { said: front.said, doubt: front.doubt, frame: None }
    }
}

impl Kept {
    /// An entry that was just kept.
    #[must_use]
    pub const fn new(said: Said) -> Self {
        Self { said, doubt: None, frame: None }
    }

    /// The same with the value's frame, which is yet to be checked.
    #[must_use]
    pub fn with_frame(self, frame: Vec<u8>) -> Self {
        Self { frame: Some(frame), ..self }
    }

    /// The value's frame if it was read, which is yet to be checked.
    #[must_use]
    pub fn frame(&self) -> Option<&[u8]> {
        self.frame.as_deref()
    }
}

impl Workflow {
    pub(super) fn names(&self) -> Result<Vec<(String, bool)>> {
        match self.folder.names() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            names => names.map_err(|error| refused(error, &self.path, "list")),
        }
    }

    pub(super) fn open(&self, file: &str) -> Result<Option<Opened>> {
        let place = self.path.join(file);
        match self.folder.find(file) {
            Ok(Found::File(file, length)) => Ok(Some(Opened { file, place, length, start: Vec::new() })),
            Ok(Found::Absent) => Ok(None),
            Ok(Found::Other) => {
                let message =
                    format!("{} is not a regular file; move it out of the storage", place.display());
                Err(Error::new(ErrorKind::Validation, message))
            }
            Err(error) => Err(refused(error, &place, "read")),
        }
    }
}
