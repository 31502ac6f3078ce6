//! Which files are opened as queues, and what becomes of them.

use std::path::Path;

use holdall_types::ErrorKind;
use rusqlite::Connection;

use super::{add, claim, folder, open};
use crate::jobs::Jobs;
use crate::sqlite::tests::{get, key, names, put};
use crate::sqlite::{Options, Sqlite, SqliteJobs};
use crate::{Condition, KeyValue};

fn version(path: &Path) -> i64 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// A store as the first programs made it, written by hand.
fn first_version(path: &Path) {
    let sql = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/store.sql");
    let sql = std::fs::read_to_string(sql).unwrap();
    Connection::open(path).unwrap().execute_batch(&sql).unwrap();
    assert_eq!(version(path), 1);
}

fn values(store: &Sqlite) -> Vec<Option<Vec<u8>>> {
    ["raw", "raw-empty", "text", "text-like-json", "json", "json-null", "pickle-signed"]
        .map(|name| get(store, name))
        .to_vec()
}

#[test]
fn a_store_becomes_a_queue_too_and_keeps_its_values() {
    let (_folder, path) = folder();
    first_version(&path);
    let store = Sqlite::open(Options::new(&path)).unwrap();
    let before = values(&store);
    assert!(before.iter().all(Option::is_some));
    assert_eq!(version(&path), 1, "a store alone is left as it is");
    let jobs = open(&path);
    add(&jobs, "a", b"x");
    assert_eq!(version(&path), 1 << 16 | 2, "version 2, and those of version 1 may use it");
    assert_eq!(values(&store), before, "the store that was open goes on");
    put(&store, "new", b"y");
    drop(store);
    drop(jobs);
    let (store, jobs) = (Sqlite::open(Options::new(&path)).unwrap(), open(&path));
    assert_eq!(values(&store), before);
    assert_eq!(get(&store, "new").unwrap(), b"y");
    assert_eq!(claim(&jobs), [("a".to_owned(), b"headx".to_vec())]);
    store.clear().unwrap();
    assert!(jobs.task("a").unwrap().is_some(), "a cleared store leaves the queue alone");
    assert!(store.delete(&key("new"), Condition::Any, 0).is_ok());
}

#[test]
fn a_newer_file_is_opened_if_it_allows_it() {
    let (folder, path) = folder();
    let jobs = open(&path);
    add(&jobs, "a", b"x");
    drop(jobs);
    let set = |number: i64| {
        Connection::open(&path).unwrap().pragma_update(None, "user_version", number).unwrap();
    };
    set(2 << 16 | 9);
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE newer (x)").unwrap();
    let jobs = open(&path);
    assert_eq!(claim(&jobs).len(), 1);
    drop(jobs);
    assert_eq!(version(&path), 2 << 16 | 9, "it stays newer");
    set(3 << 16 | 3);
    let before = std::fs::read(&path).unwrap();
    let error = SqliteJobs::open(Options::new(&path)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedVersion);
    for part in ["newer holdall", "tables 3", "install"] {
        assert!(error.message().contains(part), "{error}");
    }
    assert!(std::fs::read(&path).unwrap() == before, "it was touched");
    assert_eq!(names(folder.path()), ["d.db", "d.db.lock"]);
}

#[test]
fn a_reader_reads_a_queue_and_makes_none() {
    let (_folder, path) = folder();
    let reading = || SqliteJobs::open(Options { read_only: true, ..Options::new(&path) });
    let store = Sqlite::open(Options::new(&path)).unwrap();
    let error = reading().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert!(error.message().contains("no task queue"), "{error}");
    assert_eq!(version(&path), 1);
    add(&open(&path), "a", b"x");
    let jobs = reading().unwrap();
    assert!(jobs.task("a").unwrap().is_some());
    assert_eq!(jobs.unfinished(None).unwrap(), 1);
    let error = jobs.insert(&[super::task("b", b"x")], None, super::AT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreReadOnly);
    drop(store);
}

#[test]
fn of_many_first_openers_one_makes_the_tables() {
    let (_folder, path) = folder();
    std::thread::scope(|scope| {
        for at in 0..6 {
            let path = &path;
            scope.spawn(move || add(&open(path), &at.to_string(), b"x"));
        }
    });
    assert_eq!(claim(&open(&path)).len(), 6);
}

#[test]
fn the_tables_are_those_on_the_page() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/format.md");
    let tables = crate::sqlite::jobs::tables::TABLES;
    assert!(std::fs::read_to_string(page).unwrap().contains(&format!("```sql{tables}```")));
}

#[test]
fn a_full_queue_syncs_each_commit() {
    let (_folder, path) = folder();
    for (durability, expected) in [(crate::Durability::Normal, 1), (crate::Durability::Full, 2)] {
        let jobs = SqliteJobs::open(Options { durability, ..Options::new(&path) }).unwrap();
        let level = jobs.read(|c| Ok(c.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))?));
        assert_eq!(level.unwrap(), expected);
    }
}
