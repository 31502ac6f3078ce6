//! What lies where on the disk: formats, so spelled out.

use std::fs;

use holdall_backend::Condition;
use holdall_testkit::conformance::NOW;
use holdall_types::ErrorKind;

use super::support::{files, folder, key, open, says, values};

#[test]
fn opening_and_reading_make_nothing() {
    let (_folder, root) = folder();
    let subject = open(&root);
    assert_eq!(subject.get("a"), None);
    assert!(subject.head("a").is_none());
    assert_eq!(subject.listed(""), [""; 0]);
    assert!(!subject.delete("a") && subject.take("a").is_none());
    assert!(!subject.put_if("a", b"x", Condition::Matches(holdall_backend::Version::of(b""))));
    subject.store.clear().unwrap();
    assert!(!root.exists(), "nothing was written, so nothing is made");
    subject.put("a", b"x");
    assert!(root.is_dir());
}

#[test]
fn a_bare_value_is_just_its_bytes() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put("a/b.json", br#"{"x":1}"#);
    subject.put("c", b"");
    assert_eq!(fs::read(root.join("a/b.json")).unwrap(), br#"{"x":1}"#);
    assert_eq!(values(&root), ["a/b.json", "c"]);
    let own = files(&root).into_iter().filter(|path| path.starts_with(".holdall")).collect::<Vec<_>>();
    assert!(own.iter().all(|path| path.starts_with(".holdall/lock/")), "only locks are left: {own:?}");
}

#[test]
fn a_frame_is_header_and_body() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put_until("a", b"body", NOW + 1);
    assert_eq!(fs::read(root.join("a")).unwrap(), subject.whole("a", b"body", Some(NOW + 1)));
}

#[test]
fn a_key_s_lock_and_hint_are_named_by_its_hash() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put_until("foo", b"x", NOW + 1);
    // BLAKE3 of "foo" begins 04e0bb39f30b1a3f eb89f536c93be150; 0x04 modulo 64 is 04.
    assert_eq!(files(&root), [".holdall/lock/04", ".holdall/ttl/04e0bb39f30b1a3feb89f536c93be150", "foo"]);
    assert_eq!(fs::metadata(root.join(".holdall/ttl/04e0bb39f30b1a3feb89f536c93be150")).unwrap().len(), 0);
    subject.delete("foo");
    assert_eq!(files(&root), [".holdall/lock/04"], "the hint goes with the key");
}

#[test]
fn a_long_key_lies_under_its_hash_and_is_in_the_header() {
    let (_folder, root) = folder();
    let subject = open(&root);
    let name = "x".repeat(256);
    assert!(subject.store.key_in_header(&key(&name)) && !subject.store.key_in_header(&key(&name[1..])));
    subject.put(&name, b"body");
    let hash = blake3::hash(name.as_bytes()).to_hex();
    let path = root.join(format!(".holdall/keys/{}/{hash}", &hash[..2]));
    assert_eq!(fs::read(&path).unwrap(), subject.whole(&name, b"body", None));
    let record = holdall_backend::Record { header: b"", body: b"x", text: true, expires: None, tail: None };
    let put = subject.store.put(&key(&name), &record, Condition::Any, NOW);
    says(ErrorKind::CorruptFrame, "does not say", put);
    assert!(subject.delete(&name));
    assert!(!path.parent().unwrap().exists(), "its folder goes when it is empty");
}

#[test]
fn a_hashed_file_of_another_key_is_noticed() {
    let (_folder, root) = folder();
    let subject = open(&root);
    let (one, two) = ("x".repeat(256), "y".repeat(256));
    subject.put(&one, b"body");
    subject.put("plain", b"x");
    let place = |name: &str| {
        let hash = blake3::hash(name.as_bytes()).to_hex();
        root.join(format!(".holdall/keys/{}/{hash}", &hash[..2]))
    };
    fs::create_dir_all(place(&two).parent().unwrap()).unwrap();
    fs::rename(place(&one), place(&two)).unwrap();
    says(ErrorKind::CorruptFrame, "does not say", subject.store.get(&key(&two), NOW));
    let listed: Vec<_> = subject.store.clone().scan("", NOW).unwrap().collect();
    assert_eq!(listed.len(), 2, "the listing tells of it and goes on");
    assert_eq!(listed[0].as_ref().unwrap(), "plain");
    assert_eq!(listed[1].as_ref().unwrap_err().kind(), ErrorKind::CorruptFrame);
    assert!(subject.delete(&two), "it can be deleted");
    fs::create_dir_all(place(&two).parent().unwrap()).unwrap();
    fs::write(place(&two), "rubbish").unwrap();
    subject.store.clear().unwrap();
    assert!(!place(&two).exists(), "and cleared");
}

#[test]
fn a_value_under_a_folder_keeps_its_file_and_its_time() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put("p", b"parent");
    let before = subject.stored("p").unwrap();
    subject.put("p/q", b"child");
    assert_eq!(values(&root), ["p/.holdall@value", "p/q"]);
    let after = subject.stored("p").unwrap();
    assert_eq!((before.created, before.updated), (after.created, after.updated));
    assert_eq!(fs::read_dir(root.join(".holdall/tmp")).unwrap().count(), 0);
    subject.delete("p/q");
    assert_eq!(values(&root), ["p/.holdall@value"], "it stays a folder");
    subject.delete("p");
    assert!(!root.join("p").exists(), "and goes with its last value");
}

#[test]
fn empty_folders_go_and_others_stay() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put("a/b/c/d", b"x");
    subject.put("a/e", b"x");
    subject.delete("a/b/c/d");
    assert!(!root.join("a/b").exists() && root.join("a").exists());
    subject.take("a/e");
    assert!(!root.join("a").exists() && root.exists(), "the store's own folder stays");
}

#[test]
fn a_refused_write_leaves_no_file_behind() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put("a", b"x");
    assert!(!subject.put_if("a", b"y", Condition::Absent));
    assert_eq!(fs::read_dir(root.join(".holdall/tmp")).unwrap().count(), 0);
}

#[test]
fn what_killed_writers_left_is_reaped_after_an_hour() {
    let (_folder, root) = folder();
    open(&root).put("a", b"x");
    let tmp = root.join(".holdall/tmp");
    let ago = |seconds| std::time::SystemTime::now() - std::time::Duration::from_secs(seconds);
    for (name, age) in [("old", 3700), ("young", 3000)] {
        fs::write(tmp.join(name), "half").unwrap();
        fs::File::options().write(true).open(tmp.join(name)).unwrap().set_modified(ago(age)).unwrap();
        let folder = tmp.join(format!("{name}-folder"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(".holdall@value"), "half").unwrap();
        fs::File::open(&folder).unwrap().set_modified(ago(age)).unwrap();
    }
    let subject = open(&root);
    assert_eq!(subject.listed(""), ["a"], "none of it is a key");
    assert!(tmp.join("old").exists(), "reading removes nothing");
    subject.put("b", b"x");
    let mut left: Vec<_> = fs::read_dir(&tmp).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["young", "young-folder"]);
}

#[test]
fn a_conversion_that_was_broken_off_loses_nothing() {
    // As it looks between the two steps on a disk that cannot exchange names.
    let broken = || {
        let (folder, root) = folder();
        let subject = open(&root);
        subject.put("p", b"parent");
        let moving = root.join(".holdall/moving");
        fs::create_dir(&moving).unwrap();
        fs::rename(root.join("p"), moving.join(blake3::hash(b"p").to_hex().as_str())).unwrap();
        assert_eq!(subject.get("p").unwrap(), b"parent", "it can be read");
        (folder, root, subject)
    };
    let left = |root: &std::path::Path| fs::read_dir(root.join(".holdall/moving")).unwrap().count();

    let (_one, root, subject) = broken();
    subject.put("p/q", b"child");
    assert_eq!(subject.get("p").unwrap(), b"parent", "when the folder is made otherwise");
    subject.put("p", b"new");
    assert_eq!((subject.get("p").unwrap(), left(&root)), (b"new".to_vec(), 0), "when it is overwritten");

    let (_two, root, subject) = broken();
    assert!(!subject.put_if("p", b"x", Condition::Absent), "when it must be absent");
    assert!(subject.delete("p"), "when it is deleted");
    assert_eq!((subject.get("p"), left(&root)), (None, 0));

    let (_three, root, subject) = broken();
    assert_eq!(subject.take("p").unwrap(), b"parent", "when it is taken");
    assert_eq!((subject.get("p"), left(&root)), (None, 0));

    let (_four, root, subject) = broken();
    fs::write(root.join("p"), "newer").unwrap();
    assert_eq!(subject.get("p").unwrap(), b"newer", "what is in its place is newer");
    assert!(subject.delete("p"));
    assert_eq!((subject.get("p"), left(&root)), (None, 0), "and the older does not show up behind it");
}
