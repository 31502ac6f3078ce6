//! Other processes: this test binary, run again to play a part.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use holdall_types::ErrorKind;
use rusqlite::Connection;

use super::{NOW, beside, get, key, open, put, record};
use crate::sqlite::guard::SHARED;
use crate::sqlite::{Options, Sqlite};
use crate::{Condition, KeyValue};

const PART: &str = "HOLDALL_TEST_PART";
const PATH: &str = "HOLDALL_TEST_PATH";

/// A command that plays a part with a database.
pub(in crate::sqlite) fn command(part: &str, path: &Path) -> Command {
    prepare(Command::new(std::env::current_exe().unwrap()), part, path)
}

/// As [`command`], with another way of starting the binary.
pub(super) fn prepare(mut command: Command, part: &str, path: &Path) -> Command {
    command.args(["--exact", "sqlite::tests::child::plays_its_part", "--nocapture", "--test-threads=1"]);
    command.env(PART, part).env(PATH, path);
    command
}

/// Plays a part to its end and gives what it said.
pub(super) fn play(part: &str, path: &Path) -> String {
    said(&command(part, path).output().unwrap())
}

/// What a part said.
pub(super) fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{out}\n{}", String::from_utf8_lossy(&output.stderr));
    out.split("<<").nth(1).and_then(|rest| rest.split(">>").next()).unwrap_or_default().to_owned()
}

fn say(what: impl std::fmt::Display) {
    println!("<<{what}>>");
}

// Nothing by itself: the parts below are called by the other tests.
#[test]
fn plays_its_part() {
    let (Ok(part), Some(path)) = (std::env::var(PART), std::env::var_os(PATH)) else { return };
    let path = Path::new(&path);
    match part.as_str() {
        "foreign" => foreign(path),
        "old foreign" => old_foreign(path),
        "holdall" => drop(open(path)),
        "put theirs" => put(&open(path), "theirs", b"theirs"),
        "racer" => racer(path),
        "reader" => reader(path),
        "limited" => limited(path),
        "shared" => shared(path),
        "works" => crate::sqlite::jobs::tests::crash::works(path),
        "inserts when told" => crate::sqlite::jobs::tests::crash::inserts_when_told(path),
        other => panic!("no such part: {other}"),
    }
}

/// Another program: opens the database, counts its rows, checks it, and closes it.
fn foreign(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let rows: i64 = connection.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    say(format_args!("{rows} {check}"));
    connection.close().unwrap();
}

/// The same with a SQLite of before 3.51: who gets the EXCLUSIVE lock is the last one, writes the
/// log back and removes it.
fn old_foreign(path: &Path) {
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;
    let connection = Connection::open(path).unwrap();
    connection.query_row("PRAGMA wal_checkpoint", [], |_| Ok(())).unwrap();
    let lock = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: SHARED.0,
        l_len: SHARED.1,
        l_pid: 0,
    };
    let file = std::fs::File::options().read(true).write(true).open(path).unwrap();
    if fcntl(&file, FcntlArg::F_SETLK(&lock)).is_ok() {
        std::fs::remove_file(beside(path, "-wal")).unwrap();
        std::fs::remove_file(beside(path, "-shm")).unwrap();
    }
}

fn racer(path: &Path) {
    let store = open(path);
    for at in 0..20 {
        put(&store, &format!("{}/{at}", std::process::id()), b"x");
    }
}

/// One who may not write: reads, and says what it sees until it sees `three`.
fn reader(path: &Path) {
    let store = open(path);
    let error = store.put(&key("key"), &record(b"x"), Condition::Any, NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreReadOnly);
    for value in ["one", "two", "three"] {
        let began = Instant::now();
        while get(&store, "key").unwrap() != value.as_bytes() && began.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(get(&store, "key").unwrap(), value.as_bytes());
        println!("<<{value}>>");
    }
    store.close().unwrap();
}

/// One whose files may not grow: what a failing disk does to a log.
fn limited(path: &Path) {
    let store = open(path);
    let error = (0..).find_map(|at| {
        let written = store.put(&key(&format!("{at:04}")), &record(&[b'x'; 5000]), Condition::Any, NOW);
        say(at);
        written.err()
    });
    assert_eq!(error.unwrap().kind(), ErrorKind::Backend);
    let again = store.put(&key("small"), &record(b"x"), Condition::Any, NOW).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::StorePoisoned);
    assert_eq!(store.delete(&key("0000"), Condition::Any, NOW).unwrap_err().kind(), ErrorKind::StorePoisoned);
    assert_eq!(get(&store, "0000").unwrap().len(), 5000, "reads go on");
    store.close().unwrap();
    let store = Sqlite::open(Options::new(path)).unwrap();
    assert!(get(&store, "0000").is_some());
}

/// Keeps SQLite's SHARED lock, as any reader does, until its input ends.
fn shared(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("CREATE TABLE t (x); BEGIN; SELECT * FROM t").unwrap();
    say("held");
    let _ = std::io::stdin().read_line(&mut String::new());
}
