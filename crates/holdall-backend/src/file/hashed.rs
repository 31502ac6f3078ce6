//! The keys that have no path of their own: their files are named by a hash, and say the key.

use std::borrow::Borrow;
use std::vec;

use holdall_types::{Error, ErrorKind, Result};

use super::Files;
use super::folder::{Found, find};
use super::front::{header, start_of};
use super::path::{Hash, KEYS, hash_of, split};
use super::write::Spot;

/// A walk over their paths, in the order of the hashes.
pub(super) struct Hashed<F> {
    files: F,
    folders: vec::IntoIter<String>,
    paths: vec::IntoIter<String>,
}

impl<F: Borrow<Files>> Hashed<F> {
    pub(super) fn new(files: F) -> Result<Self> {
        let folders = below(files.borrow(), KEYS)?;
        Ok(Self { files, folders, paths: Vec::new().into_iter() })
    }
}

impl<F: Borrow<Files>> Iterator for Hashed<F> {
    type Item = Result<(String, Hash)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(path) = self.paths.next() {
                // Anything else was put there by somebody else.
                let Ok(hash) = Hash::from_hex(split(&path).1) else { continue };
                return Some(Ok((path, hash)));
            }
            let folder = self.folders.next()?;
            match below(self.files.borrow(), &folder) {
                Ok(paths) => self.paths = paths,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn below(files: &Files, path: &str) -> Result<vec::IntoIter<String>> {
    files.check_open()?;
    let names = files.names(path)?.unwrap_or_default();
    let mut paths: Vec<_> = names.into_iter().map(|(name, _)| format!("{path}/{name}")).collect();
    paths.sort_unstable();
    Ok(paths.into_iter())
}

impl Files {
    /// Whose value such a file is, and when it expires; `None` if it is gone.
    pub(super) fn owner(&self, path: &str, hash: &Hash) -> Result<Option<(String, Option<u64>)>> {
        let found = find(&self.root, path).map_err(|error| self.read_error(path, error))?;
        let Some((mut file, _)) = self.checked(path, found)? else { return Ok(None) };
        let start = start_of(&mut file).map_err(|error| self.read_error(path, error))?;
        let header = header(&start).map_err(|error| error.context(path))?.map(|(header, _)| header);
        let expires = header.as_ref().and_then(|header| header.expires);
        match header.and_then(|header| header.key).filter(|key| hash_of(key) == *hash) {
            Some(key) => Ok(Some((key, expires))),
            None => {
                let place = self.root.join(path);
                let message = format!(
                    "{} does not say whose value it is; restore it from a backup, or remove it",
                    place.display()
                );
                Err(Error::new(ErrorKind::CorruptFrame, message))
            }
        }
    }

    /// Removes them all, the damaged ones too.
    pub(super) fn remove_hashed(&self) -> Result<()> {
        for entry in Hashed::new(self)? {
            let (path, hash) = entry?;
            let site = self.site("")?.with_hash(hash);
            let _held = site.lock()?;
            let found = site.root.find(&path).map_err(|error| self.read_error(&path, error))?;
            let Found::File(file, metadata) = found else { continue };
            let (up, name) = split(&path);
            let folder = site.root.at(up).map_err(|error| self.write_error(&path, error))?;
            site.erase(Spot { folder, name: name.to_owned(), path: up, file, metadata }, true)?;
        }
        Ok(())
    }
}
