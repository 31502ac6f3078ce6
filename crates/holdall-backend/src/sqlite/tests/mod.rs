//! Behaviour that no other backend has. What needs another process runs this test binary again.

pub(super) mod child;
mod failures;
mod guard;
mod opening;
mod sides;
mod waits;

use std::path::{Path, PathBuf};

use holdall_types::Key;
use tempfile::TempDir;

use super::{Options, Sqlite};
use crate::{Condition, KeyValue, Record};

/// A day in 2023.
pub(in crate::sqlite) const NOW: u64 = 1_700_000_000_000;

/// A folder for a database, and the path of that.
pub(in crate::sqlite) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.db");
    (folder, path)
}

pub(in crate::sqlite) fn open(path: &Path) -> Sqlite {
    Sqlite::open(Options::new(path)).unwrap()
}

pub(in crate::sqlite) fn key(key: &str) -> Key<'_> {
    Key::new(key).unwrap()
}

pub(in crate::sqlite) fn record(body: &[u8]) -> Record<'_> {
    Record { header: b"", body, text: true, expires: None, tail: None }
}

pub(in crate::sqlite) fn put(store: &Sqlite, name: &str, body: &[u8]) {
    assert!(store.put(&key(name), &record(body), Condition::Any, NOW).unwrap());
}

pub(in crate::sqlite) fn get(store: &Sqlite, name: &str) -> Option<Vec<u8>> {
    store.get(&key(name), NOW).unwrap().map(|stored| stored.bytes.to_vec())
}

/// A file beside the database.
pub(in crate::sqlite) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The names in a folder.
pub(in crate::sqlite) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
