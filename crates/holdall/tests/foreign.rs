//! What Python writes and Rust has no type of its own for, and what is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::IpAddr;

use holdall::{Codec, Error, ErrorKind, from_slice, to_vec};
use holdall_frame::{Header, Keyset, Purpose, Signer};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

fn frame(codec: Codec, payload: &[u8]) -> Vec<u8> {
    [Header::plain(codec).write(payload, None).unwrap(), payload.to_vec()].concat()
}

fn cbor(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    frame(Codec::Cbor, &(0..digits.len()).step_by(2).map(byte).collect::<Vec<_>>())
}

#[track_caller]
fn reads<T: DeserializeOwned + PartialEq + Debug>(hex: &str, value: T) {
    assert_eq!(from_slice::<T>(&cbor(hex)).unwrap(), value);
}

#[track_caller]
fn refused<T: DeserializeOwned + Debug>(bytes: &[u8], kind: ErrorKind, message: &str) -> Error {
    let error = from_slice::<T>(bytes).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(message), "{error}");
    error
}

fn text(text: &str) -> String {
    let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("78{:02x}{bytes}", text.len())
}

/// `27([name, arguments...])`.
fn named(name: &str, arguments: &str) -> String {
    let count = if name.ends_with("deque") || name.ends_with("defaultdict") { 3 } else { 2 };
    format!("d81b 8{count} {} {arguments}", text(name))
}

#[test]
fn sequences_of_any_kind_are_sequences() {
    reads("d9c148 82 01 02", (1, 2)); // tuple
    reads("d90102 82 01 02", vec![1, 2]); // set
    reads("d9c149 82 01 02", [1, 2]); // frozenset
    reads(&named("collections.deque", "82 01 02 f6"), vec![1, 2]);
    reads(&named("collections.OrderedDict", "a1 61 61 01"), BTreeMap::from([("a".to_owned(), 1)]));
    reads(&named("collections.defaultdict", "63 696e74 a1 61 61 01"), BTreeMap::from([("a".to_owned(), 1)]));
    reads(&named("bytearray", "42 6162"), serde_bytes::ByteBuf::from(b"ab"));
}

#[test]
fn text_that_python_tells_apart_is_text() {
    reads("c0 74 323032302d30312d33315432333a35393a30355a", "2020-01-31T23:59:05Z".to_owned());
    reads("d903ec 6a 323032302d30312d3331", "2020-01-31".to_owned());
    reads("d825 50 000102030405060708090a0b0c0d0e0f", "00010203-0405-0607-0809-0a0b0c0d0e0f".to_owned());
    reads("d834 44 7f000001", "127.0.0.1".parse::<IpAddr>().unwrap());
    reads("d836 50 00000000000000000000000000000001", "::1".parse::<IpAddr>().unwrap());
    reads(&named("datetime.datetime", &text("2020-01-31T23:59:05")), "2020-01-31T23:59:05".to_owned());
    reads(&named("pathlib.PosixPath", &text("/a")), std::path::PathBuf::from("/a"));
    for (hex, text) in [
        ("c4 82 20 19 01f4", "50.0"),
        ("c4 82 22 05", "0.005"),
        ("c4 82 20 38 63", "-10.0"),
        ("c4 82 00 05", "5"),
        ("c4 82 02 05", "5E+2"),
        ("c4 82 38 63 05", "5E-100"),
    ] {
        reads(hex, text.to_owned());
    }
}

#[test]
fn arrays_of_numbers_are_numbers() {
    reads("d840 43 01 02 ff", vec![1_u8, 2, 255]);
    reads("d848 42 01 ff", vec![1_i8, -1]);
    reads("d841 44 0102 0304", vec![0x0102_u16, 0x0304]);
    reads("d84d 44 0100 feff", vec![1_i16, -2]);
    reads("d84f 50 0100000000000000 ffffffffffffffff", vec![1_i64, -1]);
    reads("d847 48 ffffffffffffffff", vec![u64::MAX]);
    reads("d855 44 0000c03f", vec![1.5_f32]);
    reads("d852 48 3ff8000000000000", vec![1.5]);
    reads("d856 48 000000000000f83f", vec![1.5]);
    refused::<Vec<u8>>(&cbor("d841 43 010203"), ErrorKind::Serialization, "tag 65");
    refused::<Vec<f32>>(&cbor("d850 42 3c00"), ErrorKind::Serialization, "tag 80");
}

#[test]
fn a_value_met_twice_is_read_twice() {
    reads("82 d81c 81 01 d81d 00", [[1], [1]]);
    reads("83 d81c 82 d81c 81 61 61 05 d81d 00 d81d 01", {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Row(Vec<String>, u8);
        let row = || Row(vec!["a".into()], 5);
        #[derive(Debug, PartialEq, Deserialize)]
        struct All(Row, Row, Vec<String>);
        All(row(), row(), vec!["a".into()])
    });
}

#[test]
fn a_value_inside_itself_is_refused() {
    #[derive(Debug, Deserialize)]
    struct Nest(#[allow(dead_code)] Vec<Nest>);
    refused::<Nest>(
        &cbor("d81c 81 d81d 00"),
        ErrorKind::Serialization,
        "$[0]: this is a value inside itself",
    );
}

/// Thirty lists, each twice the one before: a gigabyte from 200 bytes.
#[test]
fn references_cannot_repeat_without_end() {
    let mut hex = "d81c 8a 01 01 01 01 01 01 01 01 01 01".to_owned();
    for number in 0..30 {
        hex = format!("{hex} d81c 82 d81d 18{number:02x} d81d 18{number:02x}");
    }
    refused::<IgnoredAny>(&cbor(&format!("98 1f {hex}")), ErrorKind::LimitExceeded, "repeat them too often");
}

#[test]
fn what_serde_has_no_word_for_is_no_obstacle_to_the_rest() {
    for (what, hex) in [
        ("a complex number", "d9a7f8 82 fb3ff0000000000000 fb4000000000000000".to_owned()),
        ("an integer of more than 128 bits", format!("c2 51 01 {}", "00".repeat(16))),
        ("an integer of more than 128 bits", format!("c3 50 {}", "ff".repeat(16))),
        ("a timedelta", "d903ea a1 01 05".to_owned()),
        ("a Fraction", "d81e 82 01 02".to_owned()),
        (
            "a datetime.datetime",
            format!("d81b 83 {} {} 01", text("datetime.datetime"), text("2020-01-31T23:59:05")),
        ),
        ("an instance of a Python class", "d9c14a 82 85 64 656e756d 61 43 00 80 80 01".to_owned()),
    ] {
        let bytes = cbor(&format!("a2 61 78 {hex} 61 61 01"));
        #[derive(Debug, PartialEq, Deserialize)]
        struct Known {
            a: u8,
        }
        assert_eq!(from_slice::<Known>(&bytes).unwrap(), Known { a: 1 }, "{what}");
        let message = format!("$['x']: this is {what}");
        refused::<BTreeMap<String, u8>>(&bytes, ErrorKind::Serialization, &message);
    }
}

#[test]
fn errors_name_the_path() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Row {
        name: String,
        more: BTreeMap<String, Vec<u8>>,
    }
    let rows = frame(Codec::Json, br#"[{"name":"a","more":{}},{"name":"b","more":{"it's":[1,2,300]}}]"#);
    refused::<Vec<Row>>(
        &rows,
        ErrorKind::Serialization,
        "$[1].more['it\\'s'][2]: invalid value: integer `300`",
    );
    let short = frame(Codec::Json, br#"[{"name":"a"}]"#);
    refused::<Vec<Row>>(&short, ErrorKind::Serialization, "$[0]: missing field `more`; read it into a type");
    refused::<(u8, u8)>(&frame(Codec::Json, b"[1,2,3]"), ErrorKind::Serialization, "$: 1 of the 3 items");
}

#[test]
fn what_is_no_frame_of_data_is_refused() {
    refused::<IgnoredAny>(b"{}", ErrorKind::NotAFrame, "do not begin as a frame");
    let mut bytes = to_vec(&[1, 2]).unwrap();
    bytes.push(0);
    refused::<IgnoredAny>(&bytes, ErrorKind::CorruptFrame, "checksum");
    refused::<IgnoredAny>(&frame(Codec::Pickle, b"N."), ErrorKind::Serialization, "only Python reads");
    let keyset = Keyset::generate().unwrap();
    let signer = Signer { keyset: &keyset, purpose: Purpose::Value, context: b"" };
    let sealed = Header::plain(Codec::Text).seal(b"plain", &signer).unwrap();
    let sealed = [sealed.head, sealed.payload].concat();
    refused::<IgnoredAny>(&sealed, ErrorKind::UnknownKey, "has a keyset to open it");
    refused::<IgnoredAny>(&frame(Codec::Text, b"\xff"), ErrorKind::Serialization, "not UTF-8");
    refused::<IgnoredAny>(&frame(Codec::Json, b"[1,]"), ErrorKind::Serialization, "not JSON");
    refused::<IgnoredAny>(&frame(Codec::Cbor, b"\x01\x01"), ErrorKind::Serialization, "more bytes");
    refused::<IgnoredAny>(&frame(Codec::Cbor, b"\x81"), ErrorKind::Serialization, "too early");
}

#[test]
fn depth_is_refused_before_the_stack_ends() {
    let deep = [b"[".repeat(9_000), b"]".repeat(9_000)].concat();
    refused::<IgnoredAny>(&frame(Codec::Json, &deep), ErrorKind::LimitExceeded, "nested deeper than 500");
    let deep = [b"\x81".repeat(9_000), b"\x01".to_vec()].concat();
    refused::<IgnoredAny>(&frame(Codec::Cbor, &deep), ErrorKind::LimitExceeded, "nested deeper than 500");
}
