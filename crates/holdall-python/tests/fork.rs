//! A forked child and its parent share a store as two strangers would. Here, because to fork is unsafe,
//! and this is the only crate that may be.
#![cfg(unix)]
#![expect(unsafe_code, reason = "forking is what is tested")]
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use holdall_backend::jobs::{Insert, Inserted, Now};
use holdall_backend::os::fork;
use holdall_backend::sqlite::{Options, Sqlite, SqliteJobs};
use holdall_backend::{Condition, Jobs, KeyValue, Record};
use holdall_types::Key;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};

const PATH: &str = "HOLDALL_TEST_PATH";
const NOW: u64 = 1_700_000_000_000;

fn open(path: &Path) -> Sqlite {
    Sqlite::open(Options::new(path)).unwrap()
}

fn put(store: &Sqlite, name: &str) {
    let record = Record { header: b"", body: b"x", text: true, expires: None, tail: None };
    assert!(store.put(&Key::new(name).unwrap(), &record, Condition::Any, NOW).unwrap());
}

fn has(store: &Sqlite, name: &str) -> bool {
    store.get(&Key::new(name).unwrap(), NOW).unwrap().is_some()
}

/// Forks as the Python binding does, and runs `child` in the child.
fn fork_with(child: impl FnOnce() -> bool) -> Pid {
    fork::before();
    // SAFETY: the process that plays a part has no other thread that could hold a lock.
    match unsafe { nix::unistd::fork() }.unwrap() {
        ForkResult::Parent { child } => {
            fork::in_parent();
            child
        }
        ForkResult::Child => {
            fork::in_child();
            let fine = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child)).unwrap_or(false);
            // SAFETY: ends the child without what the test harness does at its end.
            unsafe { nix::libc::_exit(i32::from(!fine)) }
        }
    }
}

fn wait_for(child: Pid) {
    assert_eq!(waitpid(child, None).unwrap(), WaitStatus::Exited(child, 0));
}

/// Two ends to say "your turn" with.
struct Turns(UnixStream, UnixStream);

impl Turns {
    fn new() -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        // A turn that never comes is a failure, not a hang.
        let limit = Some(Duration::from_secs(30));
        ours.set_read_timeout(limit).unwrap();
        theirs.set_read_timeout(limit).unwrap();
        Self(ours, theirs)
    }

    fn give(end: &UnixStream) {
        let mut end = end;
        end.write_all(b".").unwrap();
    }

    fn await_(end: &UnixStream) {
        let mut end = end;
        end.read_exact(&mut [0]).unwrap();
    }
}

/// Runs one test of this file in a process of its own, where nothing else has threads or forks.
fn alone(name: &str) -> Option<tempfile::TempDir> {
    if std::env::var_os(PATH).is_some() {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let binary = std::env::current_exe().unwrap();
    let output = Command::new(binary)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(PATH, folder.path().join("d.db"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(folder)
}

fn path() -> std::path::PathBuf {
    std::env::var_os(PATH).unwrap().into()
}

#[test]
fn both_go_on_and_see_each_other() {
    if alone("both_go_on_and_see_each_other").is_some() {
        return;
    }
    let store = open(&path());
    put(&store, "before");
    let child = fork_with(|| {
        for at in 0..200 {
            put(&store, &format!("child/{at}"));
        }
        has(&store, "before")
    });
    for at in 0..200 {
        put(&store, &format!("parent/{at}"));
    }
    wait_for(child);
    assert_eq!(std::sync::Arc::new(store).count(NOW).unwrap(), 401);
}

#[test]
fn a_child_survives_the_end_of_its_parents_store() {
    if alone("a_child_survives_the_end_of_its_parents_store").is_some() {
        return;
    }
    let path = path();
    let Turns(ours, theirs) = Turns::new();
    let (store, twin) = (open(&path), open(&path));
    put(&store, "before");
    let child = fork_with(|| {
        Turns::await_(&theirs);
        // The log and its index that this process inherited are no longer the files of that name.
        put(&store, "child");
        Turns::give(&theirs);
        Turns::await_(&theirs);
        has(&store, "parent") && has(&twin, "parent")
    });
    store.close().unwrap();
    twin.close().unwrap();
    assert!(!path.with_extension("db-wal").exists(), "the child holds nothing by itself");
    let store = open(&path);
    put(&store, "parent");
    Turns::give(&ours);
    Turns::await_(&ours);
    assert!(has(&store, "child") && has(&store, "parent"));
    for at in 0..50 {
        put(&store, &at.to_string());
    }
    Turns::give(&ours);
    wait_for(child);
    store.close().unwrap();
    assert_eq!(std::sync::Arc::new(open(&path)).count(NOW).unwrap(), 53);
}

#[test]
fn an_idle_child_holds_nobody_up() {
    if alone("an_idle_child_holds_nobody_up").is_some() {
        return;
    }
    let store = open(&path());
    let Turns(ours, theirs) = Turns::new();
    // Forked while the writer's lock is held by another thread of ours, as it may well be.
    let child = std::thread::scope(|scope| {
        let (begun, told) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let store = &store;
        scope.spawn(move || {
            let decide = &mut |_: Option<&[u8]>| {
                begun.send(()).unwrap();
                ended.recv().unwrap();
                holdall_backend::LeaseChange::Keep
            };
            store.lease("name", decide).unwrap();
        });
        told.recv().unwrap();
        let child = fork_with(|| {
            Turns::await_(&theirs);
            true
        });
        end.send(()).unwrap();
        child
    });
    put(&store, "parent");
    put(&open(&path()), "other");
    store.close().unwrap();
    drop(store);
    assert!(!path().with_extension("db-wal").exists());
    Turns::give(&ours);
    wait_for(child);
}

fn enqueue(jobs: &SqliteJobs, id: &str) {
    let message = Record { header: b"", body: b"x", text: false, expires: None, tail: None };
    let (name, queue, after) = ("module:function", "default", &[]);
    let task = Insert {
        id,
        queue,
        name,
        priority: 0,
        due: None,
        expires: None,
        unique: None,
        options: None,
        after,
        message,
    };
    let now = Now { wall: NOW, boot: 0, boot_id: 0 };
    assert_eq!(jobs.insert(&[task], None, now).unwrap(), [Inserted::New]);
}

#[test]
fn both_sleep_and_wake_apart() {
    if alone("both_sleep_and_wake_apart").is_some() {
        return;
    }
    let jobs = SqliteJobs::open(Options::new(path())).unwrap();
    let Turns(ours, theirs) = Turns::new();
    let watch = jobs.watch().unwrap();
    let waker = watch.waker();
    let long = Duration::from_secs(20);
    let short = Duration::from_millis(200);
    let waited = |watch: &mut Box<dyn holdall_backend::jobs::Watch>, limit| {
        let began = std::time::Instant::now();
        watch.wait(limit).unwrap();
        began.elapsed()
    };
    let child = fork_with(|| {
        let mut watch = watch;
        // What the parent's descriptors tell is not the child's to take.
        waker();
        assert!(waited(&mut watch, long) < long, "woken");
        while waited(&mut watch, short) < short {}
        Turns::give(&theirs);
        Turns::await_(&theirs);
        assert!(waited(&mut watch, long) < long, "the parent's insert");
        enqueue(&jobs, "child");
        Turns::give(&theirs);
        true
    });
    let mut watch = jobs.watch().unwrap();
    Turns::await_(&ours);
    while waited(&mut watch, short) < short {}
    enqueue(&jobs, "parent");
    assert!(waited(&mut watch, long) < long, "its own insert");
    Turns::give(&ours);
    Turns::await_(&ours);
    assert!(waited(&mut watch, long) < long, "the child's insert");
    wait_for(child);
    assert_eq!(jobs.unfinished(None).unwrap(), 2);
}

#[test]
fn a_child_takes_no_call_of_its_parents() {
    if alone("a_child_takes_no_call_of_its_parents").is_some() {
        return;
    }
    let jobs = SqliteJobs::open(Options::new(path())).unwrap();
    let mut watch = jobs.watch().unwrap();
    let waker = watch.waker();
    let (long, short) = (Duration::from_secs(20), Duration::from_millis(300));
    watch.wait(short).unwrap();
    waker();
    enqueue(&jobs, "a");
    // In the child the same object sleeps, though its parent's was called.
    let (watch, child) = {
        let mut watch = Some(watch);
        let child = fork_with(|| {
            let mut watch = watch.take().unwrap();
            watch.wait(short).unwrap();
            true
        });
        (watch, child)
    };
    wait_for(child);
    let mut watch = watch.unwrap();
    for what in ["the insert", "the waker"] {
        let began = std::time::Instant::now();
        watch.wait(long).unwrap();
        assert!(began.elapsed() < long, "{what} was taken by the child");
        if what == "the insert" {
            waker();
        }
    }
}

/// How many descriptors of this process are open on a file.
#[cfg(target_os = "linux")]
fn descriptors(path: &Path) -> usize {
    let links = std::fs::read_dir("/proc/self/fd").unwrap();
    links.filter_map(|link| std::fs::read_link(link.unwrap().path()).ok()).filter(|to| to == path).count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_closes_what_guards_its_parents_connection() {
    if alone("a_child_closes_what_guards_its_parents_connection").is_some() {
        return;
    }
    let (path, lock) = (path(), path().with_extension("db.lock"));
    let store = open(&path);
    put(&store, "before");
    let before = (descriptors(&path), descriptors(&lock));
    // One of the database is SQLite's own.
    assert_eq!(before, (2, 1));
    let child = fork_with(|| (descriptors(&path), descriptors(&lock)) == (1, 0));
    wait_for(child);
    assert_eq!((descriptors(&path), descriptors(&lock)), before);
}
