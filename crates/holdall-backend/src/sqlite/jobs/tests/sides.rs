//! Large messages and results in files beside the database.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use holdall_types::ErrorKind;
use holdall_types::limits::TASK_SIDE_FILE;

use super::{AT, add, change, claim, folder, make, open, task};
use crate::jobs::{Inserted, Jobs, State, Turn};
use crate::sqlite::tests::{beside, put};
use crate::sqlite::{Options, Sqlite};
use crate::{Durability, KeyValue};

fn large(byte: u8) -> Vec<u8> {
    vec![byte; TASK_SIDE_FILE]
}

fn files_in(folder: PathBuf) -> Vec<PathBuf> {
    let list = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    list(folder).into_iter().flat_map(list).collect()
}

fn files(path: &Path) -> Vec<PathBuf> {
    files_in(beside(path, ".tasks"))
}

#[test]
fn each_large_body_has_a_file_for_as_long_as_its_row_names_it() {
    let (_folder, path) = folder();
    for durability in [Durability::Normal, Durability::Full] {
        let jobs = super::SqliteJobs::open(Options { durability, ..Options::new(&path) }).unwrap();
        let count = || files(&path).len();
        add(&jobs, "a", &large(1)[1..]);
        assert_eq!(count(), 0);
        add(&jobs, "b", &large(2));
        assert_eq!(count(), 1);
        let known = jobs.insert(&[task("b", &large(3)), task("a", &large(3))], None, AT).unwrap();
        assert_eq!(
            (known.as_slice(), count()),
            (&[Inserted::Known, Inserted::Known][..], 1),
            "no file is left"
        );
        let orphan = super::Insert { after: &["unknown"], ..task("c", b"x") };
        assert!(jobs.insert(&[task("d", &large(3)), orphan], None, AT).is_err());
        assert_eq!(count(), 1, "a failed call leaves none");
        assert_eq!(claim(&jobs)[1], ("b".to_owned(), [b"head".to_vec(), large(2)].concat()));
        let (one, two) = (large(4), large(5));
        let running = (State::Running, 1);
        let late = change("b", (State::Running, 9), State::Completed, Some(&one));
        assert_eq!(
            jobs.turn(&Turn { changes: &[late], claim: None, patience: None }, AT).unwrap().made,
            [false]
        );
        assert_eq!(count(), 1);
        make(&jobs, change("a", running, State::Completed, Some(&one)));
        make(&jobs, change("b", running, State::Completed, Some(&one)));
        assert_eq!(count(), 3);
        make(&jobs, change("b", (State::Completed, 1), State::Completed, Some(&two)));
        assert_eq!(count(), 3, "the former result's file goes");
        make(&jobs, change("b", (State::Completed, 1), State::Failed, Some(b"small")));
        assert_eq!(count(), 2);
        assert_eq!(jobs.purge(&[State::Failed], NOW_AFTER).unwrap(), 1);
        assert_eq!(count(), 1);
        let forget = super::Change {
            forget: Some(1),
            ..change("a", (State::Completed, 1), State::Completed, Some(&one))
        };
        make(&jobs, forget);
        assert_eq!(count(), 1);
        assert_eq!(jobs.forget(9, AT).unwrap(), 1);
        assert_eq!(count(), 0);
    }
}

const NOW_AFTER: u64 = AT.wall + 1;

#[test]
fn a_lost_or_short_message_fails_its_task_and_no_other() {
    let (_folder, path) = folder();
    let jobs = open(&path);
    add(&jobs, "gone", &large(1));
    std::fs::remove_file(&files(&path)[0]).unwrap();
    add(&jobs, "short", &large(1));
    std::fs::write(&files(&path)[0], b"short").unwrap();
    add(&jobs, "good", &large(1));
    for (id, what) in [("gone", "gone"), ("short", "has 5 bytes")] {
        let error = jobs.message(id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CorruptFrame, "{error}");
        assert!(error.message().contains(id) && error.message().contains(what), "{error}");
    }
    let claimed = claim(&jobs);
    let ids: Vec<&str> = claimed.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["gone", "short", "good"]);
    assert_eq!((claimed[0].1.as_slice(), claimed[1].1.as_slice()), (&b"head"[..], &b"head"[..]));
    assert_eq!(claimed[2].1.len(), TASK_SIDE_FILE + 4);
    make(&jobs, change("gone", (State::Running, 1), State::Failed, None));
}

#[test]
fn a_message_that_cannot_be_read_for_now_is_read_later() {
    let (_folder, path) = folder();
    let jobs = open(&path);
    add(&jobs, "a", &large(1));
    add(&jobs, "b", b"small");
    let file = files(&path).remove(0);
    // A folder in its place: neither gone nor of the wrong size, and an error of the system's.
    let away = file.with_extension("away");
    std::fs::rename(&file, &away).unwrap();
    std::os::unix::fs::symlink(&file, &file).unwrap();
    let claimed = claim(&jobs);
    assert_eq!(claimed, [("b".to_owned(), b"headsmall".to_vec())], "it is not given");
    std::fs::remove_file(&file).unwrap();
    std::fs::rename(&away, &file).unwrap();
    let late = super::Now { boot: AT.boot + 1_000, ..AT };
    let lost = jobs.attention(9, late).unwrap().lost;
    assert!(lost.iter().any(|task| task.id == "a"), "its lease runs out");
    make(&jobs, change("a", (State::Running, 1), State::Available, None));
    assert_eq!(claim(&jobs)[0].1.len(), TASK_SIDE_FILE + 4);
}

#[test]
fn a_file_that_was_collected_while_its_writer_waited_is_made_again() {
    let (_folder, path) = folder();
    let (jobs, other) = (open(&path), open(&path));
    let act = |act: &(dyn Fn() + Sync)| {
        let held = other.writer().unwrap();
        let before = files(&path);
        std::thread::scope(|scope| {
            scope.spawn(act);
            let new = loop {
                if let Some(new) = files(&path).into_iter().find(|file| !before.contains(file)) {
                    break new;
                }
            };
            std::fs::remove_file(new).unwrap();
            drop(held);
        });
    };
    act(&|| add(&jobs, "a", &large(1)));
    assert_eq!(claim(&jobs)[0].1.len(), TASK_SIDE_FILE + 4);
    act(&|| make(&jobs, change("a", (State::Running, 1), State::Completed, Some(&large(2)))));
    assert_eq!(jobs.outcome("a").unwrap().unwrap().result.unwrap().bytes.len(), TASK_SIDE_FILE + 4);
}

#[test]
fn a_store_and_a_queue_leave_each_others_files_alone() {
    let (_folder, path) = folder();
    let (store, jobs) = (Sqlite::open(Options::new(&path)).unwrap(), open(&path));
    put(&store, "key", &vec![1; 200_000]);
    add(&jobs, "a", &large(1));
    let age = |file: &Path| {
        let then = SystemTime::now() - Duration::from_secs(7_200);
        std::fs::File::options().write(true).open(file).unwrap().set_modified(then).unwrap();
    };
    let ours = files(&path).remove(0);
    let theirs = files_in(beside(&path, ".side")).remove(0);
    let orphan = ours.with_file_name(format!(
        "{}{}",
        &ours.file_name().unwrap().to_str().unwrap()[..2],
        "0".repeat(30)
    ));
    std::fs::write(&orphan, b"x").unwrap();
    let young = ours.with_file_name(format!(
        "{}{}",
        &ours.file_name().unwrap().to_str().unwrap()[..2],
        "1".repeat(30)
    ));
    std::fs::write(&young, b"x").unwrap();
    [&ours, &theirs, &orphan].into_iter().for_each(|file| age(file));
    drop(open(&path));
    drop(Sqlite::open(Options::new(&path)).unwrap());
    assert!(ours.exists() && theirs.exists(), "both are named");
    assert!(!orphan.exists() && young.exists(), "nobody names it");
    age(&ours);
    store.clear().unwrap();
    assert!(ours.exists() && !theirs.exists());
    assert_eq!(claim(&jobs).len(), 1);
}
