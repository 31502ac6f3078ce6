//! Hints: what a listing looks into, and what it tidies up.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use holdall_testkit::conformance::NOW;

use super::support::{folder, open, values};

const THEN: u64 = NOW + 1000;

fn hints(root: &Path) -> usize {
    fs::read_dir(root.join(".holdall/ttl")).map_or(0, Iterator::count)
}

fn hint(root: &Path, key: &str) -> PathBuf {
    root.join(".holdall/ttl").join(&blake3::hash(key.as_bytes()).to_hex()[..32])
}

#[test]
fn a_listing_removes_what_expired() {
    let (_folder, root) = folder();
    let subject = open(&root);
    let long = "x".repeat(300);
    for name in ["a", "b/c", "b/d", "p/q", "p", &long] {
        subject.put_until(name, b"x", THEN);
    }
    subject.put("stays", b"x");
    assert_eq!((values(&root).len(), hints(&root)), (6, 6));
    assert_eq!(subject.listed_at("b/", THEN), [""; 0]);
    // It looks into every long key, since only their headers say which they are.
    assert_eq!((values(&root).len(), hints(&root)), (4, 3), "as far as it went");
    assert_eq!(subject.listed_at("", THEN), ["stays"]);
    assert_eq!((values(&root), hints(&root)), (vec!["stays".to_owned()], 0), "then the rest");
    assert!(!root.join("b").exists() && !root.join("p").exists(), "with the folders");
}

#[test]
fn a_write_removes_what_expired() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put_until("a", b"x", THEN);
    assert!(!subject.store.delete(&super::support::key("a"), holdall_backend::Condition::Any, THEN).unwrap());
    assert_eq!((values(&root), hints(&root)), (vec![], 0));
}

#[test]
fn a_stale_hint_is_collected() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put_until("a", b"x", THEN);
    subject.put("a", b"y");
    assert_eq!(hints(&root), 1, "a write without expiry does not look for one");
    assert_eq!(subject.listed_at("", u64::MAX), ["a"]);
    assert_eq!(hints(&root), 0, "the listing found that it is stale");
    assert_eq!(subject.get("a").unwrap(), b"y");
}

#[test]
fn a_hint_without_a_key_is_collected_after_an_hour() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put_until("a", b"x", THEN);
    subject.put_until("b", b"x", THEN);
    // As after a crash between hint and value; or just before the value appears.
    for (name, age) in [("old", 3700), ("young", 3000), ("a", 3700)] {
        let file = fs::File::create(hint(&root, name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }
    assert_eq!(subject.listed("a"), ["a"]);
    assert!(hint(&root, "old").exists(), "a partial listing knows nothing of other keys");
    assert_eq!(subject.listed(""), ["a", "b"]);
    assert!(!hint(&root, "old").exists());
    assert!(hint(&root, "young").exists(), "its value may be under way");
    assert!(hint(&root, "a").exists() && hint(&root, "b").exists(), "these have a key");
}

#[test]
fn a_lost_hint_shows_the_key_but_never_its_value() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put_until("a", b"x", THEN);
    fs::remove_file(hint(&root, "a")).unwrap();
    assert_eq!(subject.listed_at("", THEN), ["a"], "the listing has nothing else to go by");
    assert!(subject.store.get(&super::support::key("a"), THEN).unwrap().is_none());
}

#[test]
fn foreign_files_among_the_hints_are_ignored() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put_until("a", b"x", THEN);
    for name in ["README", "04E0BB39F30B1A3FEB89F536C93BE150", "+4e0bb39f30b1a3feb89f536c93be150"] {
        fs::write(root.join(".holdall/ttl").join(name), "x").unwrap();
    }
    assert_eq!(subject.listed(""), ["a"]);
    assert_eq!(hints(&root), 4);
}

#[test]
fn a_busy_key_is_left_to_the_next_listing() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put_until("foo", b"x", THEN);
    let lock = fs::File::open(root.join(".holdall/lock/04")).unwrap();
    lock.lock().unwrap();
    assert_eq!(subject.listed_at("", THEN), [""; 0], "it does not wait");
    assert_eq!(values(&root), ["foo"]);
    lock.unlock().unwrap();
    assert_eq!(subject.listed_at("", THEN), [""; 0]);
    assert_eq!(values(&root), [""; 0]);
}
