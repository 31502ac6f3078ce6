//! Removing what no value names.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use holdall_types::Result;

use super::draft::is_alive;
use super::place::{GONE, KEY, Place, REFERENCES, failed, hash_of, is_hash, names};
use super::token::is_token;

/// Which token the value of a key names now.
pub type Current<'a> = &'a dyn Fn(&str) -> Result<Option<String>>;

/// A folder that no value names any more, out of the way already; removed when this is dropped.
#[derive(Debug)]
pub struct Gone {
    token: String,
    folder: PathBuf,
}

impl Gone {
    /// What it was called.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Where it is now.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The frame of the references, if its writer came so far; whose bytes these are has to be verified.
    #[must_use]
    pub fn references(&self) -> Option<Vec<u8>> {
        fs::read(self.folder.join(REFERENCES)).ok()
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        // What cannot be removed now is found by the next sweep.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Place {
    /// Takes out what the value of a key does not name; `own` too, whose writer is asking. Costs one
    /// look where there is nothing.
    ///
    /// # Errors
    /// Those of the disk and of `current`; `StoreBusy` if the lock is held for longer than `limit`. Then what
    /// is left is found by the next one.
    pub fn prune(
        &self,
        key: &str,
        own: Option<&str>,
        limit: Duration,
        current: Current<'_>,
    ) -> Result<Vec<Gone>> {
        if !self.is_ours() {
            return Ok(Vec::new());
        }
        match self.key_folder(key)? {
            Some(folder) => self.prune_folder(&folder, Some(key), own, limit, current),
            None => Ok(Vec::new()),
        }
    }

    /// Takes out all that no value names and nobody is writing.
    ///
    /// # Errors
    /// As [`prune`](Place::prune).
    pub fn sweep(&self, limit: Duration, current: Current<'_>) -> Result<Vec<Gone>> {
        let mut gone = Vec::new();
        let Some(base) = self.found()?.filter(|_| self.is_ours()) else { return Ok(gone) };
        // Whose removal was broken off, or is under way.
        for token in names(&base.join(GONE))?.into_iter().filter(|token| is_token(token)) {
            let _ = fs::remove_dir_all(base.join(GONE).join(token));
        }
        for name in names(base)? {
            if is_hash(&name) || name == super::place::TAKEN {
                gone.extend(self.prune_folder(&base.join(name), None, None, limit, current)?);
            }
        }
        Ok(gone)
    }

    fn prune_folder(
        &self,
        folder: &Path,
        key: Option<&str>,
        own: Option<&str>,
        limit: Duration,
        current: Current<'_>,
    ) -> Result<Vec<Gone>> {
        let mut gone = Vec::new();
        let _held = self.lock(limit)?;
        // What is named is asked once the lock is held: who publishes meanwhile still holds its own.
        let mut named: Option<Option<String>> = match key {
            Some(key) => Some(current(key)?),
            None => None,
        };
        for token in names(folder)?.into_iter().filter(|token| is_token(token)) {
            let path = folder.join(&token);
            if own != Some(&*token) && is_alive(&path) {
                continue;
            }
            if named.is_none() {
                named = match self.key_in(folder, &path) {
                    Some(key) => Some(current(&key)?),
                    // Torn, or what was taken out: no value ever named it.
                    None => None,
                };
            }
            if named.as_ref().is_none_or(|named| named.as_ref() != Some(&token)) {
                gone.push(self.take_out(path, token)?);
            }
        }
        // Unless somebody is at work there.
        let _ = fs::remove_dir(folder);
        Ok(gone)
    }

    /// Whose folder a token's is, if it says so and is right.
    fn key_in(&self, folder: &Path, path: &Path) -> Option<String> {
        let key = fs::read_to_string(path.join(KEY)).ok()?;
        (folder.file_name()?.to_str()? == hash_of(&key)).then_some(key)
    }

    /// Out of the way in one step, so that no reader finds a part of it, and the rest without the lock.
    fn take_out(&self, path: PathBuf, token: String) -> Result<Gone> {
        let folder = self.made()?.join(GONE);
        fs::create_dir_all(&folder).map_err(|error| failed(error, "make", &folder))?;
        let folder = folder.join(&token);
        fs::rename(&path, &folder).map_err(|error| failed(error, "move", &path))?;
        Ok(Gone { token, folder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn all(folder: &Path) -> Vec<String> {
        let mut found: Vec<_> = names(folder).unwrap().into_iter().filter(|name| is_hash(name)).collect();
        found.sort();
        found
    }

    #[test]
    fn what_the_value_names_stays() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::at(folder.path().join("beside"));
        assert!(place.prune("a", None, SOON, &|_| Ok(None)).unwrap().is_empty());
        assert!(!folder.path().join("beside").exists(), "looking makes nothing");
        let (one, two) = (place.begin("a", SOON).unwrap(), place.begin("a", SOON).unwrap());
        fs::create_dir(one.folder().join("0")).unwrap();
        let (first, second) = (one.token().to_owned(), two.token().to_owned());
        // Both are being written: neither goes but the one that asks.
        let named = |token: &str| {
            let token = token.to_owned();
            move |_: &str| Ok(Some(token.clone()))
        };
        assert!(place.prune("a", None, SOON, &|_| Ok(None)).unwrap().is_empty());
        assert!(place.prune("a", Some(&first), SOON, &named(&first)).unwrap().is_empty());
        drop(one);
        let gone = place.prune("a", Some(&second), SOON, &named(&second)).unwrap();
        assert_eq!(gone.iter().map(Gone::token).collect::<Vec<_>>(), [&first]);
        let path = gone[0].folder().to_owned();
        assert!(path.join("0").is_dir());
        drop(gone);
        assert!(!path.exists());
        drop(two);
        assert_eq!(place.prune("a", None, SOON, &|_| Ok(None)).unwrap().len(), 1);
        assert!(all(&folder.path().join("beside")).is_empty());
    }

    #[test]
    fn a_sweep_finds_what_writers_left() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("beside");
        let place = Place::at(base.clone());
        let kept = place.begin("kept", SOON).unwrap().token().to_owned();
        let dead = place.begin("dead", SOON).unwrap().folder().to_owned();
        let torn = place.begin("torn", SOON).unwrap().folder().to_owned();
        fs::write(torn.join(KEY), b"to").unwrap();
        let held = place.begin("held", SOON).unwrap();
        let half = base.join(GONE).join("0123456789abcdef");
        fs::create_dir_all(&half).unwrap();
        let current = |key: &str| Ok((key == "kept").then(|| kept.clone()));
        drop(place.sweep(SOON, &current).unwrap());
        assert!(!dead.exists() && !torn.exists() && !half.exists());
        assert!(held.folder().exists());
        assert!(place.folder_of("kept").unwrap().join(&kept).exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (base, other) = (folder.path().join("beside"), folder.path().join("other"));
        fs::create_dir_all(other.join("0123456789abcdef")).unwrap();
        let place = Place::at(base.clone());
        drop(place.begin("a", SOON).unwrap());
        let of_key = place.folder_of("a").unwrap();
        fs::remove_dir_all(&of_key).unwrap();
        std::os::unix::fs::symlink(&other, &of_key).unwrap();
        assert!(place.prune("a", None, SOON, &|_| Ok(None)).is_err());
        assert!(place.begin("a", SOON).is_err());
        assert!(other.join("0123456789abcdef").exists());
    }
}
