//! What killed writers left behind, and the end of a workflow.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use holdall_types::Result;

use super::keep::{TEMPORARY, saving};
use super::lock::{Byte, LOCK};
use super::{SIDE, Workflow, refused};

/// The names in a folder, as far as they can be told.
fn listed(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

impl Workflow {
    /// Removes what killed writers left behind, before this process writes for the first time.
    pub(super) fn sweep_once(&self) -> Result<()> {
        if self.swept.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let names = self.names()?;
        for (name, _) in &names {
            let Some(byte) = name.strip_prefix(TEMPORARY).and_then(|rest| rest.split('@').next()) else {
                continue;
            };
            let Ok(byte) = Byte::from_str_radix(byte, 16) else { continue };
            // Who writes it holds this.
            if let Some(_held) = self.locks.hold(&self.folder, byte, Duration::ZERO)? {
                let _ = self.folder.unlink(name);
            }
        }
        if names.iter().any(|(name, _)| name == SIDE) {
            for file in listed(&self.path.join(SIDE)) {
                if let Some(_held) = self.locks.hold(&self.folder, saving(&file), Duration::ZERO)? {
                    self.sweep_side(&file);
                }
            }
        }
        Ok(())
    }

    /// Removes the side data that no entry of a file refers to. The file's lock is held. As long as one of
    /// them cannot be read, nobody knows what it refers to.
    pub(super) fn sweep_side(&self, file: &str) {
        let side = self.path.join(SIDE);
        let folder = side.join(file);
        // A link would lead to what is not ours.
        let ours = |path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
        if !ours(&side) || !ours(&folder) {
            return;
        }
        let mut orphans = listed(&folder);
        if !orphans.is_empty() {
            let Ok(families) = self.families() else { return };
            for member in families.get(file).into_iter().flatten() {
                let Some(said) = self.said_in(member) else { return };
                orphans.retain(|token| Some(token.as_str()) != said.side.as_deref());
            }
            for token in orphans {
                let _ = fs::remove_dir_all(folder.join(token));
            }
        }
        // Only if they are empty.
        let _ = fs::remove_dir(&folder).and_then(|()| fs::remove_dir(&side));
    }

    /// Removes the folder if there is no entry in it and nobody at work.
    pub(super) fn tidy(&self) -> Result<()> {
        let done = self.locks.alone(&self.folder, || self.remove_if_empty());
        match done {
            Ok(Some(Err(error))) | Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(refused(error, &self.path, "remove"))
            }
            _ => Ok(()),
        }
    }

    fn remove_if_empty(&self) -> io::Result<()> {
        let names = self.folder.names()?;
        // Nobody is at work, so nothing is under construction.
        for (name, _) in names.iter().filter(|(name, _)| name.starts_with(TEMPORARY)) {
            self.folder.unlink(name)?;
        }
        let ours = |name: &str| name.starts_with(TEMPORARY) || name == LOCK || name == SIDE;
        if names.iter().any(|(name, _)| !ours(name)) {
            return Ok(());
        }
        if names.iter().any(|(name, _)| name == SIDE) {
            fs::remove_dir_all(self.path.join(SIDE))?;
        }
        // Elsewhere a lock file that was made again cannot be told from the one that was removed.
        if cfg!(unix) {
            self.folder.unlink(LOCK)?;
            match fs::remove_dir(&self.path) {
                // Somebody has begun again.
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
                removed => removed?,
            }
        }
        Ok(())
    }
}
