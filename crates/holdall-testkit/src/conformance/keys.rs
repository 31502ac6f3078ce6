//! Which keys there can be: all that [`Key`](holdall_types::Key) allows, each for itself.

use super::Behaviour;
use super::subject::{Subject, key};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a key and keys below it coexist", parent_first),
    ("in the other order too", child_first),
    ("and when either is deleted", deletes),
    ("three deep, in every order", three_deep),
    ("long keys", long),
    ("odd keys", odd),
    ("keys that only look alike are different", look_alikes),
];

fn parent_first(subject: &Subject) {
    subject.put("p", b"parent");
    subject.put("p/q", b"child");
    assert_eq!(subject.get("p").unwrap(), b"parent", "the parent stays when a child comes");
    assert_eq!(subject.get("p/q").unwrap(), b"child");
    subject.put("p", b"parent again");
    assert_eq!(subject.get("p").unwrap(), b"parent again", "a parent can be overwritten");
    assert_eq!(subject.get("p/q").unwrap(), b"child", "which leaves the child");
    assert_eq!(subject.listed(""), ["p", "p/q"], "both are listed");
    assert!(subject.head("p").is_some_and(|head| head.size == 12), "head of a parent");
}

fn child_first(subject: &Subject) {
    subject.put("p/q", b"child");
    assert_eq!(subject.get("p"), None, "a folder is no key");
    assert!(!subject.delete("p"), "nor can it be deleted");
    subject.put("p", b"parent");
    assert_eq!(subject.get("p").unwrap(), b"parent");
    assert_eq!(subject.get("p/q").unwrap(), b"child");
    assert_eq!(subject.listed("p"), ["p", "p/q"], "both are listed");
}

fn deletes(subject: &Subject) {
    subject.put("p", b"parent");
    subject.put("p/q", b"child");
    assert!(subject.delete("p"), "delete the parent");
    assert_eq!((subject.get("p"), subject.get("p/q").unwrap()), (None, b"child".to_vec()));
    subject.put("p", b"parent");
    assert!(subject.delete("p/q"), "delete the child");
    assert_eq!((subject.get("p").unwrap(), subject.get("p/q")), (b"parent".to_vec(), None));
    assert!(subject.delete("p"), "delete the parent after its child");
    assert_eq!(subject.count(), 0, "nothing is left");
    subject.put("p", b"plain");
    assert_eq!(subject.get("p").unwrap(), b"plain", "and the key starts anew");
    assert_eq!(subject.take("p").unwrap(), b"plain");
    subject.put("p/q", b"child");
    assert_eq!(subject.take("p/q").unwrap(), b"child", "take of a child");
    subject.put("p", b"plain");
    assert_eq!(subject.listed(""), ["p"]);
}

fn three_deep(subject: &Subject) {
    let names = ["a", "a/b", "a/b/c"];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for at in order {
            subject.put(names[at], names[at].as_bytes());
        }
        assert_eq!(subject.listed(""), names, "written in the order {order:?}");
        for (done, at) in order.into_iter().enumerate() {
            assert_eq!(subject.get(names[at]).unwrap(), names[at].as_bytes());
            assert!(subject.delete(names[at]));
            assert_eq!(subject.count(), 2 - done as u64, "deleted in the order {order:?}");
        }
    }
}

fn long(subject: &Subject) {
    let mut names: Vec<String> = [254, 255, 256, 300, 5_000, 16 * 1024].map(|size| "x".repeat(size)).into();
    names.extend([300, 5_000].map(|size| format!("folder/{}/leaf", "y".repeat(size))));
    names.extend(
        [999, 1000, 1001, 1023, 1024, 4095, 4096].map(|size| "z/".repeat(size)[..size - 1].to_owned() + "z"),
    );
    names.push("ü".repeat(8 * 1024));
    names.push(format!("{}/p", "x".repeat(300)));
    for name in &names {
        subject.put(name, name.as_bytes());
    }
    for name in &names {
        let whole = subject.whole(name, name.as_bytes(), None);
        let size = name.len();
        assert!(subject.get(name).unwrap() == whole, "a key of {size} bytes must be found");
        assert_eq!(subject.head(name).unwrap().size, whole.len() as u64, "head of a key of {size} bytes");
        assert!(subject.head(name).unwrap().start.len() >= whole.len() - name.len(), "with its whole header");
    }
    names.sort();
    assert!(subject.sorted("") == names, "long keys are listed as they are");
    assert_eq!(subject.sorted("folder/yy").len(), 2, "by prefix too");
    assert!(!subject.delete(&"x".repeat(301)), "a key that is only alike is not there");
    for name in &names {
        assert!(subject.delete(name), "a key of {} bytes can be deleted", name.len());
    }
    assert_eq!(subject.count(), 0);
}

const ODD: &[&str] = &[
    " ",
    "  ",
    " a",
    "a ",
    "a.",
    "..a",
    "...",
    ".a",
    "-",
    "--help",
    "~",
    "$HOME",
    "?",
    "#",
    "%",
    "%2f",
    "%00",
    "*",
    "[a]",
    "_",
    "\\",
    "a\\b",
    "'",
    "\"",
    "a'b",
    "`",
    ";",
    "|",
    "<",
    ">",
    ":",
    "C:",
    "a:b",
    "@",
    "=",
    "\n",
    "\t",
    "\r",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{200b}",
    "\u{202e}x",
    "\u{fffd}",
    "\u{feff}",
    "\u{10ffff}",
    "ü",
    "日本語",
    "🦀",
    "e\u{301}",
    "CON",
    "nul",
    "aux.txt",
    "com1",
    "a~1",
    "Thumbs.db",
    ".DS_Store",
    ".git",
    ".gitignore",
    ".lock",
    ".LOCK",
    ".tmp",
    ".holdall",
    ".holdall/tmp/x",
    ".holdall/lock/00",
    ".holdall/keys",
    ".holdall/ttl/00",
    ".holdall@value",
    ".holdall=a",
    ".holdall=",
    ".holdallx",
    ".Holdall",
    ".HOLDALL",
    "x/.holdall",
    "x/.holdall@value",
    "x/.holdall@value/y",
    "x",
    "sqlite_master",
    "db.lock",
    "a b/c d/e f",
    "ü/é/日",
    "1",
    "0",
    "true",
    "null",
    "deep/er/and/deep/er/a/b/c/d/e/f/g",
];

fn odd(subject: &Subject) {
    for (at, name) in ODD.iter().enumerate() {
        subject.put(name, at.to_string().as_bytes());
    }
    for (at, name) in ODD.iter().enumerate() {
        let whole = subject.whole(name, at.to_string().as_bytes(), None);
        assert_eq!(subject.get(name).unwrap(), whole, "the key {name:?} has its own value");
        assert!(subject.listed(name).contains(&(*name).to_owned()), "the key {name:?} is found by itself");
    }
    let mut names: Vec<&str> = ODD.to_vec();
    names.sort_unstable();
    assert_eq!(subject.sorted(""), names, "odd keys are listed as they are");
    for name in ODD {
        assert!(subject.delete(name), "the key {name:?} can be deleted");
        assert_eq!(subject.get(name), None, "the key {name:?} is gone");
    }
    assert_eq!(subject.count(), 0);
}

fn look_alikes(subject: &Subject) {
    let pairs = [
        ("a", "A"),
        ("ß", "SS"),
        ("\u{e9}", "e\u{301}"),
        ("a", "a "),
        ("a", "a."),
        ("k", "\u{212a}"),
        ("i", "\u{131}"),
    ];
    for (one, other) in pairs {
        subject.put(one, b"one");
        assert_eq!(subject.get(other), None, "{other:?} is not {one:?}");
        subject.put(other, b"other");
        assert_eq!(subject.get(one).unwrap(), subject.whole(one, b"one", None), "{one:?} is not {other:?}");
        assert_eq!(subject.store.delete_many(&[key(one), key(other)], super::NOW).unwrap(), 2);
    }
}
