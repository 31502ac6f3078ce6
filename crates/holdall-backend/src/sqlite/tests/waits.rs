//! Who waits for whom, and how long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use holdall_types::ErrorKind;
use rusqlite::Connection;

use super::{NOW, folder, get, key, open, put, record};
use crate::sqlite::{Options, Sqlite};
use crate::{Condition, KeyValue, LeaseChange};

#[test]
fn a_wait_ends() {
    let (_folder, path) = folder();
    let busy_timeout = Duration::from_millis(100);
    let store = Sqlite::open(Options { busy_timeout, ..Options::new(&path) }).unwrap();
    let put = || store.put(&key("key"), &record(b"x"), Condition::Any, NOW);
    let other = open(&path);
    let held = other.writer().unwrap();
    let began = Instant::now();
    assert_eq!(put().unwrap_err().kind(), ErrorKind::StoreBusy, "a writer of holdall's");
    assert!(began.elapsed() >= busy_timeout && began.elapsed() < Duration::from_secs(10));
    drop(held);
    let foreign = Connection::open(&path).unwrap();
    foreign.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(put().unwrap_err().kind(), ErrorKind::StoreBusy, "a writer of SQLite's");
    foreign.execute_batch("COMMIT").unwrap();
    assert!(put().unwrap());
}

#[test]
fn readers_do_not_wait_for_writers_that_wait() {
    let (_folder, path) = folder();
    let store = Arc::new(open(&path));
    put(&store, "key", b"one");
    let other = open(&path);
    let held = other.writer().unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| put(&store, "key", b"two"));
        std::thread::sleep(Duration::from_millis(50));
        let began = Instant::now();
        assert_eq!(get(&store, "key").unwrap(), b"one");
        assert_eq!(Arc::clone(&store).scan("", NOW).unwrap().count(), 1);
        assert!(!writer.is_finished() && began.elapsed() < Duration::from_secs(5));
        drop(held);
    });
    assert_eq!(get(&store, "key").unwrap(), b"two");
}

#[test]
fn a_listing_holds_no_transaction() {
    let (_folder, path) = folder();
    let store = Arc::new(open(&path));
    put(&store, "a", b"x");
    put(&store, "b", b"x");
    let mut listing = Arc::clone(&store).scan("", NOW).unwrap();
    assert_eq!(listing.next().unwrap().unwrap(), "a");
    let mode =
        store.read(|c| Ok(c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))?));
    assert_eq!(mode.unwrap(), 0, "the log could not be emptied");
    store.close().unwrap();
    assert_eq!(listing.next().unwrap().unwrap(), "b", "the page that was read");
}

#[test]
fn the_log_is_written_back_as_it_grows() {
    let (_folder, path) = folder();
    let store = open(&path);
    for at in 0..3_000 {
        put(&store, &(at % 10).to_string(), &[b'x'; 10_000]);
    }
    let log = super::beside(&path, "-wal").metadata().unwrap().len();
    assert!(log < 32 << 20, "{log} bytes");
    assert_eq!(get(&store, "7").unwrap().len(), 10_000);
}

#[test]
fn leases_are_decided_outside_sqlite() {
    let (_folder, path) = folder();
    let store = open(&path);
    store
        .lease("name", &mut |record| {
            assert_eq!(record, None);
            // The connection is free: readers go on while somebody decides.
            assert_eq!(get(&store, "key"), None);
            LeaseChange::Set(b"mine".to_vec())
        })
        .unwrap();
    drop(store);
    open(&path)
        .lease("name", &mut |record| {
            assert_eq!(record, Some(&b"mine"[..]));
            LeaseChange::Remove
        })
        .unwrap();
}
