//! What expired at or before `now` does not exist.

use std::sync::Arc;

use holdall_backend::{Condition, KeyValue, Version};

use super::Behaviour;
use super::subject::{NOW, Subject, key};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a value expires at its time, not before", at_its_time),
    ("an expired value is absent to every call", absent_everywhere),
    ("an expired value is no value to a condition", conditions),
    ("an overwrite sets the expiry anew", overwritten),
    ("expired keys are not listed, counted or found by prefix", listing),
    ("a long key expires too", long),
    ("a key and those below it expire apart", apart),
];

const THEN: u64 = NOW + 1000;

fn at_its_time(subject: &Subject) {
    subject.put_until("key", b"value", THEN);
    let there = |now| subject.store.get(&key("key"), now).unwrap().is_some();
    assert!(there(NOW) && there(THEN - 1), "still there");
    assert!(!there(THEN), "gone at its very millisecond");
    assert!(!there(THEN + 1) && !there(u64::MAX), "and after it");
}

fn absent_everywhere(subject: &Subject) {
    let store = &subject.store;
    for call in 0..5 {
        subject.put_until("key", b"value", THEN);
        subject.put("stays", b"value");
        let keys = [key("key"), key("stays")];
        match call {
            0 => assert!(store.get(&keys[0], THEN).unwrap().is_none(), "get"),
            1 => assert!(store.head(&keys[0], THEN).unwrap().is_none(), "head"),
            2 => assert!(!store.delete(&keys[0], Condition::Any, THEN).unwrap(), "delete"),
            3 => assert_eq!(store.delete_many(&keys, THEN).unwrap(), 1, "delete_many"),
            _ => {
                let found = store.get_many(&keys, THEN).unwrap();
                assert!(found[0].is_none() && found[1].is_some(), "get_many");
            }
        }
    }
}

fn conditions(subject: &Subject) {
    subject.put_until("key", b"one", THEN);
    let one = subject.version("key");
    assert!(!subject.put_at("key", b"two", None, Condition::Absent, THEN - 1), "not expired yet");
    assert!(
        !subject.put_at("key", b"two", None, Condition::Matches(one), THEN),
        "matches on an expired value"
    );
    assert!(subject.put_at("key", b"two", None, Condition::Absent, THEN), "absent on an expired value");
    assert_eq!(subject.get("key").unwrap(), b"two");
    assert!(!subject.put_at("key", b"3", None, Condition::Matches(Version::of(b"one")), THEN));
}

fn overwritten(subject: &Subject) {
    subject.put_until("key", b"one", THEN);
    subject.put("key", b"two");
    assert_eq!(subject.listed_at("", u64::MAX), ["key"], "a value without expiry stays");
    subject.put_until("key", b"three", THEN);
    subject.put_until("key", b"four", THEN + 500);
    assert_eq!(subject.listed_at("", THEN), ["key"], "the later expiry counts");
    assert_eq!(subject.listed_at("", THEN + 500), [""; 0]);
    subject.put_until("key", b"five", THEN);
    assert!(subject.delete("key"));
    subject.put("key", b"six");
    assert_eq!(subject.listed_at("", u64::MAX), ["key"], "a deleted value takes its expiry along");
}

fn listing(subject: &Subject) {
    for at in 0..10 {
        subject.put(&format!("stays/{at}"), b"x");
        subject.put_until(&format!("goes/{at}"), b"x", THEN);
        subject.put_until(&format!("mixed{at}"), b"x", THEN + at);
    }
    assert_eq!(subject.listed("").len(), 30, "before");
    assert_eq!(subject.count(), 30);
    let store = || Arc::<dyn KeyValue>::clone(&subject.store);
    let mixed: Vec<String> = (5..10).map(|at| format!("mixed{at}")).collect();
    assert_eq!(subject.listed_at("mixed", THEN + 4), mixed, "some of them");
    assert_eq!(store().count(THEN + 4).unwrap(), 15, "counted");
    assert_eq!(subject.listed_at("goes/", THEN), [""; 0], "a folder of expired keys");
    assert_eq!(store().count(u64::MAX).unwrap(), 10);
    assert_eq!(subject.listed_at("", u64::MAX).len(), 10);
    subject.put("goes/0", b"new");
    assert_eq!(subject.listed_at("goes", u64::MAX), ["goes/0"], "an expired key can be used again");
}

fn long(subject: &Subject) {
    let name = "x".repeat(2000);
    subject.put_until(&name, b"one", THEN);
    assert!(subject.store.get(&key(&name), THEN - 1).unwrap().is_some(), "still there");
    assert!(subject.listed_at("xx", THEN - 1) == [name.as_str()], "and listed");
    assert!(subject.store.get(&key(&name), THEN).unwrap().is_none(), "gone");
    assert!(subject.store.head(&key(&name), THEN).unwrap().is_none(), "for head too");
    assert_eq!(subject.listed_at("", THEN), [""; 0], "and not listed");
    assert!(subject.put_at(&name, b"two", None, Condition::Absent, THEN), "it can be used again");
}

fn apart(subject: &Subject) {
    subject.put_until("p", b"parent", THEN);
    subject.put("p/q", b"child");
    assert_eq!(subject.listed_at("", THEN), ["p/q"], "the parent goes");
    subject.put("p", b"parent");
    subject.put_until("p/q", b"child", THEN);
    assert_eq!(subject.listed_at("", THEN), ["p"], "the child goes");
    assert_eq!(subject.get("p").unwrap(), b"parent");
}
