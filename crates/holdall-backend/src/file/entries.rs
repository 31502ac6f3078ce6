//! A walk over the files that are keys by their path, in the order of the keys' bytes.
//!
//! No folder stays open: each is read when the walk comes to it, so that a listing may wait for as
//! long as it likes.

use std::borrow::Borrow;
use std::io;

use holdall_types::{Key, Result};

use super::Files;
use super::folder::{Folder, Found, Kind};
use super::path::{VALUE, is_short, path_of};
use super::segment::{Disk, segment_of};

#[derive(Debug)]
enum Step {
    /// A file, which is a value.
    File,
    /// A folder, which may hold its own value.
    Value,
    /// The same folder and what else is in it. It comes later than names like `p-` and `p.`.
    Enter,
}

#[derive(Debug)]
struct Level {
    path: String,
    key: String,
    // Reversed: the next one is the last.
    steps: Vec<(String, String, Step)>,
}

/// The walk. `F` is however the store is held.
pub(super) struct Entries<F> {
    files: F,
    prefix: String,
    disk: Disk,
    levels: Vec<Level>,
}

impl<F: Borrow<Files>> Entries<F> {
    pub(super) fn new(files: F, prefix: &str, disk: Disk) -> Result<Self> {
        let mut entries = Self { files, prefix: prefix.to_owned(), disk, levels: Vec::new() };
        let base = prefix.rfind('/').map_or("", |at| prefix.get(..at).unwrap_or_default());
        // What is no key is no folder of keys.
        let tidy = base.is_empty() || Key::new(base).is_ok_and(|key| key.as_str() == base);
        if tidy && !prefix.starts_with('/') {
            let place = path_of(base, disk);
            if !place.hashed() {
                entries.enter(place.path(), base)?;
            }
        }
        Ok(entries)
    }

    fn enter(&mut self, path: &str, key: &str) -> Result<()> {
        let files = self.files.borrow();
        files.check_open()?;
        let Some(names) = files.names(path)? else { return Ok(()) };
        let key = if key.is_empty() { String::new() } else { format!("{key}/") };
        let mut steps = Vec::with_capacity(names.len());
        for (name, kind) in names {
            let Some(segment) = segment_of(&name, self.disk) else { continue };
            let whole = format!("{key}{segment}");
            // The prefix has no slash beyond this folder, or the walk would have begun deeper.
            if !whole.starts_with(&self.prefix) {
                continue;
            }
            match kind {
                Kind::File => steps.push((segment.into_owned(), name, Step::File)),
                Kind::Folder => {
                    steps.push((format!("{segment}/"), name.clone(), Step::Enter));
                    steps.push((segment.into_owned(), name, Step::Value));
                }
                _ => {}
            }
        }
        steps.sort_unstable_by(|one, other| other.0.cmp(&one.0));
        self.levels.push(Level { path: path.to_owned(), key, steps });
        Ok(())
    }

    fn step(&mut self) -> Result<Option<String>> {
        while let Some(level) = self.levels.last_mut() {
            let Some((segment, name, step)) = level.steps.pop() else {
                self.levels.pop();
                continue;
            };
            let path = if level.path.is_empty() { name } else { format!("{}/{name}", level.path) };
            if !is_short(&path) {
                continue;
            }
            let key = format!("{}{segment}", level.key);
            match step {
                Step::File => return Ok(Some(key)),
                Step::Value if self.files.borrow().has_value(&path) => return Ok(Some(key)),
                Step::Value => {}
                Step::Enter => self.enter(&path, key.trim_end_matches('/'))?,
            }
        }
        Ok(None)
    }
}

impl<F: Borrow<Files>> Iterator for Entries<F> {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

impl Files {
    /// The names in a folder; `None` if it is gone, or is none that can be entered.
    pub(super) fn names(&self, path: &str) -> Result<Option<Vec<(String, Kind)>>> {
        let root = match Folder::open(&self.root) {
            Ok(root) => root,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.read_error("", error)),
        };
        match root.at(path).and_then(|folder| folder.names()) {
            Ok(names) => Ok(Some(names)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            // Behind a link there are no keys.
            Err(_) if is_link(&root, path) => Ok(None),
            Err(error) => Err(self.read_error(path, error)),
        }
    }

    fn has_value(&self, path: &str) -> bool {
        let look = Folder::open(&self.root).and_then(|root| root.at(path)?.look(VALUE));
        look.is_ok_and(|look| look.kind == Kind::File)
    }
}

fn is_link(root: &Folder, path: &str) -> bool {
    matches!(root.find(path), Ok(Found::Link))
}
