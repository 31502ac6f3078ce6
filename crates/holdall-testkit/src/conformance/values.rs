//! One value: written, read, overwritten, looked at, removed.

use super::Behaviour;
use super::subject::{NOW, Subject, key};
use holdall_backend::Condition;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a missing key is absent everywhere", missing),
    ("get gives what put wrote", round_trip),
    ("header and body come back in one piece", framed),
    ("every byte and odd texts survive", every_byte),
    ("values of every size survive", sizes),
    ("an overwrite replaces the whole value", overwrite),
    ("times say when", times),
    ("head gives the beginning, the size and the times", head),
    ("delete says whether there was a value", delete),
    ("take gives the value once", take),
];

fn missing(subject: &Subject) {
    assert_eq!(subject.get("nothing"), None, "get of a missing key");
    assert!(subject.head("nothing").is_none(), "head of a missing key");
    assert!(!subject.delete("nothing"), "delete of a missing key");
    assert_eq!(subject.take("nothing"), None, "take of a missing key");
    assert_eq!(subject.store.delete_many(&[key("nothing")], NOW).unwrap(), 0, "delete_many of a missing key");
    assert_eq!(subject.listed(""), [""; 0], "listing of an empty store");
    assert_eq!(subject.count(), 0, "count of an empty store");
    subject.store.clear().unwrap();
}

fn round_trip(subject: &Subject) {
    subject.put("key", b"value");
    assert_eq!(subject.get("key").unwrap(), b"value", "get after put");
    subject.put("folder/key", b"other");
    assert_eq!(subject.get("folder/key").unwrap(), b"other", "get of a key with segments");
    assert_eq!(subject.get("key").unwrap(), b"value", "another put must not touch this key");
    assert_eq!(subject.get("folder"), None, "the folder of a key is no key");
}

fn framed(subject: &Subject) {
    let body = b"\x80\x05N.";
    subject.put_until("key", body, NOW + 1000);
    let whole = subject.whole("key", body, Some(NOW + 1000));
    assert_eq!(subject.get("key").unwrap(), whole, "header before body");
}

fn every_byte(subject: &Subject) {
    let bytes: Vec<u8> = (0..=255).collect();
    for body in
        [&bytes[..], b"a\0b", "a\0ü".as_bytes(), b"\xFF", b"\r\n", "\u{FEFF}x".as_bytes(), b"12", b"1e5"]
    {
        subject.put("key", body);
        assert_eq!(subject.get("key").unwrap(), body, "bytes that came back otherwise");
    }
}

fn sizes(subject: &Subject) {
    const KIB: usize = 1024;
    for size in [0, 1, 127 * KIB, 128 * KIB - 1, 128 * KIB, 128 * KIB + 1, 5 * KIB * KIB] {
        let body: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        for expires in [None, Some(NOW + 1000)] {
            let whole = subject.whole("key", &body, expires);
            assert!(subject.put_at("key", &body, expires, Condition::Any, NOW));
            assert!(subject.get("key").unwrap() == whole, "a value of {size} bytes must come back");
            let head = subject.head("key").unwrap();
            assert_eq!(head.size, whole.len() as u64, "size in head of {size} bytes");
            assert!(whole.starts_with(&head.start), "head must be the beginning of {size} bytes");
        }
    }
    assert!(subject.delete("key"), "a large value can be deleted");
    assert_eq!(subject.get("key"), None, "and is gone");
}

fn overwrite(subject: &Subject) {
    subject.put("key", &[b'a'; 1000]);
    subject.put("key", b"b");
    assert_eq!(subject.get("key").unwrap(), b"b", "a shorter value replaces a longer one");
    subject.put("key", &vec![b'c'; 300_000]);
    assert_eq!(subject.get("key").unwrap(), vec![b'c'; 300_000], "a large one replaces a small one");
    subject.put("key", b"d");
    assert_eq!(subject.get("key").unwrap(), b"d", "a small one replaces a large one");
    assert_eq!(subject.count(), 1, "overwriting makes no second key");
}

fn times(subject: &Subject) {
    let at = |now| subject.put_at("key", b"value", None, Condition::Any, now);
    assert!(at(NOW));
    let first = subject.stored("key").unwrap();
    assert!(first.created <= first.updated, "created before updated");
    assert!(at(NOW + 5));
    let second = subject.stored("key").unwrap();
    assert!(second.updated >= first.updated, "an overwrite does not go back in time");
    let head = subject.head("key").unwrap();
    assert_eq!((head.created, head.updated), (second.created, second.updated), "head agrees with get");
    // Elsewhere the times are the disk's own.
    if subject.store.capability().header_beside {
        assert_eq!((first.created, first.updated), (NOW, NOW), "times of a first write");
        assert_eq!((second.created, second.updated), (NOW, NOW + 5), "created stays on overwrite");
        assert!(subject.delete("key") && at(NOW + 9));
        assert_eq!(subject.stored("key").unwrap().created, NOW + 9, "a deleted key is created anew");
    }
}

fn head(subject: &Subject) {
    for size in [0, 10, 63, 64, 65, 1000, 200_000] {
        let body = vec![b'x'; size];
        for expires in [None, Some(NOW + 1000)] {
            let header = subject.header("key", &body, expires).len();
            assert!(subject.put_at("key", &body, expires, Condition::Any, NOW));
            let start = subject.head("key").unwrap().start;
            assert!(
                start.len() >= header + size.min(64),
                "head of {size} bytes: header and 64 bytes of body"
            );
            assert!(start.len() <= header + 20_000, "head of {size} bytes: not much more");
        }
    }
}

fn delete(subject: &Subject) {
    subject.put("key", b"value");
    assert!(subject.delete("key"), "delete of a value");
    assert!(!subject.delete("key"), "second delete");
    assert_eq!(subject.get("key"), None, "get after delete");
    subject.put("key", b"again");
    assert_eq!(subject.get("key").unwrap(), b"again", "put after delete");
}

fn take(subject: &Subject) {
    subject.put("key", b"value");
    subject.put("large", &vec![7; 200_000]);
    assert_eq!(subject.take("key").unwrap(), b"value", "take of a value");
    assert_eq!(subject.take("key"), None, "second take");
    assert_eq!(subject.take("large").unwrap(), vec![7; 200_000], "take of a large value");
    assert_eq!(subject.count(), 0, "taken values are gone");
}
