//! What cannot be brought about from outside: a sync that fails, a disk that folds names.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use holdall_frame::Header;
use holdall_types::{Codec, ErrorKind, Key};

use super::{Files, Options, site};
use crate::{Condition, KeyValue, LeaseChange, Record};

fn key(key: &str) -> Key<'_> {
    Key::new(key).unwrap()
}

fn put(files: &Files, name: &str) -> holdall_types::Result<bool> {
    let name = key(name);
    let header = Header { key: Some(name.as_str().to_owned()), ..Header::plain(Codec::Raw) };
    let header = if files.key_in_header(&name) { header.write(b"x", None).unwrap() } else { Vec::new() };
    files.put(
        &name,
        &Record { header: &header, body: b"x", text: true, expires: None, tail: None },
        Condition::Any,
        0,
    )
}

#[test]
fn after_a_failed_sync_nothing_is_written_until_reopened() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Arc::new(Files::open(Options::new(folder.path())).unwrap());
    let files = open();
    assert!(put(&files, "a").unwrap());
    let failure = files.synced(Err(io::Error::from_raw_os_error(5))).unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::StorePoisoned);
    let refused = |result: holdall_types::Result<()>| {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::StorePoisoned);
    };
    refused(put(&files, "b").map(drop));
    refused(files.put_many(&[], 0));
    refused(files.delete(&key("a"), Condition::Any, 0).map(drop));
    refused(files.delete_many(&[], 0).map(drop));
    refused(files.clear());
    refused(files.lease("x", &mut |_| LeaseChange::Keep));
    assert_eq!(&files.get(&key("a"), 0).unwrap().unwrap().bytes[..], b"x", "reading goes on");
    assert_eq!(Arc::clone(&files).count(0).unwrap(), 1);
    assert!(put(&open(), "b").unwrap(), "reopened, it writes");
}

#[test]
fn a_folder_that_is_gone_needs_no_sync() {
    let files = Files::open(Options::new("nowhere")).unwrap();
    files.synced(Err(io::ErrorKind::NotFound.into())).unwrap();
    files.check_writable().unwrap();
}

#[test]
fn on_a_folding_disk_every_name_survives_folding() {
    let folder = tempfile::tempdir().unwrap();
    let files = Arc::new(Files::open(Options::new(folder.path())).unwrap());
    files.disk.store(site::FOLDING, Ordering::Relaxed);
    let mut names =
        vec!["a", "A", "Foo/Bar", "foo/bar", "é", "e\u{301}", "con", "a.", "a ", "longna~1", "x:y", "\n"];
    let long = "A".repeat(83);
    names.push(&long);
    for name in &names {
        assert!(put(&files, name).unwrap());
    }
    for name in &names {
        assert!(files.get(&key(name), 0).unwrap().is_some(), "{name:?}");
    }
    let mut listed: Vec<String> = Arc::clone(&files).scan("", 0).unwrap().collect::<Result<_, _>>().unwrap();
    listed.sort();
    names.sort_unstable();
    assert_eq!(listed, names);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.is_ascii() && !name.bytes().any(|byte| byte.is_ascii_uppercase()), "{name:?}");
    }
}

#[cfg(not(any(windows, target_vendor = "apple")))]
#[test]
fn what_the_disk_makes_of_names_is_asked_when_there_is_something_to_ask() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::open(Options::new(folder.path())).unwrap();
    let between = "A".repeat(100);
    assert_eq!(files.disk().unwrap(), super::Disk::Exact);
    assert_eq!(files.disk.load(Ordering::Relaxed), site::UNKNOWN, "nothing is known yet");
    assert!(files.key_in_header(&key(&between)), "so the header holds the key, in case");
    put(&files, "a").unwrap();
    if files.disk.load(Ordering::Relaxed) == site::EXACT {
        assert!(!files.key_in_header(&key(&between)));
    }
    assert_ne!(files.disk.load(Ordering::Relaxed), site::UNKNOWN);
}
