//! The SQLite backend and the suite that every backend passes.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::sync::Arc;

use holdall_backend::sqlite::{Options, Sqlite};
use holdall_backend::{Capability, Durability, KeyValue};
use holdall_testkit::conformance;

fn conforms_with(durability: Durability) {
    let folder = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    conformance::all(&|| {
        number.set(number.get() + 1);
        let path = folder.path().join(format!("{}.db", number.get()));
        Arc::new(Sqlite::open(Options { durability, ..Options::new(path) }).unwrap())
    });
}

#[test]
fn conforms() {
    conforms_with(Durability::Normal);
}

#[test]
fn conforms_with_full_durability() {
    conforms_with(Durability::Full);
}

#[test]
fn says_what_it_can_do() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(Options::new(folder.path().join("d.db"))).unwrap();
    let expected = Capability { name: "sqlite", header_beside: true, blocking: true, shared: true };
    assert_eq!(store.capability(), expected);
}
