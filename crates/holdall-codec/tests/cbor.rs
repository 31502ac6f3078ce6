//! CBOR from the outside, over a small value tree of the test's own.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::marker::PhantomData;
use std::rc::Rc;

use common::tree::{Build, Fault, Look, Looking, Tree};
use holdall_codec::cbor::{self, Fault as Refusal, Writer};
use proptest::prelude::*;

fn write(tree: &Tree) -> Vec<u8> {
    let mut source = Looking { look: Look::default(), lifetime: PhantomData };
    let mut out = Writer::new(Vec::new());
    cbor::encode(&mut source, tree, &mut out).map_err(|stopped| stopped.error).unwrap();
    out.finish().unwrap()
}

fn read(bytes: &[u8]) -> Result<Tree, String> {
    let mut build = Build::default();
    match cbor::decode(bytes, &mut build) {
        Ok(()) => Ok(build.finish().unwrap()),
        Err(error) => Err(match error.fault {
            Refusal::Syntax(reason) => reason.to_owned(),
            Refusal::TooDeep => "too deep".to_owned(),
            Refusal::Sink(fault) => format!("{fault:?}"),
        }),
    }
}

/// What comes back: what was shared stands where it is met, an integer that fits is a plain one, a
/// class is what defines it.
fn expected(tree: &Tree) -> Tree {
    let all = |items: &[Tree]| items.iter().map(expected).collect();
    match tree {
        Tree::List(items) => Tree::List(all(items)),
        Tree::Tuple(items) => Tree::Tuple(all(items)),
        Tree::Set(items) => Tree::Set(all(items)),
        Tree::Frozenset(items) => Tree::Frozenset(all(items)),
        Tree::Named(name, items) => Tree::Named(name.clone(), all(items)),
        Tree::Object(class, items) => {
            let definition = Tree::List(vec![Tree::Text(class.clone())]);
            Tree::Object(format!("{definition:?}"), all(items))
        }
        Tree::Map(pairs) => {
            Tree::Map(pairs.iter().map(|(key, value)| (expected(key), expected(value))).collect())
        }
        Tree::Tagged(number, content) => Tree::Tagged(*number, Box::new(expected(content))),
        Tree::Shared(inner) => expected(inner),
        Tree::Big(negative, bytes) if bytes.len() <= 8 => {
            let number = bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
            match i64::try_from(number) {
                Ok(number) => Tree::Int(if *negative { !number } else { number }),
                Err(_) => Tree::Big(*negative, number.to_be_bytes().to_vec()),
            }
        }
        other => other.clone(),
    }
}

fn scalars() -> impl Strategy<Value = Tree> {
    prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::Int),
        prop_oneof![-30..30i64, 250..260i64, 65_530..65_540i64, Just(i64::MAX), Just(i64::MIN)]
            .prop_map(Tree::Int),
        (any::<bool>(), prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(negative, mut bytes)| {
            bytes.insert(0, 1);
            Tree::Big(negative, bytes)
        }),
        any::<u64>().prop_map(Tree::Float),
        ".*".prop_map(Tree::Text),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Tree::Bytes),
    ]
}

fn trees() -> impl Strategy<Value = Tree> {
    scalars().prop_recursive(5, 60, 6, |inner| {
        let few = prop::collection::vec(inner.clone(), 0..30).boxed();
        prop_oneof![
            few.clone().prop_map(Tree::List),
            few.clone().prop_map(Tree::Tuple),
            few.clone().prop_map(Tree::Set),
            few.clone().prop_map(Tree::Frozenset),
            ("[a-z.]{0,20}", few.clone()).prop_map(|(name, items)| Tree::Named(name, items)),
            ("[a-c]", few.clone()).prop_map(|(class, items)| Tree::Object(class, items)),
            prop::collection::vec((inner.clone(), inner.clone()), 0..6).prop_map(Tree::Map),
            (100u64.., inner.clone())
                .prop_filter("a tag on a tag, or one with a meaning", |(number, content)| {
                    *number > 50_000 && !matches!(content, Tree::Tagged(..) | Tree::Big(..))
                })
                .prop_map(|(number, content)| Tree::Tagged(number, Box::new(content))),
            // Containers only: nobody refers to a number.
            (few, 2..4usize).prop_map(|(items, times)| {
                let one = Rc::new(Tree::List(items));
                Tree::Tuple(vec![Tree::Shared(one); times])
            }),
        ]
    })
}

proptest! {
    #[test]
    fn there_and_back(tree in trees()) {
        prop_assert_eq!(read(&write(&tree)), Ok(expected(&tree)));
    }

    #[test]
    fn nothing_is_read_of_a_cut_payload(tree in trees(), share in 0.0..1.0) {
        let bytes = write(&tree);
        let cut = &bytes[..(bytes.len() as f64 * share) as usize];
        prop_assert!(read(cut).is_err());
    }

    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = cbor::diagnostic(&bytes, 100);
        let _ = cbor::classes(&bytes);
    }

    #[test]
    fn no_damage_breaks_it(tree in trees(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = write(&tree);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read(&bytes);
    }
}

#[test]
fn ten_thousand_levels_and_no_more() {
    // The tree's own drop and comparison go level by level.
    let work = || {
        let deep = |levels| (0..levels).fold(Tree::Null, |inner, _| Tree::List(vec![inner]));
        let tree = deep(10_000);
        let bytes = write(&tree);
        assert_eq!(read(&bytes), Ok(tree));
        let mut out = Writer::new(Vec::new());
        let tree = deep(10_001);
        let mut source = Looking { look: Look::default(), lifetime: PhantomData };
        let stopped = cbor::encode(&mut source, &tree, &mut out).unwrap_err();
        assert!(matches!(stopped.error, Fault::TooDeep));
        assert_eq!(read(&[&[0x81][..], &bytes].concat()), Err("too deep".to_owned()));
    };
    std::thread::Builder::new().stack_size(1 << 28).spawn(work).unwrap().join().unwrap();
}

#[test]
fn what_is_met_again_is_a_reference() {
    let one = Rc::new(Tree::List(vec![Tree::Int(1)]));
    let other = Rc::new(Tree::List(vec![Tree::Shared(Rc::clone(&one)), Tree::Shared(Rc::clone(&one))]));
    let tree = Tree::List(vec![
        Tree::Shared(Rc::new(Tree::List(vec![]))),
        Tree::Shared(Rc::clone(&other)),
        Tree::Shared(one),
        Tree::Shared(other),
    ]);
    let bytes = write(&tree);
    // [[], 28([28([1]), 29(1)]), 29(1), 29(0)]
    let wanted = [
        0x84, 0x80, 0xD8, 0x1C, 0x82, 0xD8, 0x1C, 0x81, 0x01, 0xD8, 0x1D, 0x01, 0xD8, 0x1D, 0x01, 0xD8, 0x1D,
        0x00,
    ];
    assert_eq!(bytes, wanted);
    assert_eq!(read(&bytes), Ok(expected(&tree)));
}

#[test]
fn tags_and_marks_without_end_are_too_deep() {
    for chain in [&[0xD8, 0x1C][..], &[0xD8, 0x63, 0xD8, 0x1C], &[0xD9, 0x01, 0x02, 0xD8, 0x1C]] {
        let mut bytes = chain.repeat(500_000);
        bytes.push(0x80);
        assert!(read(&bytes).is_err());
    }
}
