//! The golden files and their index.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdall_frame::{Entry, Hasher, Header, Keyset, Purpose, Seal, Signature, Table};
use holdall_types::{Codec, ErrorKind};
use serde_json::Value;

pub const PURPOSES: [Purpose; 4] = [Purpose::Value, Purpose::Task, Purpose::Result, Purpose::Workflow];

/// One entry of the index, with the bytes of its file.
pub struct Golden {
    pub name: String,
    pub bytes: Vec<u8>,
    pub head: Vec<u8>,
    pub payload: Vec<u8>,
    pub segments: Vec<Vec<u8>>,
    /// What reading gives; `None` for the refused.
    pub header: Option<Header>,
    pub signed: Option<Signed>,
    pub sealed: Option<Sealed>,
    pub error: Option<ErrorKind>,
}

/// With what a golden frame was sealed, and what opening it under the golden keyset says.
pub struct Sealed {
    pub purpose: Purpose,
    pub context: Vec<u8>,
    pub plain: Vec<u8>,
    pub open: Option<ErrorKind>,
}

/// With what a golden frame was signed, and what verifying it under the golden keyset says.
pub struct Signed {
    pub purpose: Purpose,
    pub context: Vec<u8>,
    pub verify: Option<ErrorKind>,
}

pub fn frames() -> Vec<Golden> {
    index().into_iter().filter(|golden| golden.error.is_none()).collect()
}

pub fn refused() -> Vec<Golden> {
    index().into_iter().filter(|golden| golden.error.is_some()).collect()
}

pub fn golden_keyset() -> Keyset {
    Keyset::parse(&read_text("keyset.json")).unwrap()
}

pub fn read_text(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

fn index() -> Vec<Golden> {
    let index: Vec<Value> = serde_json::from_str(&read_text("frames.json")).unwrap();
    // A file that the index forgot would never be tested.
    let files: usize =
        ["frames", "refused"].map(|part| fs::read_dir(folder().join(part)).unwrap().count()).iter().sum();
    assert_eq!(files, index.len());
    index.iter().map(golden).collect()
}

fn golden(entry: &Value) -> Golden {
    let fields = &entry["fields"];
    let signed = (!fields["signed"].is_null()).then(|| &fields["signed"]);
    let sealed = (!fields["sealed"].is_null()).then(|| &fields["sealed"]);
    let head = unhex(text(&entry["header"]));
    let payload = STANDARD.decode(text(&entry["payload"])).unwrap();
    let bytes = fs::read(folder().join(text(&entry["file"]))).unwrap();
    let segments: Vec<Vec<u8>> = match entry["segments"].as_array() {
        Some(segments) => segments.iter().map(|segment| STANDARD.decode(text(segment)).unwrap()).collect(),
        None => Vec::new(),
    };
    let mut whole = [&head[..], &payload].concat();
    for segment in &segments {
        whole.resize(whole.len().next_multiple_of(64), 0);
        whole.extend_from_slice(segment);
    }
    assert_eq!(bytes, whole, "{}", entry["name"]);
    let table = (!segments.is_empty()).then(|| table(&payload, &segments, signed.is_some()));
    Golden {
        name: text(&entry["name"]).to_owned(),
        bytes,
        head,
        payload,
        segments,
        header: (!fields.is_null()).then(|| Header {
            codec: codec(text(&entry["codec"])),
            sealed: sealed.map(|sealed| Seal {
                key_id: text(&sealed["key_id"]).parse().unwrap(),
                nonce: unhex(text(&sealed["nonce"])).try_into().unwrap(),
                commitment: unhex(text(&sealed["commitment"])).try_into().unwrap(),
            }),
            expires: fields["expires"].as_u64(),
            python: fields["python"].as_array().map(|parts| (small(&parts[0]), small(&parts[1]))),
            table,
            key: fields["key"].as_str().map(str::to_owned),
            signed: signed.map(|signed| Signature {
                key_id: text(&signed["key_id"]).parse().unwrap(),
                mac: unhex(text(&signed["mac"])).try_into().unwrap(),
            }),
        }),
        signed: signed.map(|signed| Signed {
            purpose: purpose(text(&signed["purpose"])),
            context: STANDARD.decode(text(&signed["context"])).unwrap(),
            verify: signed["verify"].as_str().map(kind),
        }),
        sealed: sealed.map(|sealed| Sealed {
            purpose: purpose(text(&sealed["purpose"])),
            context: STANDARD.decode(text(&sealed["context"])).unwrap(),
            plain: STANDARD.decode(text(&sealed["plain"])).unwrap(),
            open: sealed["open"].as_str().map(kind),
        }),
        error: entry["error"].as_str().map(kind),
    }
}

/// The table of these segments.
pub fn table(payload: &[u8], segments: &[Vec<u8>], signed: bool) -> Table {
    let entry = |segment: &Vec<u8>| {
        let mut hasher = Hasher::new(signed);
        // In pieces, as they come.
        segment.chunks(7).for_each(|piece| hasher.update(piece));
        Entry { length: segment.len() as u64, hash: hasher.finish() }
    };
    Table { payload: payload.len() as u64, segments: segments.iter().map(entry).collect() }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn small(value: &Value) -> u8 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn codec(name: &str) -> Codec {
    (0..=4).filter_map(Codec::from_number).find(|codec| codec.name() == name).unwrap()
}

fn purpose(name: &str) -> Purpose {
    PURPOSES.into_iter().find(|purpose| purpose.name() == name).unwrap()
}

fn kind(name: &str) -> ErrorKind {
    match name {
        "CorruptFrame" => ErrorKind::CorruptFrame,
        "UnsupportedVersion" => ErrorKind::UnsupportedVersion,
        "UnknownKey" => ErrorKind::UnknownKey,
        "UntrustedPayloadError" => ErrorKind::UntrustedPayload,
        "LimitExceeded" => ErrorKind::LimitExceeded,
        other => panic!("no error kind {other} is expected"),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
