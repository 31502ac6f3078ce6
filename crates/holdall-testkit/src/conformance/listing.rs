//! Listing, counting, clearing.

use std::sync::Arc;

use super::Behaviour;
use super::subject::{NOW, Subject};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("keys come in the order of their bytes", order),
    ("a prefix is a plain string", prefix),
    ("no character of a prefix is wild", not_wild),
    ("a prefix beyond ASCII", beyond_ascii),
    ("a listing outlives changes", changes),
    ("a listing of many keys", pages),
    ("clear removes every value", clear),
];

fn order(subject: &Subject) {
    let mut names = [
        "b", "a/x", "a.txt", "a", "a/x/y", "a-b", "a/b", "B", "ü", "z", "a0", "a/x.y", "a/x-y/z", "é", "~",
        " ",
    ];
    for name in names {
        subject.put(name, b"x");
    }
    names.sort_unstable();
    assert_eq!(subject.listed(""), names, "listed in order");
    assert_eq!(subject.count(), names.len() as u64);
}

fn prefix(subject: &Subject) {
    for name in ["foo", "foo/bar", "foo/baz/deep", "fob", "f", "g", "foobar/x"] {
        subject.put(name, b"x");
    }
    assert_eq!(subject.listed("fo"), ["fob", "foo", "foo/bar", "foo/baz/deep", "foobar/x"]);
    assert_eq!(subject.listed("foo"), ["foo", "foo/bar", "foo/baz/deep", "foobar/x"]);
    assert_eq!(subject.listed("foo/"), ["foo/bar", "foo/baz/deep"], "a slash ends the segment");
    assert_eq!(subject.listed("foo/ba"), ["foo/bar", "foo/baz/deep"], "within a segment");
    assert_eq!(subject.listed("foo/baz/"), ["foo/baz/deep"]);
    assert_eq!(subject.listed("foo/baz/deep"), ["foo/baz/deep"], "a whole key");
    assert_eq!(subject.listed("foo/baz/deep/"), [""; 0], "nothing is below a value");
    assert_eq!(subject.listed("x"), [""; 0]);
    for odd in ["/", "//", ".", "..", "../", "foo//", "foo/./", "foo/../g", "/foo", "\0", "foo/\0"] {
        assert_eq!(subject.listed(odd), [""; 0], "no key begins with {odd:?}");
    }
}

fn not_wild(subject: &Subject) {
    for name in ["a%b", "axb", "a_b", "a*b", "a?b", "a[b", "a\\b", "a'b", "A%B"] {
        subject.put(name, b"x");
    }
    for name in ["a%b", "a_b", "a*b", "a?b", "a[b", "a\\b", "a'b"] {
        assert_eq!(subject.listed(name), [name], "{name:?} finds only itself");
        assert_eq!(subject.listed(&name[..2]), [name], "so does its beginning");
    }
    for wild in ["%", "_", "*", "?", "[", "\\", ".", "^"] {
        assert_eq!(subject.listed(wild), [""; 0], "{wild:?} is not wild");
    }
    assert_eq!(subject.listed("A"), ["A%B"], "case counts");
}

fn beyond_ascii(subject: &Subject) {
    for name in
        ["ü", "über/a", "u", "日本", "日本語/x", "a\u{10ffff}", "a\u{10ffff}b", "b", "\u{7f}", "a\u{7f}"]
    {
        subject.put(name, b"x");
    }
    assert_eq!(subject.listed("ü"), ["ü", "über/a"]);
    assert_eq!(subject.listed("日本"), ["日本", "日本語/x"]);
    assert_eq!(subject.listed("a\u{10ffff}"), ["a\u{10ffff}", "a\u{10ffff}b"], "the last character there is");
    assert_eq!(subject.listed("\u{7f}"), ["\u{7f}"]);
}

fn changes(subject: &Subject) {
    let names: Vec<String> = (0..600).map(|at| format!("k{at:03}")).collect();
    for name in &names {
        subject.put(name, b"x");
    }
    let mut listing = Arc::clone(&subject.store).scan("", NOW).unwrap();
    let mut seen = vec![listing.next().unwrap().unwrap()];
    // Everything else goes on meanwhile: the listing holds nobody up.
    for name in names.iter().step_by(2) {
        subject.delete(name);
    }
    subject.put("zzz", b"new");
    seen.extend(listing.map(Result::unwrap));
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), seen.len(), "no key twice");
    for name in names.iter().skip(1).step_by(2) {
        assert!(seen.contains(name), "{name} was there all the time");
    }
}

fn pages(subject: &Subject) {
    let names: Vec<String> = (0..3).flat_map(|a| (0..700).map(move |b| format!("{a}/{b:03}"))).collect();
    for name in &names {
        subject.put(name, b"x");
    }
    assert_eq!(subject.listed(""), names, "each once, in order");
    assert_eq!(subject.listed("1/"), names[700..1400], "with a prefix too");
    assert_eq!(Arc::clone(&subject.store).scan("", NOW).unwrap().take(3).count(), 3, "or just a few");
}

fn clear(subject: &Subject) {
    let long = "x".repeat(400);
    for name in ["a", "a/b", "c/d/e", ".holdall", "ü", &long] {
        subject.put(name, b"x");
    }
    subject.put_until("soon", b"x", NOW + 10);
    subject.put("large", &vec![1; 300_000]);
    subject.store.clear().unwrap();
    assert_eq!(subject.listed(""), [""; 0], "nothing is listed");
    assert_eq!((subject.count(), subject.get("a"), subject.get(&long)), (0, None, None));
    subject.put("a", b"new");
    assert_eq!(subject.listed(""), ["a"], "and the store goes on");
}
