//! Listing keys.

use std::sync::Arc;

use globset::{GlobBuilder, GlobSet};
use holdall_backend::Keys;
use holdall_types::{Error, ErrorKind, Key, Result};

use crate::store::Store;

/// Which keys are wanted; what is `None` asks for nothing. All of it must hold.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// They begin with this string.
    pub prefix: Option<String>,
    /// They do not begin with this string.
    pub exclude_prefix: Option<String>,
    /// They match this pattern, whole or behind the prefix: `*` and `?` stay within a segment, `**` does not.
    pub glob: Option<String>,
    /// They have at most this many segments, counted behind the last `/` of the prefix.
    pub depth: Option<usize>,
}

/// A lazy listing.
pub struct Listing {
    keys: Keys,
    prefix: String,
    exclude_prefix: Option<String>,
    glob: Option<GlobSet>,
    depth: Option<usize>,
}

impl Store {
    /// The keys that a selection asks for, in no promised order.
    ///
    /// # Errors
    /// Those of the backend; `Validation` for a pattern that is none.
    pub fn scan(&self, selection: Selection) -> Result<Listing> {
        let prefix = selection.prefix.unwrap_or_default();
        let glob = selection.glob.as_deref().map(pattern).transpose()?;
        let keys = Arc::clone(&self.backend).scan(&prefix, self.now())?;
        let Selection { exclude_prefix, depth, .. } = selection;
        Ok(Listing { keys, prefix, exclude_prefix, glob, depth })
    }

    /// How many keys there are.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn count(&self) -> Result<u64> {
        Arc::clone(&self.backend).count(self.now())
    }

    /// Whether a key has a value.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn exists(&self, key: &Key<'_>) -> Result<bool> {
        Ok(self.glance(key)?.is_some())
    }
}

impl Listing {
    fn wants(&self, key: &str) -> bool {
        let Some(rest) = key.strip_prefix(self.prefix.as_str()) else { return false };
        if self.exclude_prefix.as_ref().is_some_and(|prefix| key.starts_with(prefix.as_str())) {
            return false;
        }
        if let Some(depth) = self.depth {
            let folder = self.prefix.rfind('/').map_or(0, |at| at + 1);
            if key.get(folder..).unwrap_or_default().split('/').count() > depth {
                return false;
            }
        }
        let behind = rest.strip_prefix('/').unwrap_or(rest);
        self.glob.as_ref().is_none_or(|glob| glob.is_match(key) || glob.is_match(behind))
    }
}

impl Iterator for Listing {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.keys.next()? {
                Ok(key) if !self.wants(&key) => {}
                other => return Some(other),
            }
        }
    }
}

fn pattern(glob: &str) -> Result<GlobSet> {
    let built = GlobBuilder::new(glob).literal_separator(true).build();
    // As a set of one: a single matcher panics where a pattern is too large to be compiled.
    built.and_then(|glob| GlobSet::builder().add(glob).build()).map_err(|error| {
        let message =
            format!("glob={glob:?} is no pattern: {}; escape special characters as in [*]", error.kind());
        Error::new(ErrorKind::Validation, message).caused_by(error)
    })
}
