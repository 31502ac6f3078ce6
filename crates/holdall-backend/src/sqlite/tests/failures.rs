//! Full disks, failing disks, damaged files, rows that others changed.

use std::process::Command;

use holdall_types::ErrorKind;
use rusqlite::Connection;

use super::child::{play, prepare};
use super::{NOW, folder, get, key, names, open, put, record};
use crate::{Condition, KeyValue, Version};

#[test]
fn a_full_disk_keeps_the_former_value() {
    let (_folder, path) = folder();
    let store = open(&path);
    put(&store, "key", b"one");
    let limit = |pages: u32| store.read(|c| Ok(c.pragma_update(None, "max_page_count", pages)?)).unwrap();
    limit(1);
    let big = vec![b'x'; 100_000];
    let error = store.put(&key("key"), &record(&big), Condition::Any, NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreFull, "{error}");
    let error = store.put_many(&[(key("a"), record(b"x")), (key("key"), record(&big))], NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreFull, "{error}");
    assert_eq!((get(&store, "key").unwrap(), get(&store, "a")), (b"one".to_vec(), None));
    put(&store, "key", b"two");
    limit(1_000_000);
    put(&store, "key", &big);
    assert_eq!(get(&store, "key").unwrap(), big, "it was no poison");
}

#[test]
fn a_failed_write_poisons_and_loses_nothing() {
    let (_folder, path) = folder();
    drop(open(&path));
    // Files of more than about 200 KB fail, with an error that is not the disk being full.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap());
    let output = prepare(shell, "limited", &path).output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{out}\n{}", String::from_utf8_lossy(&output.stderr));
    let tried = out.matches("<<").count();
    let store = open(&path);
    for at in 0..tried - 1 {
        assert_eq!(get(&store, &format!("{at:04}")).map(|value| value.len()), Some(5000), "{at} of {tried}");
    }
    put(&store, "key", b"x");
    drop(store);
    assert!(play("foreign", &path).ends_with("ok"));
}

#[test]
fn a_side_file_that_does_not_fit_leaves_nothing() {
    let (folder, path) = folder();
    let store = open(&path);
    put(&store, "key", b"one");
    // What stands where the folder of side files should be makes every one of them fail.
    std::fs::write(super::beside(&path, ".side"), b"").unwrap();
    let before = names(folder.path());
    assert!(store.put(&key("key"), &record(&vec![1; 200_000]), Condition::Any, NOW).is_err());
    assert_eq!((get(&store, "key").unwrap(), names(folder.path())), (b"one".to_vec(), before));
    put(&store, "key", b"two");
}

#[test]
fn a_damaged_database_says_so() {
    let (_folder, path) = folder();
    let store = open(&path);
    for at in 0..200 {
        put(&store, &at.to_string(), &[b'x'; 1000]);
    }
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    let error = crate::sqlite::Sqlite::open(crate::sqlite::Options::new(&path))
        .and_then(|store| store.get(&key("1"), NOW))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CorruptFrame);
    assert!(error.message().contains(".recover"), "{error}");
}

#[test]
fn rows_that_another_program_spoilt_are_named_and_kept() {
    let (_folder, path) = folder();
    let store = open(&path);
    put(&store, "some key", b"x");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("UPDATE entries SET value = 5").unwrap();
    let matches = Condition::Matches(Version::of(b"x"));
    let delete = store.delete(&key("some key"), matches, NOW).unwrap_err();
    for error in [store.get(&key("some key"), NOW).unwrap_err(), delete] {
        assert_eq!(error.kind(), ErrorKind::CorruptFrame);
        assert!(error.message().contains("some key"), "{error}");
    }
    other.execute_batch("UPDATE entries SET value = 'new', side = '../../etc/passwd'").unwrap();
    assert_eq!(store.get(&key("some key"), NOW).unwrap_err().kind(), ErrorKind::CorruptFrame);
    other.execute_batch("UPDATE entries SET side = NULL").unwrap();
    assert_eq!(get(&store, "some key").unwrap(), b"new", "what another program writes well is read");
}
