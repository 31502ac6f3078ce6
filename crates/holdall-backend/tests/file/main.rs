//! The file backend: the suite that every backend passes, and what only files have.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "all of it is tests")]

mod faults;
mod foreign;
mod hints;
mod layout;
mod processes;
mod support;

use std::cell::Cell;
use std::sync::Arc;

use holdall_backend::file::{Files, Options};
use holdall_backend::{Capability, Durability, KeyValue};
use holdall_testkit::conformance;

fn conforms_with(durability: Durability) {
    let folder = tempfile::tempdir().unwrap();
    let number = Cell::new(0);
    conformance::all(&|| {
        number.set(number.get() + 1);
        let root = folder.path().join(number.get().to_string());
        Arc::new(Files::open(Options { durability, ..Options::new(root) }).unwrap())
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
    let expected = Capability { name: "file", header_beside: false, blocking: true, shared: true };
    assert_eq!(Files::open(Options::new("x")).unwrap().capability(), expected);
}
