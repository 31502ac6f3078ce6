//! What goes wrong: no room, no right to write, no folder any more.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use holdall_backend::file::{Files, Options};
use holdall_backend::{Condition, KeyValue, LeaseChange, Record};
use holdall_testkit::conformance::{NOW, Subject};
use holdall_types::{ErrorKind, Result};

use super::support::{folder, key, open, other, says, values};

fn put(subject: &Subject, name: &str, body: &[u8]) -> Result<bool> {
    let record = Record { header: b"", body, text: true, expires: None, tail: None };
    subject.store.put(&key(name), &record, Condition::Any, NOW)
}

/// In a process that may not write so much: the role `full`.
pub fn fill(subject: &Subject) {
    says(ErrorKind::StoreFull, "free some space", put(subject, "a", &vec![b'x'; 4 << 20]));
    assert_eq!(subject.get("a").unwrap(), b"former value");
    assert!(subject.listed("").contains(&"a".to_owned()));
    says(ErrorKind::StoreFull, "put \"new\"", put(subject, "new", &vec![b'x'; 4 << 20]));
    assert_eq!(subject.get("new"), None);
    assert!(put(subject, "small", b"x").unwrap(), "what has room is still written");
    assert!(subject.delete("small"));
    println!("was full");
}

/// With `root` in a role of another process, started by this script: `$@` is the process.
fn in_shell(script: &str, role: &str, root: &Path) -> Output {
    let child = other(role, root);
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(child.get_program()).args(child.get_args());
    shell.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?)))).output().unwrap()
}

#[track_caller]
fn went_well(output: &Output, word: &str) {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains(word),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_former_value() {
    let (_folder, root) = folder();
    open(&root).put("a", b"former value");
    // The signal would end the process; as a program in Python ignores it, so does this one.
    let output = in_shell("trap '' XFSZ && ulimit -f 2048 && exec \"$@\"", "full", &root);
    went_well(&output, "was full");
    assert_eq!(fs::read_dir(root.join(".holdall/tmp")).unwrap().count(), 0, "no half files are left");
    assert_eq!(values(&root), ["a"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_really_full_disk_too() {
    let (_folder, root) = folder();
    fs::create_dir(&root).unwrap();
    // A mount of its own, seen by nobody else and gone with the process.
    let mount = "mount -t tmpfs -o size=2m none \"$HOLDALL_TEST_ROOT\" || exit 77; \
                 printf 'former value' > \"$HOLDALL_TEST_ROOT/a\" && exec \"$@\"";
    let script = format!("exec unshare -m sh -c '{}' sh \"$@\"", mount.replace('\'', "'\\''"));
    let output = in_shell(&script, "full", &root);
    if matches!(output.status.code(), Some(1 | 77 | 127))
        && !String::from_utf8_lossy(&output.stdout).contains("running")
    {
        println!("skipped: this user may not mount ({})", String::from_utf8_lossy(&output.stderr).trim());
        return;
    }
    went_well(&output, "was full");
}

/// In a process that may not write here: the role `read-only`.
pub fn read_only(subject: &Subject) {
    assert_eq!(subject.get("a").unwrap(), b"x");
    assert_eq!(
        subject.listed_at("", NOW + 10),
        ["a"],
        "expired keys are not shown, though they cannot be removed"
    );
    let says = |call: &str, result: Result<()>| {
        let error = result.err().unwrap_or_else(|| panic!("{call} must fail"));
        assert_eq!(error.kind(), ErrorKind::StoreReadOnly, "{call}: {error}");
    };
    says("put", put(subject, "b", b"x").map(drop));
    says("put a/b", put(subject, "a/b", b"x").map(drop));
    says("delete", subject.store.delete(&key("a"), holdall_backend::Condition::Any, NOW).map(drop));
    says("clear", subject.store.clear());
    says("lease", subject.store.lease("x", &mut |_| LeaseChange::Set(vec![])));
    assert!(!subject.delete("missing"), "what is not there need not be removed");
    println!("was read-only");
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_disk_can_be_read() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put("a", b"x");
    subject.put_until("goes", b"x", NOW + 10);
    let mount = "mount --bind \"$HOLDALL_TEST_ROOT\" \"$HOLDALL_TEST_ROOT\" && \
                 mount -o remount,ro,bind \"$HOLDALL_TEST_ROOT\" || exit 77; exec \"$@\"";
    let script = format!("exec unshare -m sh -c '{mount}' sh \"$@\"");
    let output = in_shell(&script, "read-only", &root);
    if matches!(output.status.code(), Some(1 | 77 | 127))
        && !String::from_utf8_lossy(&output.stdout).contains("running")
    {
        println!("skipped: this user may not mount ({})", String::from_utf8_lossy(&output.stderr).trim());
        return;
    }
    went_well(&output, "was read-only");
}

#[test]
fn a_removed_folder_is_an_empty_store_and_is_made_again() {
    let (_folder, root) = folder();
    let (one, two) = (open(&root), open(&root));
    for round in 0..5 {
        one.put("a/b", b"x");
        two.put("c", b"x");
        one.put_until("d", b"x", NOW + 10);
        fs::remove_dir_all(&root).unwrap();
        for subject in [&one, &two] {
            assert_eq!((subject.get("a/b"), subject.count()), (None, 0), "round {round}");
            assert!(!subject.delete("c") && subject.take("c").is_none(), "round {round}");
        }
        assert!(!root.exists(), "round {round}: reading does not make it");
    }
    one.put("a/b", b"x");
    assert_eq!(two.get("a/b").unwrap(), b"x");
}

#[test]
fn locks_still_lock_after_the_folder_was_made_again() {
    let (_folder, root) = folder();
    let short = Options { busy_timeout: std::time::Duration::from_millis(50), ..Options::new(&root) };
    let subject = Subject::new(Arc::new(Files::open(short).unwrap()) as Arc<dyn KeyValue>);
    subject.put("foo", b"x");
    fs::remove_dir_all(&root).unwrap();
    open(&root).put("foo", b"y");
    let lock = fs::File::open(root.join(".holdall/lock/04")).unwrap();
    lock.lock().unwrap();
    says(ErrorKind::StoreBusy, "was held by someone else", put(&subject, "foo", b"z"));
    assert_eq!(subject.get("foo").unwrap(), b"y", "readers do not wait");
    lock.unlock().unwrap();
    assert!(put(&subject, "foo", b"z").unwrap());
}

#[test]
fn a_relative_store_stays_where_it_was_opened() {
    let files = Files::open(Options::new("some/folder")).unwrap();
    let here = std::env::current_dir().unwrap().join("some/folder");
    assert!(format!("{files:?}").contains(here.to_str().unwrap()));
}

#[test]
fn a_file_that_changes_under_a_foreign_hand_is_read_as_it_was_found() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put("a", b"0123456789");
    fs::OpenOptions::new().append(true).open(root.join("a")).unwrap();
    fs::write(root.join("a"), "").unwrap();
    assert_eq!(subject.get("a").unwrap(), b"");
}
