//! A store in a folder of its own, and this test program as another process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use holdall_backend::KeyValue;
use holdall_backend::file::{Files, Options};
use holdall_testkit::conformance::Subject;
use holdall_types::{ErrorKind, Key, Result};
use tempfile::TempDir;

pub const ROLE: &str = "HOLDALL_TEST_ROLE";
pub const ROOT: &str = "HOLDALL_TEST_ROOT";

/// A folder for a store, which is not there yet.
pub fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    (folder, root)
}

pub fn open(root: &Path) -> Subject {
    Subject::new(Arc::new(Files::open(Options::new(root)).unwrap()))
}

pub fn key(key: &str) -> Key<'_> {
    Key::new(key).unwrap()
}

/// All files below a folder, as paths with `/`, sorted.
pub fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The same without the store's own.
pub fn values(root: &Path) -> Vec<String> {
    files(root).into_iter().filter(|path| !path.starts_with(".holdall/")).collect()
}

#[track_caller]
pub fn says<T>(kind: ErrorKind, words: &str, result: Result<T>) {
    let error = result.err().unwrap_or_else(|| panic!("no error; {kind:?} expected"));
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(words), "{error}");
}

/// This program in another process, playing a role in `processes.rs` on a store.
pub fn other(role: &str, root: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "processes::play", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env(ROOT, root).stdin(Stdio::null());
    command
}

/// Every call that must refuse what lies at this key.
pub fn refused_everywhere(subject: &Subject, name: &str, words: &str) {
    use holdall_backend::{Condition, Record};
    let now = holdall_testkit::conformance::NOW;
    let store: &Arc<dyn KeyValue> = &subject.store;
    let key = key(name);
    let record = Record { header: b"", body: b"new", text: true, expires: None, tail: None };
    let kind = ErrorKind::Validation;
    says(kind, words, store.get(&key, now));
    says(kind, words, store.head(&key, now));
    says(kind, words, store.put(&key, &record, Condition::Any, now));
    says(kind, words, store.put(&key, &record, Condition::Absent, now));
    says(kind, words, store.delete(&key, holdall_backend::Condition::Any, now));
}
