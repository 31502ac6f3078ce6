//! The memory backend and the suite that every backend passes.

#![allow(clippy::unwrap_used, reason = "all of it is tests")]

use std::sync::Arc;

use holdall_backend::memory::Memory;
use holdall_backend::{Capability, KeyValue};
use holdall_testkit::conformance;

#[test]
fn conforms() {
    conformance::all(&|| Arc::new(Memory::open()));
}

#[test]
fn says_what_it_can_do() {
    let expected = Capability { name: "memory", header_beside: true, blocking: false, shared: false };
    assert_eq!(Memory::open().capability(), expected);
}

#[test]
fn a_value_is_shared_not_copied() {
    let subject = conformance::Subject::new(Arc::new(Memory::open()));
    subject.put("key", &[1; 1000]);
    let (one, two) = (subject.stored("key").unwrap().bytes, subject.stored("key").unwrap().bytes);
    assert_eq!(one.as_ptr(), two.as_ptr());
    subject.put("key", &[2; 1000]);
    assert_eq!(one, [1; 1000][..], "a reader keeps what it read");
}

#[test]
fn two_stores_have_nothing_in_common() {
    let make = || conformance::Subject::new(Arc::new(Memory::open()));
    let (one, two) = (make(), make());
    one.put("key", b"x");
    assert_eq!(two.get("key"), None);
}
