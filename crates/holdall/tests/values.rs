//! Rust values make the round trip, by the codec that Python's `auto` would choose.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use holdall::{Codec, ErrorKind, from_slice, to_vec};
use holdall_frame::Frame;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Writes and reads a value; what its frame holds.
fn kept<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> (Codec, Vec<u8>) {
    let bytes = to_vec(value).unwrap();
    assert_eq!(from_slice::<T>(&bytes).unwrap(), *value);
    let frame = Frame::read(&bytes).unwrap();
    assert!(frame.header.signed.is_none());
    (frame.header.codec, frame.payload.to_vec())
}

fn json(text: &str) -> (Codec, Vec<u8>) {
    (Codec::Json, text.into())
}

fn cbor(hex: &str) -> (Codec, Vec<u8>) {
    let digits: String = hex.split_whitespace().collect();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (Codec::Cbor, (0..digits.len()).step_by(2).map(byte).collect())
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f64),
    Line(i8, i8),
    Box { width: u8 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Metres(f64);

#[test]
fn strings_are_text_and_byte_strings_are_raw() {
    assert_eq!(kept(&"häß\n".to_owned()), (Codec::Text, "häß\n".into()));
    assert_eq!(kept(&'ß'), (Codec::Text, "ß".into()));
    assert_eq!(kept(&String::new()), (Codec::Text, vec![]));
    assert_eq!(kept(&ByteBuf::from(b"\xff\x00")), (Codec::Raw, b"\xff\x00".into()));
    assert_eq!(kept(&Shape::Point), (Codec::Text, "Point".into()));
}

#[test]
fn what_json_holds_exactly_is_json() {
    assert_eq!(kept(&()), json("null"));
    assert_eq!(kept(&Unit), json("null"));
    assert_eq!(kept(&None::<u8>), json("null"));
    assert_eq!(kept(&Some(true)), json("true"));
    assert_eq!(kept(&i64::MIN), json("-9223372036854775808"));
    assert_eq!(kept(&u64::MAX), json("18446744073709551615"));
    assert_eq!(kept(&7_i128), json("7"));
    assert_eq!(kept(&-0.0), json("-0.0"));
    assert_eq!(kept(&0.1_f32), json("0.10000000149011612"));
    assert_eq!(kept(&Metres(1.5)), json("1.5"));
    assert_eq!(kept(&(1, "a".to_owned())), json(r#"[1,"a"]"#));
    assert_eq!(kept(&[[1, 2], [3, 4]]), json("[[1,2],[3,4]]"));
    assert_eq!(kept(&BTreeMap::from([("b".to_owned(), 1), ("a".to_owned(), 2)])), json(r#"{"a":2,"b":1}"#));
    assert_eq!(kept(&vec![Shape::Point, Shape::Circle(1.0)]), json(r#"["Point",{"Circle":1.0}]"#));
    assert_eq!(
        kept(&(Shape::Line(1, -1), Shape::Box { width: 3 })),
        json(r#"[{"Line":[1,-1]},{"Box":{"width":3}}]"#)
    );
}

#[test]
fn everything_else_is_cbor() {
    assert_eq!(kept(&f64::INFINITY), cbor("fb 7ff0000000000000"));
    assert_eq!(kept(&vec![1.0, f64::NEG_INFINITY]), cbor("82 fb3ff0000000000000 fbfff0000000000000"));
    assert_eq!(kept(&vec![ByteBuf::from(b"ab")]), cbor("81 42 6162"));
    assert_eq!(kept(&(1_i128 << 64)), cbor("c2 49 010000000000000000"));
    assert_eq!(kept(&(-1_i128 << 64)), cbor("3b ffffffffffffffff"));
    assert_eq!(kept(&i128::MIN), cbor("c3 50 7fffffffffffffffffffffffffffffff"));
    assert_eq!(kept(&u128::MAX), cbor("c2 50 ffffffffffffffffffffffffffffffff"));
    assert_eq!(kept(&BTreeMap::from([(1, "a".to_owned())])), cbor("a1 01 61 61"));
    assert_eq!(kept(&BTreeMap::from([(true, ())])), cbor("a1 f5 f6"));
    // A list cannot be a key of Python's.
    assert_eq!(kept(&BTreeMap::from([((1, (2, 3)), 4)])), cbor("a1 d9c148 82 01 d9c148 82 02 03 04"));
}

#[test]
fn a_number_that_is_none_stays_one() {
    let bits = f64::from_bits(0x7FF8_0000_0000_00FF);
    assert_eq!(from_slice::<f64>(&to_vec(&bits).unwrap()).unwrap().to_bits(), bits.to_bits());
}

#[test]
fn a_sequence_that_does_not_know_its_length_is_one() {
    let lines = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
    assert_eq!(kept(&lines), json(r#"["a","b"]"#));
    struct Unsized;
    impl Serialize for Unsized {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..3).filter(|number| *number != 1))
        }
    }
    assert_eq!(from_slice::<Vec<u8>>(&to_vec(&Unsized).unwrap()).unwrap(), [0, 2]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nest(Vec<Nest>);

fn nest(levels: usize) -> Nest {
    (1..levels).fold(Nest(vec![]), |inner, _| Nest(vec![inner]))
}

/// On the 2 MiB of a test's thread.
#[test]
fn five_hundred_levels_and_no_more() {
    assert_eq!(kept(&nest(200)).0, Codec::Json);
    assert_eq!(kept(&nest(201)).0, Codec::Cbor);
    assert_eq!(kept(&nest(holdall::MAX_DEPTH)).0, Codec::Cbor);
    let error = to_vec(&nest(holdall::MAX_DEPTH + 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.to_string().contains("]: nested deeper than 500 levels"), "{error}");
}

#[derive(Serialize)]
struct Flat {
    name: u8,
    #[serde(flatten)]
    more: BTreeMap<String, u8>,
}

#[test]
fn what_no_reader_would_get_back_is_refused_with_its_path() {
    let flat = Flat { name: 1, more: BTreeMap::from([("name".into(), 2)]) };
    let error = to_vec(&[flat]).unwrap_err();
    assert!(error.to_string().starts_with("$[0]['name']: this key stands in its map twice"), "{error}");
    let error =
        to_vec(&BTreeMap::from([("a", BTreeMap::from([(BTreeMap::from([(1, 2)]), 3)]))])).unwrap_err();
    assert!(error.to_string().starts_with("$['a']: a map or a struct in a key"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Serialization);
}

mod any {
    //! Any value of serde's, to be generated.

    use std::fmt;

    use proptest::prelude::*;
    use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
    use serde::{Deserialize, Serialize, Serializer};

    #[derive(Clone, Debug, PartialEq)]
    pub enum Any {
        Unit,
        Bool(bool),
        Int(i128),
        Float(f64),
        Text(String),
        Bytes(Vec<u8>),
        List(Vec<Any>),
        Map(Vec<(Any, Any)>),
    }

    impl Serialize for Any {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Unit => serializer.serialize_unit(),
                Self::Bool(value) => serializer.serialize_bool(*value),
                Self::Int(value) => serializer.serialize_i128(*value),
                Self::Float(value) => serializer.serialize_f64(*value),
                Self::Text(value) => serializer.serialize_str(value),
                Self::Bytes(value) => serializer.serialize_bytes(value),
                Self::List(items) => serializer.collect_seq(items),
                Self::Map(pairs) => serializer.collect_map(pairs.iter().map(|(key, value)| (key, value))),
            }
        }
    }

    impl<'de> Deserialize<'de> for Any {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(Look)
        }
    }

    struct Look;

    impl<'de> Visitor<'de> for Look {
        type Value = Any;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }
        fn visit_unit<E>(self) -> Result<Any, E> {
            Ok(Any::Unit)
        }
        fn visit_bool<E>(self, value: bool) -> Result<Any, E> {
            Ok(Any::Bool(value))
        }
        fn visit_i64<E>(self, value: i64) -> Result<Any, E> {
            Ok(Any::Int(value.into()))
        }
        fn visit_u64<E>(self, value: u64) -> Result<Any, E> {
            Ok(Any::Int(value.into()))
        }
        fn visit_i128<E>(self, value: i128) -> Result<Any, E> {
            Ok(Any::Int(value))
        }
        fn visit_f64<E>(self, value: f64) -> Result<Any, E> {
            Ok(Any::Float(value))
        }
        fn visit_str<E>(self, value: &str) -> Result<Any, E> {
            Ok(Any::Text(value.into()))
        }
        fn visit_bytes<E>(self, value: &[u8]) -> Result<Any, E> {
            Ok(Any::Bytes(value.into()))
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Any, A::Error> {
            let mut list = vec![];
            while let Some(item) = items.next_element()? {
                list.push(item);
            }
            Ok(Any::List(list))
        }
        fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Any, A::Error> {
            let mut map = vec![];
            while let Some(pair) = pairs.next_entry()? {
                map.push(pair);
            }
            Ok(Any::Map(map))
        }
    }

    fn scalar() -> impl Strategy<Value = Any> {
        prop_oneof![
            Just(Any::Unit),
            any::<bool>().prop_map(Any::Bool),
            any::<i8>().prop_map(|value| Any::Int(value.into())),
            any::<i64>().prop_map(|value| Any::Int(value.into())),
            any::<u64>().prop_map(|value| Any::Int(value.into())),
            any::<i128>().prop_map(Any::Int),
            prop_oneof![any::<f64>(), Just(f64::INFINITY)].prop_map(Any::Float),
            any::<String>().prop_map(Any::Text),
            any::<Vec<u8>>().prop_map(Any::Bytes),
        ]
    }

    pub fn value() -> impl Strategy<Value = Any> {
        scalar().prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Any::List),
                prop::collection::btree_map(any::<String>(), inner.clone(), 0..6).prop_map(|map| Any::Map(
                    map.into_iter().map(|(key, value)| (Any::Text(key), value)).collect()
                )),
                prop::collection::btree_map(any::<i128>(), inner, 0..6).prop_map(|map| Any::Map(
                    map.into_iter().map(|(key, value)| (Any::Int(key), value)).collect()
                )),
            ]
        })
    }
}

proptest::proptest! {
    #[test]
    fn any_value_makes_the_round_trip(value in any::value()) {
        let bytes = to_vec(&value).unwrap();
        proptest::prop_assert_eq!(from_slice::<any::Any>(&bytes).unwrap(), value);
    }

    #[test]
    fn any_bytes_are_read_or_refused(codec in 0..5_u8, payload: Vec<u8>) {
        let header = holdall_frame::Header::plain(Codec::from_number(codec).unwrap());
        let frame = [header.write(&payload, None).unwrap(), payload].concat();
        if let Err(error) = from_slice::<any::Any>(&frame) {
            proptest::prop_assert!(matches!(error.kind(), ErrorKind::Serialization | ErrorKind::LimitExceeded));
        }
    }
}
