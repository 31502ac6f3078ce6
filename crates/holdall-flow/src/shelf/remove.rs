//! Removing entries, and what belongs to them.

use std::collections::{BTreeMap, BTreeSet};

use holdall_types::{Error, ErrorKind, Result};

use super::keep::saving;
use super::look::Kept;
use super::name::{file_of, name_of};
use super::{Shelf, Workflow, refused};
use crate::entry::{self, Whose};

/// What was removed.
#[derive(Debug, Default)]
pub struct Removed {
    /// How many entries.
    pub count: usize,
    /// Those whose side data must go, too.
    pub beside: Vec<Kept>,
}

impl Shelf {
    /// Removes all entries of some names, older ones too.
    ///
    /// # Errors
    /// `DoesNotExist` for the first name that has none; those of the system.
    pub fn remove(&self, workflow: &str, names: &[String]) -> Result<Removed> {
        let mut removed = Removed::default();
        let open = self.workflow(workflow)?;
        let families = open.as_ref().map(|open| open.families()).transpose()?.unwrap_or_default();
        for name in names {
            let file = file_of(name);
            let found = open.as_ref().zip(families.get(&file)).filter(|(_, family)| family.contains(&file));
            let Some((open, family)) = found else {
                let message = format!(
                    "nothing is kept of {name:?} in the workflow {workflow:?}; list what is with list_tasks()"
                );
                return Err(Error::new(ErrorKind::DoesNotExist, message));
            };
            let whose = Whose { workflow, name, key: None };
            self.remove_files(open, &file, family.iter().rev(), whose, &mut removed)?;
        }
        if let Some(open) = open.filter(|_| removed.beside.is_empty()) {
            open.tidy()?;
        }
        Ok(removed)
    }

    /// Removes a workflow with all that is in its folder. What somebody has claimed he may still keep.
    ///
    /// # Errors
    /// Those of the system.
    pub fn remove_workflow(&self, workflow: &str) -> Result<Removed> {
        let mut removed = Removed::default();
        let Some(open) = self.workflow(workflow)? else { return Ok(removed) };
        for (file, family) in open.families()? {
            let name = open.name_in(&file);
            let whose = Whose { workflow, name: &name, key: None };
            self.remove_files(&open, &file, family.iter().rev(), whose, &mut removed)?;
        }
        if removed.beside.is_empty() {
            self.clear(workflow)?;
        }
        Ok(removed)
    }

    /// Removes what is left of a workflow, foreign files included, unless somebody is at work in it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn clear(&self, workflow: &str) -> Result<()> {
        let Some(open) = self.workflow(workflow)? else { return Ok(()) };
        let removed = open.locks.alone(&open.folder, || std::fs::remove_dir_all(&open.path));
        let failed = |error| refused(error, &open.path, "remove");
        match removed.map_err(failed)? {
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }

    /// Removes all but the newest `keep` entries of each name.
    ///
    /// # Errors
    /// Those of the system.
    pub fn prune(&self, workflow: &str, keep: usize) -> Result<Removed> {
        let mut removed = Removed::default();
        let Some(open) = self.workflow(workflow)? else { return Ok(removed) };
        for (file, family) in open.families()? {
            let mut older: Vec<_> = family.iter().filter(|member| **member != file).collect();
            let spare = (older.len() + usize::from(family.contains(&file))).saturating_sub(keep);
            if spare == 0 {
                continue;
            }
            // The newest one is never spare, for it comes last; a damaged one is worth the least.
            older.sort_by_cached_key(|member| open.said_in(member).map(|said| said.created));
            let name = open.name_in(&file);
            let whose = Whose { workflow, name: &name, key: None };
            self.remove_files(&open, &file, older.into_iter().take(spare), whose, &mut removed)?;
        }
        Ok(removed)
    }

    /// Removes the side data of a name that no entry refers to, and the workflow if nothing else is in it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn clear_side(&self, workflow: &str, name: &str) -> Result<()> {
        let Some(open) = self.workflow(workflow)? else { return Ok(()) };
        let file = file_of(name);
        let Some(held) = open.hold_there(saving(&file))? else { return Ok(()) };
        open.sweep_side(&file);
        drop(held);
        open.tidy()
    }

    /// Removes some entries of one name: the newest last, so that the name is there as long as any of them.
    fn remove_files<'a>(
        &self,
        open: &Workflow,
        file: &str,
        members: impl Iterator<Item = &'a String>,
        whose: Whose<'_>,
        removed: &mut Removed,
    ) -> Result<()> {
        let Some(held) = open.hold_there(saving(file))? else { return Ok(()) };
        let before = removed.beside.len();
        for member in members {
            let beside = self.with_side(open, member, whose);
            let gone = open.folder.unlink(member);
            if gone.map_err(|error| refused(error, &open.path.join(member), "remove"))? {
                removed.count += 1;
                removed.beside.extend(beside);
            }
        }
        // Those that could not be read may have had some.
        if removed.beside.len() == before {
            open.sweep_side(file);
        }
        drop(held);
        Ok(())
    }
}

impl Workflow {
    /// The files of each name's entries, by the file of the newest.
    pub(super) fn families(&self) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let mut families: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (member, is_file) in self.names()? {
            let (file, key) = member.split_once('@').unwrap_or((&member, ""));
            // What has no key there is somebody else's.
            let digits = key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            let ours = digits && matches!(key.len(), 0 | 32);
            if is_file && ours && name_of(file).is_some() && !member.starts_with('.') {
                families.entry(file.to_owned()).or_default().insert(member);
            }
        }
        Ok(families)
    }

    /// The name that the entries of a file have, as far as it can be told.
    fn name_in(&self, file: &str) -> String {
        match name_of(file) {
            Some(super::name::Named::Name(name)) => name,
            _ => self.said_in(file).map(|said| said.name).unwrap_or_default(),
        }
    }

    /// What an entry says, on nobody's word.
    pub(super) fn said_in(&self, file: &str) -> Option<entry::Said> {
        let mut opened = self.open(file).ok()??;
        opened.reach(entry::PREFIX).ok()?;
        let length = entry::length_of(&opened.start).ok()?;
        opened.reach(length).ok()?;
        entry::said_in(&opened.start).ok()
    }
}
