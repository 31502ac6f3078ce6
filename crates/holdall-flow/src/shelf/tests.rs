//! The shelf, from outside. What other processes do to it, `tests/test_storage*.py` does; here another shelf
//! on the same folder stands for another process, for it has an open lock file of its own.

use std::path::Path;
use std::sync::Arc;

use holdall_backend::Durability;
use holdall_frame::Keyset;
use holdall_store::{Keyring, Trust};
use holdall_types::ErrorKind;

use super::Shelf;
use super::keep::saving;
use crate::entry::{Pairs, Said, Whose};

struct Place {
    folder: tempfile::TempDir,
    keyring: Arc<Keyring>,
}

impl Place {
    fn new() -> Self {
        let keyset = Keyset::generate().unwrap().to_text();
        Self { folder: tempfile::tempdir().unwrap(), keyring: Arc::new(Keyring::new(Some(keyset))) }
    }

    fn shelf(&self) -> Shelf {
        Shelf::open(self.folder.path(), Arc::clone(&self.keyring), Trust::Keyset, Durability::Normal).unwrap()
    }

    fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        list(self.folder.path(), "", &mut left);
        left.sort();
        left
    }
}

fn list(folder: &Path, above: &str, left: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{above}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            left.push(format!("{name}/"));
            list(&entry.path(), &format!("{name}/"), left);
        } else {
            left.push(name);
        }
    }
}

fn said(name: &str, key: &str) -> Said {
    Said {
        workflow: "flow".into(),
        name: name.into(),
        key: key.into(),
        result: None,
        items: Pairs::default(),
        parts: Pairs::default(),
        seconds: 0.0,
        created: 0,
        side: None,
        size: 0,
        hash: String::new(),
    }
}

fn whose<'a>(name: &'a str, key: &'a str) -> Whose<'a> {
    Whose { workflow: "flow", name, key: Some(key) }
}

fn remove(shelf: &Shelf, name: &str) {
    shelf.remove("flow", &[name.to_owned()]).unwrap();
}

#[test]
fn an_older_entry_is_found_by_its_key() {
    let (place, [one, two]) = (Place::new(), ["1".repeat(64), "2".repeat(64)]);
    let shelf = place.shelf();
    shelf.keep(said("task", &one), b"first").unwrap();
    shelf.keep(said("task", &two), b"second").unwrap();
    for (key, frame) in [(&one, &b"first"[..]), (&two, b"second")] {
        let kept = shelf.look(whose("task", key)).unwrap().unwrap();
        assert_eq!(&*shelf.frame(&kept).unwrap(), frame);
    }
    assert!(shelf.look(whose("task", "")).unwrap().is_none());
    assert_eq!(shelf.prune("flow", 1).unwrap().count, 1);
    assert!(shelf.look(whose("task", &one)).unwrap().is_none());
    remove(&shelf, "task");
    assert_eq!(place.left(), [""; 0]);
}

#[test]
fn the_last_holder_removes_an_empty_workflow() {
    let place = Place::new();
    let (one, two) = (place.shelf(), place.shelf());
    one.keep(said("task", ""), b"frame").unwrap();
    assert!(one.look(whose("task", "")).unwrap().is_some());
    let claim = one.claim(whose("task", "")).unwrap();
    remove(&two, "task");
    if cfg!(target_os = "linux") {
        assert_eq!(place.left(), ["flow/", "flow/.lock"]);
    }
    drop(claim);
    assert_eq!(place.left(), [""; 0]);
}

#[test]
fn an_entry_that_came_meanwhile_is_left_alone() {
    let place = Place::new();
    let (one, two) = (place.shelf(), place.shelf());
    one.keep(said("task", ""), b"frame").unwrap();
    let claim = one.claim(whose("task", "")).unwrap();
    remove(&two, "task");
    two.keep(said("other", ""), b"frame").unwrap();
    drop(claim);
    assert_eq!(place.left(), ["flow/", "flow/.lock", "flow/other"]);
    assert_eq!(std::fs::metadata(place.folder.path().join("flow/.lock")).unwrap().len(), 0);
}

#[test]
fn a_lock_file_that_lost_its_name_holds_nothing() {
    let place = Place::new();
    let (one, two) = (place.shelf(), place.shelf());
    let claim = one.claim(whose("task", "")).unwrap();
    std::fs::remove_file(place.folder.path().join("flow/.lock")).unwrap();
    // Whoever comes now makes another, and the next of the first shelf's claims uses that.
    let other = two.claim(whose("task", "")).unwrap();
    drop(claim);
    let workflow = one.workflow("flow").unwrap().unwrap();
    let byte = super::lock::byte_of("claim", "task", "");
    assert!(workflow.locks.hold(&workflow.folder, byte, std::time::Duration::ZERO).unwrap().is_none());
    drop(other);
    drop(one.claim(whose("task", "")).unwrap());
    assert_eq!(place.left(), [""; 0]);
}

#[test]
fn only_what_nobody_writes_is_swept() {
    let place = Place::new();
    let (one, two) = (place.shelf(), place.shelf());
    let saves = one.saving("flow", "busy").unwrap();
    let flow = place.folder.path().join("flow");
    for name in ["busy", "dead"] {
        std::fs::write(flow.join(format!(".tmp@{:016x}@0", saving(name))), b"half").unwrap();
        std::fs::create_dir_all(flow.join(".side").join(name).join("0123456789abcdef/0")).unwrap();
    }
    two.keep(said("task", ""), b"frame").unwrap();
    let left = place.left();
    assert!(left.contains(&format!("flow/.tmp@{:016x}@0", saving("busy"))), "{left:?}");
    assert!(left.contains(&"flow/.side/busy/0123456789abcdef/".to_owned()), "{left:?}");
    assert!(!left.iter().any(|name| name.contains("dead")), "{left:?}");
    assert!(!left.contains(&format!("flow/.tmp@{:016x}@0", saving("dead"))), "{left:?}");
    drop(saves);
    place.shelf().keep(said("task", ""), b"frame").unwrap();
    assert_eq!(place.left(), ["flow/", "flow/.lock", "flow/task"]);
}

#[test]
fn a_failed_publication_leaves_nothing() {
    let place = Place::new();
    let shelf = place.shelf();
    std::fs::create_dir_all(place.folder.path().join("flow/task/inside")).unwrap();
    assert!(shelf.keep(said("task", ""), b"frame").is_err());
    assert_eq!(place.left(), ["flow/", "flow/.lock", "flow/task/", "flow/task/inside/"]);
    let nan = Said { seconds: f64::NAN, ..said("other", "") };
    assert_eq!(shelf.keep(nan, b"frame").unwrap_err().kind(), ErrorKind::Validation);
}
