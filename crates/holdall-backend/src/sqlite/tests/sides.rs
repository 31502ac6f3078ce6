//! Large values in files beside the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use holdall_types::ErrorKind;
use holdall_types::limits::SIDE_FILE;

use super::{NOW, beside, folder, get, key, open, put, record};
use crate::{Condition, KeyValue, Record, Version};

fn large(byte: u8) -> Vec<u8> {
    vec![byte; SIDE_FILE]
}

/// The side files of a database.
fn files(path: &Path) -> Vec<PathBuf> {
    let list = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    list(beside(path, ".side")).into_iter().flat_map(list).collect()
}

fn age(path: &Path, minutes: u64) {
    let then = SystemTime::now() - Duration::from_secs(60 * minutes);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

#[test]
fn only_large_values_live_in_files_and_each_leaves_with_its_row() {
    let (_folder, path) = folder();
    let store = open(&path);
    put(&store, "key", &large(b'a')[1..]);
    assert!(files(&path).is_empty());
    type Change<'a> = (&'a str, &'a dyn Fn());
    let changes: [Change<'_>; 6] = [
        ("small", &|| put(&store, "key", b"small")),
        ("large", &|| put(&store, "key", &large(b'b'))),
        ("many", &|| store.put_many(&[(key("key"), record(b"x")), (key("key"), record(b"y"))], NOW).unwrap()),
        ("delete", &|| assert!(store.delete(&key("key"), Condition::Any, NOW).unwrap())),
        ("delete if", &|| {
            assert!(!store.delete(&key("key"), Condition::Matches(Version::of(b"x")), NOW).unwrap());
            let matches = Condition::Matches(Version::of(&large(b'a')));
            assert!(store.delete(&key("key"), matches, NOW).unwrap());
        }),
        ("clear", &|| store.clear().unwrap()),
    ];
    for (name, change) in changes {
        put(&store, "key", &large(b'a'));
        let before = files(&path);
        assert_eq!(before.len(), 1, "before {name}");
        change();
        assert!(!files(&path).contains(&before[0]), "{name} leaves the old file");
        assert_eq!(files(&path).len(), usize::from(name == "large"), "after {name}");
    }
    let items = [(key("a"), large(b'1')), (key("b"), large(b'2')), (key("a"), large(b'3'))];
    let items: Vec<_> = items.iter().map(|(key, body)| (key.clone(), record(body))).collect();
    store.put_many(&items, NOW).unwrap();
    assert_eq!(files(&path).len(), 2, "the first of two values of one key leaves no file");
    assert_eq!((get(&store, "a"), get(&store, "b")), (Some(large(b'3')), Some(large(b'2'))));
}

#[test]
fn conditions_hold_for_large_values() {
    let (_folder, path) = folder();
    let store = open(&path);
    let put_if = |body: &[u8], condition| store.put(&key("key"), &record(body), condition, NOW).unwrap();
    assert!(put_if(&large(b'a'), Condition::Absent));
    assert!(!put_if(&large(b'b'), Condition::Absent));
    assert!(!put_if(&large(b'b'), Condition::Matches(Version::of(&large(b'x')))));
    assert_eq!(files(&path).len(), 1, "a refused write leaves no file");
    assert!(put_if(&large(b'b'), Condition::Matches(Version::of(&large(b'a')))));
    assert_eq!((get(&store, "key"), files(&path).len()), (Some(large(b'b')), 1));
}

#[test]
fn a_lost_or_short_file_is_damage_that_names_the_key() {
    let (_folder, path) = folder();
    let store = open(&path);
    put(&store, "some key", &large(b'a'));
    let file = files(&path).remove(0);
    std::fs::write(&file, b"short").unwrap();
    let check = |call: &str, error: holdall_types::Error| {
        assert_eq!(error.kind(), ErrorKind::CorruptFrame, "{call}: {error}");
        assert!(error.message().contains("some key"), "{call}: {error}");
    };
    check("short", store.get(&key("some key"), NOW).unwrap_err());
    std::fs::remove_file(&file).unwrap();
    check("get", store.get(&key("some key"), NOW).unwrap_err());
    check("head", store.head(&key("some key"), NOW).unwrap_err());
    check("get_many", store.get_many(&[key("some key")], NOW).unwrap_err());
    let matches = Condition::Matches(Version::of(b"x"));
    check("delete", store.delete(&key("some key"), matches, NOW).unwrap_err());
    check("put", store.put(&key("some key"), &record(b"x"), matches, NOW).unwrap_err());
    put(&store, "some key", b"new");
    assert_eq!(get(&store, "some key").unwrap(), b"new", "the way out");
}

#[test]
fn readers_follow_a_value_that_is_overwritten() {
    let (_folder, path) = folder();
    let store = open(&path);
    put(&store, "key", &large(b'a'));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for at in 0..100_u8 {
                put(&store, "key", &large(at));
            }
        });
        while !writer.is_finished() {
            let value = get(&store, "key").unwrap();
            assert!(value.len() == SIDE_FILE && value.iter().all(|byte| *byte == value[0]));
            let many = store.get_many(&[key("key"), key("key")], NOW).unwrap();
            assert!(many.iter().all(Option::is_some));
        }
    });
    assert_eq!(files(&path).len(), 1);
}

#[test]
fn orphans_are_collected_when_they_are_old() {
    let (_folder, path) = folder();
    let store = open(&path);
    put(&store, "key", &large(b'a'));
    let named = files(&path).remove(0);
    age(&named, 600);
    let plant = || {
        let orphans = ["0".repeat(32), "f".repeat(32)].map(|name| {
            let folder = beside(&path, ".side").join(&name[..2]);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(&name), b"x").unwrap();
            folder.join(name)
        });
        age(&orphans[0], 61);
        age(&orphans[1], 59);
        orphans
    };
    for by in ["open", "clear"] {
        let [old, young] = plant();
        match by {
            "open" => drop(open(&path)),
            _ => store.clear().unwrap(),
        }
        assert!(!old.exists() && young.exists(), "{by}");
        assert_eq!(named.exists(), by == "open", "{by}");
    }
}

#[test]
fn expired_rows_go_bit_by_bit_with_their_files() {
    let (_folder, path) = folder();
    let store = Arc::new(open(&path));
    let (small, big) = (vec![b'x'; 10], large(b'x'));
    let names: Vec<String> = (0..150).map(|at| format!("old/{at}")).collect();
    let dying = |body| Record { expires: Some(NOW + 10), ..record(body) };
    let items: Vec<_> = names.iter().map(|name| (key(name), dying(&small[..]))).collect();
    store.put_many(&items, NOW).unwrap();
    assert!(store.put(&key("big"), &dying(&big), Condition::Any, NOW).unwrap());
    let rows = || {
        let count =
            store.read(|c| Ok(c.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, i64>(0))?));
        count.unwrap()
    };
    assert_eq!((rows(), files(&path).len()), (151, 1));
    let later = NOW + 5_000;
    let mut left = 151;
    for at in 0..3 {
        assert!(store.put(&key("new"), &record(b"x"), Condition::Any, later + at).unwrap());
        assert!(rows() - 1 < left, "each write removes some");
        left = rows() - 1;
    }
    assert_eq!((left, files(&path).len()), (0, 0));
    // And at opening, where the time is today's.
    store.put_many(&items[..1], NOW).unwrap();
    store.close().unwrap();
    let store = open(&path);
    let keys = store.read(|c| {
        Ok(c.query_row("SELECT group_concat(key) FROM entries", [], |row| row.get::<_, String>(0))?)
    });
    assert_eq!(keys.unwrap(), "new");
}
