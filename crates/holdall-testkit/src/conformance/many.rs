//! Several keys in one call.

use holdall_backend::Record;

use super::Behaviour;
use super::subject::{NOW, Subject, key};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("get_many answers in the order of the question", get_many),
    ("put_many writes all of them", put_many),
    ("of a key that put_many has twice the last one stays", put_many_twice),
    ("delete_many counts what was there", delete_many),
    ("several calls of nothing are fine", nothing),
    ("a thousand at once", thousand),
];

fn get_many(subject: &Subject) {
    subject.put("a", b"1");
    subject.put("b", b"2");
    let keys = ["b", "missing", "a", "b"].map(key);
    let found = subject.store.get_many(&keys, NOW).unwrap();
    let found: Vec<_> = found.iter().map(|stored| stored.as_ref().map(|stored| &stored.bytes[..])).collect();
    assert_eq!(found, [Some(&b"2"[..]), None, Some(b"1"), Some(b"2")], "one answer a key");
}

fn put_many(subject: &Subject) {
    subject.put("b", b"old");
    let large = vec![9; 200_000];
    let until = subject.header("d", b"4", Some(NOW + 10));
    let bare = |body| Record { header: b"", body, text: false, expires: None, tail: None };
    let items = [
        (key("a"), bare(b"1")),
        (key("b"), bare(b"2")),
        (key("folder/c"), bare(&large)),
        (key("d"), Record { header: &until, body: b"4", text: true, expires: Some(NOW + 10), tail: None }),
    ];
    subject.store.put_many(&items, NOW).unwrap();
    assert_eq!(subject.get("a").unwrap(), b"1", "a new key");
    assert_eq!(subject.get("b").unwrap(), b"2", "a key that was there");
    assert_eq!(subject.get("folder/c").unwrap(), large, "a large value");
    assert_eq!(subject.listed_at("", NOW + 10), ["a", "b", "folder/c"], "expiry in put_many");
}

fn put_many_twice(subject: &Subject) {
    let bare = |body| Record { header: b"", body, text: true, expires: None, tail: None };
    subject.store.put_many(&[(key("a"), bare(b"1")), (key("a"), bare(b"2"))], NOW).unwrap();
    assert_eq!(subject.get("a").unwrap(), b"2", "the last one stays");
    assert_eq!(subject.count(), 1);
}

fn delete_many(subject: &Subject) {
    for name in ["a", "b", "c/d"] {
        subject.put(name, b"x");
    }
    let gone = subject.store.delete_many(&["a", "missing", "c/d", "a"].map(key), NOW).unwrap();
    assert_eq!(gone, 2, "each value counts once");
    assert_eq!(subject.listed(""), ["b"], "the others stay");
}

fn nothing(subject: &Subject) {
    subject.store.put_many(&[], NOW).unwrap();
    assert!(subject.store.get_many(&[], NOW).unwrap().is_empty());
    assert_eq!(subject.store.delete_many(&[], NOW).unwrap(), 0);
}

fn thousand(subject: &Subject) {
    let names: Vec<String> = (0..1000).map(|at| format!("{at:04}")).collect();
    let record = |name: &'static str| Record {
        header: b"",
        body: name.as_bytes(),
        text: true,
        expires: None,
        tail: None,
    };
    let items: Vec<_> = names.iter().map(|name| (key(name), record("value"))).collect();
    subject.store.put_many(&items, NOW).unwrap();
    assert_eq!(subject.listed(""), names, "all are listed, in order");
    let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
    assert!(subject.store.get_many(&keys, NOW).unwrap().iter().all(Option::is_some), "all are read");
    assert_eq!(subject.store.delete_many(&keys, NOW).unwrap(), 1000, "all are deleted");
    assert_eq!(subject.count(), 0);
}
