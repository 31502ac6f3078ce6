//! Writes that depend on what is there.

use holdall_backend::{Condition, Version};

use super::Behaviour;
use super::subject::{NOW, Subject, key};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("absent writes only where nothing is", absent),
    ("matches writes only over the value that was read", matches),
    ("matches never writes over nothing", matches_nothing),
    ("a value that went away and came back is no conflict", back_again),
    ("matches sees the header too", header_counts),
    ("a refused write changes nothing", refused),
    ("matches works on large values", large),
    ("delete, too, can depend on the value that was read", delete),
];

fn absent(subject: &Subject) {
    assert!(subject.put_if("key", b"one", Condition::Absent), "absent on a missing key");
    assert!(!subject.put_if("key", b"two", Condition::Absent), "absent on a value");
    assert_eq!(subject.get("key").unwrap(), b"one");
    subject.delete("key");
    assert!(subject.put_if("key", b"three", Condition::Absent), "absent after delete");
}

fn matches(subject: &Subject) {
    subject.put("key", b"one");
    let one = subject.version("key");
    assert!(subject.put_if("key", b"two", Condition::Matches(one)), "matches the value that was read");
    assert!(!subject.put_if("key", b"three", Condition::Matches(one)), "the value is another by now");
    assert_eq!(subject.get("key").unwrap(), b"two");
}

fn matches_nothing(subject: &Subject) {
    let version = Version::of(b"");
    assert!(!subject.put_if("key", b"one", Condition::Matches(version)), "matches on a missing key");
    assert_eq!(subject.get("key"), None, "and nothing was written");
}

fn back_again(subject: &Subject) {
    subject.put("key", b"one");
    let one = subject.version("key");
    subject.put("key", b"two");
    subject.delete("key");
    subject.put("key", b"one");
    assert!(subject.put_if("key", b"three", Condition::Matches(one)), "the same bytes are the same version");
}

fn header_counts(subject: &Subject) {
    subject.put("key", b"one");
    let bare = subject.version("key");
    subject.put_until("key", b"one", NOW + 1000);
    assert!(!subject.put_if("key", b"two", Condition::Matches(bare)), "another header is another version");
    let framed = subject.version("key");
    assert!(subject.put_if("key", b"two", Condition::Matches(framed)), "header and body match");
}

fn refused(subject: &Subject) {
    subject.put_until("key", b"one", NOW + 1000);
    let before = subject.stored("key").unwrap();
    assert!(!subject.put_at("key", b"two", None, Condition::Absent, NOW + 1));
    assert!(!subject.put_at("key", b"two", None, Condition::Matches(Version::of(b"?")), NOW + 1));
    let after = subject.stored("key").unwrap();
    assert_eq!(before.bytes, after.bytes, "the value stays");
    assert_eq!(before.updated, after.updated, "its time stays");
    assert_eq!(subject.listed_at("", NOW + 1000), [""; 0], "its expiry stays");
}

fn large(subject: &Subject) {
    subject.put("key", &vec![1; 400_000]);
    let version = subject.version("key");
    let mut other = vec![1; 400_000];
    other[399_999] = 2;
    subject.put("key", &other);
    assert!(!subject.put_if("key", b"x", Condition::Matches(version)), "the last byte counts");
    let version = subject.version("key");
    assert!(subject.put_if("key", b"x", Condition::Matches(version)), "a large value matches");
}

fn delete(subject: &Subject) {
    let delete = |name: &str, condition, now| subject.store.delete(&key(name), condition, now).unwrap();
    let long = "x".repeat(2000);
    for name in ["key", "folder/key", &long] {
        assert!(!delete(name, Condition::Matches(Version::of(b"")), NOW), "nothing is there to match");
        subject.put_until(name, b"one", NOW + 1000);
        let one = subject.version(name);
        subject.put(name, &vec![2; 300_000]);
        assert!(!delete(name, Condition::Matches(one), NOW), "the value is another by now");
        assert!(!delete(name, Condition::Absent, NOW), "a value that is there is not absent");
        assert!(subject.get(name).is_some(), "a refused delete leaves the value");
        let two = subject.version(name);
        assert!(delete(name, Condition::Matches(two), NOW), "matches the value that was read");
        assert_eq!(subject.get(name), None, "and it is gone");
        subject.put_until(name, b"one", NOW + 1000);
        assert!(!delete(name, Condition::Matches(one), NOW + 1000), "an expired value matches nothing");
    }
    assert_eq!(subject.listed_at("", NOW + 1000), [""; 0]);
}
