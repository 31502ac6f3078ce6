//! JSON from the outside, over a small value tree of the test's own.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::TryReserveError;

use holdall_codec::json::{DecodeError, Inexact, decode, encode};
use holdall_codec::{Buffer, Node, Sink, Source};
use proptest::prelude::*;

#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Big(String),
    Float(f64),
    Str(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
    Tuple,
}

// A derived drop would recurse once a level; the depth tests would end in a crash of their own.
impl Drop for Tree {
    fn drop(&mut self) {
        let mut open: Vec<Tree> = Vec::new();
        let take = |tree: &mut Tree, open: &mut Vec<Tree>| match tree {
            Tree::List(items) => open.append(items),
            Tree::Map(pairs) => open.extend(pairs.drain(..).map(|pair| pair.1)),
            _ => {}
        };
        take(self, &mut open);
        while let Some(mut tree) = open.pop() {
            take(&mut tree, &mut open);
        }
    }
}

#[derive(Clone, Copy)]
struct Look<'a>(&'a Tree);

fn pair(pair: &(String, Tree)) -> (Option<&str>, Look<'_>) {
    (Some(&pair.0), Look(&pair.1))
}

impl<'a> Source<'a> for Look<'a> {
    type List = std::iter::Map<std::slice::Iter<'a, Tree>, fn(&'a Tree) -> Self>;
    type Map = std::iter::Map<
        std::slice::Iter<'a, (String, Tree)>,
        fn(&'a (String, Tree)) -> (Option<&'a str>, Self),
    >;

    fn node(self) -> Node<'a, Self> {
        match self.0 {
            Tree::Null => Node::Null,
            Tree::Bool(value) => Node::Bool(*value),
            Tree::Int(value) => Node::Int(*value),
            Tree::UInt(value) => Node::UInt(*value),
            Tree::Float(value) => Node::Float(*value),
            Tree::Str(value) => Node::Str(value),
            Tree::List(items) => Node::List(items.iter().map(Look as fn(&'a Tree) -> Self)),
            Tree::Map(pairs) => {
                Node::Map(pairs.iter().map(pair as fn(&'a (String, Tree)) -> (Option<&'a str>, Self)))
            }
            Tree::Big(_) | Tree::Tuple => Node::Other,
        }
    }

    fn shared(self) -> Option<usize> {
        Some(std::ptr::from_ref(self.0) as usize)
    }
}

#[derive(Default)]
struct Builder {
    values: Vec<Tree>,
    keys: Vec<String>,
}

impl Sink for Builder {
    type Error = ();

    fn null(&mut self) -> Result<(), ()> {
        self.values.push(Tree::Null);
        Ok(())
    }
    fn bool(&mut self, value: bool) -> Result<(), ()> {
        self.values.push(Tree::Bool(value));
        Ok(())
    }
    fn int(&mut self, value: i64) -> Result<(), ()> {
        self.values.push(Tree::Int(value));
        Ok(())
    }
    fn big_int(&mut self, digits: &str) -> Result<(), ()> {
        self.values.push(digits.parse().map_or_else(|_| Tree::Big(digits.into()), Tree::UInt));
        Ok(())
    }
    fn float(&mut self, value: f64) -> Result<(), ()> {
        self.values.push(Tree::Float(value));
        Ok(())
    }
    fn str(&mut self, value: &str, ascii: bool) -> Result<(), ()> {
        assert_eq!(value.is_ascii(), ascii);
        self.values.push(Tree::Str(value.into()));
        Ok(())
    }
    fn key(&mut self, value: &str, ascii: bool) -> Result<(), ()> {
        assert_eq!(value.is_ascii(), ascii);
        self.keys.push(value.into());
        Ok(())
    }
    fn list(&mut self, length: usize) -> Result<(), ()> {
        let items = self.values.split_off(self.values.len() - length);
        self.values.push(Tree::List(items));
        Ok(())
    }
    fn map(&mut self, length: usize) -> Result<(), ()> {
        let values = self.values.split_off(self.values.len() - length);
        let keys = self.keys.split_off(self.keys.len() - length);
        self.values.push(Tree::Map(keys.into_iter().zip(values).collect()));
        Ok(())
    }
}

fn write(tree: &Tree) -> Option<String> {
    let mut out = Vec::new();
    match encode(Look(tree), &mut out) {
        Ok(()) => Some(String::from_utf8(out).unwrap()),
        Err(Inexact::Value) => None,
        Err(Inexact::Memory(error)) => panic!("{error}"),
    }
}

/// A buffer that insists on what the fast one relies on: nothing is written that was not reserved.
#[derive(Default)]
struct Strict {
    bytes: Vec<u8>,
    reserved: usize,
}

impl Strict {
    fn claim(&self, length: usize) {
        assert!(self.bytes.len() + length <= self.reserved, "{length} bytes were not reserved");
    }
}

impl Buffer for Strict {
    fn reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        self.reserved = self.reserved.max(self.bytes.len() + more);
        Ok(())
    }
    fn push(&mut self, byte: u8) {
        self.claim(1);
        self.bytes.push(byte);
    }
    fn array<const N: usize>(&mut self, bytes: [u8; N]) {
        self.claim(N);
        self.bytes.extend_from_slice(&bytes);
    }
    fn short<const N: usize>(&mut self, bytes: [u8; N], length: usize, follow: u8) {
        self.claim(N + 1);
        self.bytes.short(bytes, length, follow);
    }
    fn extend(&mut self, bytes: &[u8]) {
        self.claim(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }
    fn float(&mut self, number: f64, follow: u8) {
        self.claim(25);
        Buffer::float(&mut self.bytes, number, follow);
    }
    fn written(&self) -> &[u8] {
        &self.bytes
    }
    fn written_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
    fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }
}

fn read(text: &[u8]) -> Result<Tree, String> {
    let mut builder = Builder::default();
    match decode(text, &mut builder) {
        Ok(()) => {
            assert_eq!((builder.values.len(), builder.keys.len()), (1, 0));
            Ok(builder.values.pop().unwrap())
        }
        Err(DecodeError::Syntax(error)) => Err(error.to_string()),
        Err(error) => Err(format!("{error:?}")),
    }
}

fn nested(depth: usize) -> Tree {
    (0..depth).fold(Tree::Null, |inner, _| Tree::List(vec![inner]))
}

#[test]
fn writes_compact_json() {
    let tree = Tree::Map(vec![
        (
            "a".into(),
            Tree::List(vec![Tree::Int(-1), Tree::UInt(u64::MAX), Tree::Float(1.0), Tree::Float(-0.0)]),
        ),
        ("é\"\n\u{1}".into(), Tree::Map(vec![])),
        (String::new(), Tree::List(vec![])),
    ]);
    let text = write(&tree).unwrap();
    assert_eq!(text, "{\"a\":[-1,18446744073709551615,1.0,-0.0],\"é\\\"\\n\\u0001\":{},\"\":[]}");
    assert_eq!(read(text.as_bytes()).unwrap(), tree);
}

#[test]
fn what_json_does_not_hold_is_not_json() {
    for tree in
        [Tree::Tuple, Tree::Float(f64::NAN), Tree::Float(f64::INFINITY), Tree::List(vec![Tree::Tuple])]
    {
        assert_eq!(write(&tree), None);
    }
    assert!(write(&nested(200)).is_some());
    assert!(write(&nested(201)).is_none());
}

#[test]
fn reads_ten_thousand_levels_and_no_more() {
    let text = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(read(text(10_000).as_bytes()).is_ok());
    assert_eq!(read(text(10_001).as_bytes()).unwrap_err(), "TooDeep");
    assert_eq!(read("[".repeat(1_000_000).as_bytes()).unwrap_err(), "TooDeep");
    assert_eq!(read("{\"a\":".repeat(1_000_000).as_bytes()).unwrap_err(), "TooDeep");
}

#[test]
fn numbers_stay_what_they_are() {
    assert_eq!(read(b"-0").unwrap(), Tree::Int(0));
    assert_eq!(read(b"9223372036854775807").unwrap(), Tree::Int(i64::MAX));
    assert_eq!(read(b"-9223372036854775808").unwrap(), Tree::Int(i64::MIN));
    assert_eq!(read(b"18446744073709551616").unwrap(), Tree::Big("18446744073709551616".into()));
    assert_eq!(read(b"1e2").unwrap(), Tree::Float(100.0));
    assert_eq!(read(b"0.1").unwrap(), Tree::Float(0.1));
    assert!(read(b"1e400").is_err());
}

#[test]
fn strings_with_escapes() {
    assert_eq!(read(br#""\u00e9\ud83d\ude00\/\b""#).unwrap(), Tree::Str("é😀/\u{8}".into()));
    assert!(read(br#""\ud83d""#).is_err());
    assert!(read(br#""\ud83dx""#).is_err());
    assert!(read(br#""\ude00""#).is_err());
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let refused = [
        "",
        " ",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "01",
        "-",
        "1.",
        ".5",
        "+1",
        "1e",
        "NaN",
        "Infinity",
        "nul",
        "\"\t\"",
        "\"a",
        "\"\\x\"",
        "[1",
        "1 2",
        "[1}",
        "{\"a\":1]",
        "'a'",
        "[1 2]",
        "\u{feff}1",
    ];
    for text in refused {
        assert!(read(text.as_bytes()).is_err(), "{text:?}");
    }
    assert_eq!(read(b"[1,\n  x]").unwrap_err(), "not a JSON value at line 2 column 3");
    assert!(read(b"\"\xff\"").is_err());
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::Int),
        (i64::MAX as u64 + 1..=u64::MAX).prop_map(Tree::UInt),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Tree::Float),
        any::<String>().prop_map(Tree::Str),
        // Long enough for several blocks, with something to escape here and there.
        "[a-zé日\\u{0}-\\u{1f}\"\\\\]{0,70}".prop_map(Tree::Str),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Tree::List),
            prop::collection::vec((any::<String>(), inner), 0..8).prop_map(Tree::Map),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(tree in trees()) {
        let text = write(&tree).unwrap();
        prop_assert_eq!(read(text.as_bytes()).unwrap(), tree);
    }

    #[test]
    fn nothing_is_written_that_was_not_reserved(tree in trees()) {
        let mut out = Strict::default();
        encode(Look(&tree), &mut out).unwrap();
        prop_assert_eq!(out.bytes, write(&tree).unwrap().into_bytes());
    }

    #[test]
    fn no_text_crashes_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = read(&bytes);
    }

    #[test]
    fn json_like_text_is_read_as_a_reference_reader_does(text in "[\\[\\]{}\",:0-9eE.+\\-tfnul \\\\]{0,12}") {
        let ours = read(text.as_bytes()).is_ok();
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        // The reference refuses lone surrogates and numbers beyond a float, as we do.
        prop_assert_eq!(ours, theirs.is_ok(), "{:?}", text);
    }
}
