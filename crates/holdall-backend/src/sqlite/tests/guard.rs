//! Other openers of the file cost no commit. Each test fails without its part of the guard.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use super::child::{command, play};
use super::{beside, folder, get, open, put};
use crate::KeyValue;
use crate::sqlite::guard::{IN_USE, SHARED};

/// What any code in our process may do, a backup or a second copy of SQLite: it drops the locks.
fn read_all_files(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::read(beside(path, suffix)).unwrap();
    }
}

/// What a lock of another process would meet: the lock that is in its way.
fn in_the_way(path: &Path, (start, length): (i64, i64)) -> libc::flock {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut lock = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: start,
        l_len: length,
        l_pid: 0,
    };
    fcntl(&file, FcntlArg::F_OFD_GETLK(&mut lock)).unwrap();
    lock
}

#[test]
fn whoever_opens_and_closes_the_file_costs_no_commit() {
    let (_folder, path) = folder();
    let store = open(&path);
    for part in ["foreign", "old foreign", "holdall"] {
        put(&store, "first", b"x");
        read_all_files(&path);
        let log = beside(&path, "-wal").metadata().unwrap().ino();
        play(part, &path);
        assert_eq!(beside(&path, "-wal").metadata().unwrap().ino(), log, "{part} removed the log");
        for at in 0..20 {
            put(&store, &format!("{part}/{at}"), b"x");
        }
    }
    assert_eq!(play("foreign", &path), "61 ok");
}

#[test]
fn one_store_closed_costs_its_twin_nothing() {
    let (_folder, path) = folder();
    let (one, two) = (open(&path), open(&path));
    put(&one, "first", b"x");
    put(&two, "second", b"x");
    one.close().unwrap();
    drop(one);
    play("old foreign", &path);
    for at in 0..20 {
        put(&two, &at.to_string(), b"x");
    }
    assert_eq!(play("foreign", &path), "22 ok");
    assert_eq!(get(&two, "first").unwrap(), b"x");
}

#[test]
fn the_writers_lock_holds_when_sqlites_is_lost() {
    let (_folder, path) = folder();
    let store = open(&path);
    let writer = store.writer().unwrap();
    let mut other = None;
    writer
        .transaction(|connection| {
            let key = "ours";
            connection.execute(
                "INSERT INTO entries(key,created,updated,size,header,value)VALUES(?1,1,1,1,x'','x')",
                [key],
            )?;
            read_all_files(&path);
            let mut child = command("put theirs", &path).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(700));
            assert!(child.try_wait().unwrap().is_none(), "another wrote in the middle of our transaction");
            other = Some(child);
            Ok(())
        })
        .unwrap();
    drop(writer);
    assert!(other.unwrap().wait().unwrap().success());
    assert_eq!(play("foreign", &path), "2 ok");
    assert!(get(&store, "ours").is_some() && get(&store, "theirs").is_some());
}

#[test]
fn the_index_in_shared_memory_stays_in_use() {
    let (_folder, path) = folder();
    let store = open(&path);
    put(&store, "key", b"x");
    read_all_files(&path);
    let free = libc::F_UNLCK as libc::c_short;
    assert_ne!(
        in_the_way(&beside(&path, "-shm"), IN_USE).l_type,
        free,
        "the next opener would start it afresh"
    );
    assert_ne!(in_the_way(&path, SHARED).l_type, free, "the next closer would remove the log");
    // A descriptor of ours that outlived the store would hold up every other closer.
    store.close().unwrap();
    assert_eq!(in_the_way(&path, SHARED).l_type, free);
}

#[test]
fn sqlite_locks_where_the_guard_does() {
    let (_folder, path) = folder();
    let mut child = command("shared", &path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().map_while(Result::ok).any(|line| line.contains("held")));
    let lock = in_the_way(&path, (0, 0));
    assert_eq!((lock.l_start, lock.l_len), SHARED);
    assert_eq!(lock.l_type, libc::F_RDLCK as libc::c_short);
    assert_eq!(lock.l_pid, libc::pid_t::try_from(child.id()).unwrap());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_clean_close_writes_the_log_back_and_removes_it() {
    let (folder, path) = folder();
    let (one, two) = (open(&path), open(&path));
    put(&one, "key", b"x");
    one.close().unwrap();
    assert!(beside(&path, "-wal").exists(), "the other store needs it");
    two.close().unwrap();
    assert_eq!(super::names(folder.path()), ["d.db", "d.db.lock"]);
    assert_eq!(play("foreign", &path), "1 ok");
    let third = open(&path);
    assert_eq!(get(&third, "key").unwrap(), b"x");
}
