//! Which files are opened, and how.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use holdall_types::ErrorKind;
use rusqlite::Connection;

use super::child::{command, prepare};
use super::{NOW, folder, get, key, names, open, put, record};
use crate::sqlite::{Options, Sqlite};
use crate::{Condition, KeyValue};

fn refused(path: &Path) -> ErrorKind {
    let (before, content) = (names(path.parent().unwrap()), std::fs::read(path).unwrap());
    let kind = Sqlite::open(Options::new(path)).unwrap_err().kind();
    assert_eq!(names(path.parent().unwrap()), before, "files were made beside it");
    assert!(std::fs::read(path).unwrap() == content, "the file was changed");
    kind
}

#[test]
fn a_newer_store_is_refused_untouched() {
    let (_folder, path) = folder();
    drop(open(&path));
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 3 << 16 | 3).unwrap();
    assert_eq!(refused(&path), ErrorKind::UnsupportedVersion);
    let error = Sqlite::open(Options { read_only: true, ..Options::new(&path) }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedVersion);
}

#[test]
fn a_newer_version_that_is_only_in_the_log_is_refused_too() {
    let (_folder, path) = folder();
    drop(open(&path));
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 3 << 16 | 3).unwrap();
    assert_eq!(Sqlite::open(Options::new(&path)).unwrap_err().kind(), ErrorKind::UnsupportedVersion);
}

#[test]
fn other_programs_files_are_refused_untouched() {
    let (folder, path) = folder();
    for mode in ["delete", "wal"] {
        let database = folder.path().join(mode);
        let connection = Connection::open(&database).unwrap();
        connection.pragma_update(None, "journal_mode", mode).unwrap();
        connection.execute_batch("CREATE TABLE entries (key TEXT PRIMARY KEY, value)").unwrap();
        assert_eq!(refused(&database), ErrorKind::Validation, "in use, {mode}");
        connection.close().unwrap();
        assert_eq!(refused(&database), ErrorKind::Validation, "closed, {mode}");
    }
    std::fs::write(&path, b"just a text").unwrap();
    assert_eq!(refused(&path), ErrorKind::CorruptFrame);
    std::fs::write(&path, vec![b'x'; 10_000]).unwrap();
    assert_eq!(refused(&path), ErrorKind::CorruptFrame);
}

#[test]
fn an_empty_file_becomes_a_store_that_others_read() {
    let (_folder, path) = folder();
    std::fs::write(&path, b"").unwrap();
    let store = open(&path);
    put(&store, "key", br#"{"a": [1, 2]}"#);
    let other = Connection::open(&path).unwrap();
    let found: i64 = other.query_row("SELECT value ->> '$.a[1]' FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(found, 2);
    let kinds: String = other
        .query_row("SELECT group_concat(name || ' ' || type) FROM pragma_table_info('entries')", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(
        kinds,
        "key TEXT,created INTEGER,updated INTEGER,expires INTEGER,size INTEGER,header BLOB,side TEXT,value "
    );
}

#[test]
fn many_processes_open_it_first() {
    for _ in 0..3 {
        let (_folder, path) = folder();
        let spawn = || command("racer", &path).stdout(Stdio::null()).spawn().unwrap();
        let racers: Vec<_> = (0..6).map(|_| spawn()).collect();
        for mut racer in racers {
            assert!(racer.wait().unwrap().success());
        }
        assert_eq!(std::sync::Arc::new(open(&path)).count(NOW).unwrap(), 120);
    }
}

#[test]
fn a_reader_reads_and_writes_nothing() {
    let (folder, path) = folder();
    let reading = || Sqlite::open(Options { read_only: true, ..Options::new(&path) });
    assert_eq!(reading().unwrap_err().kind(), ErrorKind::Validation);
    assert!(names(folder.path()).is_empty(), "a reader makes no database");
    let store = open(&path);
    put(&store, "key", b"one");
    let reader = reading().unwrap();
    assert_eq!(get(&reader, "key").unwrap(), b"one");
    put(&store, "key", b"two");
    assert_eq!(get(&reader, "key").unwrap(), b"two", "what is written meanwhile");
    let refuse = |result: Result<(), holdall_types::Error>| {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::StoreReadOnly);
    };
    refuse(reader.put(&key("key"), &record(b"x"), Condition::Any, NOW).map(drop));
    refuse(reader.put_many(&[(key("key"), record(b"x"))], NOW));
    refuse(reader.delete(&key("key"), Condition::Any, NOW).map(drop));
    refuse(reader.delete_many(&[key("key")], NOW).map(drop));
    refuse(reader.clear());
    refuse(reader.lease("name", &mut |_| crate::LeaseChange::Keep));
    assert_eq!(get(&store, "key").unwrap(), b"two");
    reader.close().unwrap();
    put(&store, "key", b"three");
}

#[test]
fn where_this_user_may_not_write_he_reads() {
    let (folder, path) = folder();
    let store = open(&path);
    put(&store, "key", b"one");
    store.close().unwrap();
    let mode = |mode| std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(mode)).unwrap();
    // Root may write everywhere, so the part is played by nobody, with a binary that he may run.
    let tools = tempfile::tempdir().unwrap();
    let binary = tools.path().join("binary");
    std::fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    for path in [tools.path(), &binary] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    mode(0o555);
    let mut reader = prepare(Command::new(&binary), "reader", &path);
    let root = folder.path().metadata().unwrap().uid() == 0;
    if root {
        reader.uid(65534).gid(65534);
    }
    let mut reader = reader.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(reader.stdout.take().unwrap()).lines();
    for next in ["two", "three", ""] {
        // Only when it saw the last one comes the next.
        let said = lines.by_ref().map(Result::unwrap).any(|line| line.contains("<<"));
        assert!(said, "before {next:?}");
        if !next.is_empty() {
            if !root {
                mode(0o755);
            }
            let store = open(&path);
            put(&store, "key", next.as_bytes());
            store.close().unwrap();
        }
    }
    assert!(reader.wait().unwrap().success());
    mode(0o755);
}
