//! Sealed frames are written as another implementation writes them: with the nonce given, for a random
//! one cannot be compared.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdall_types::Codec;
use serde_json::Value;

use super::*;
use crate::{Keyset, Purpose};

fn read_text(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn read_json(name: &str) -> Vec<Value> {
    serde_json::from_str(&read_text(name)).unwrap()
}

fn keyset() -> Keyset {
    Keyset::parse(&read_text("keyset.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_is_sealed_today_is_the_golden_file() {
    let mut again = 0;
    for entry in read_json("frames.json") {
        let sealed = &entry["fields"]["sealed"];
        let Some(plain) = sealed["plain"].as_str().filter(|_| sealed["open"].is_null()) else { continue };
        let plain = STANDARD.decode(plain).unwrap();
        let head = text(&entry["header"]);
        let bytes: Vec<u8> =
            (0..head.len()).step_by(2).map(|at| u8::from_str_radix(&head[at..at + 2], 16).unwrap()).collect();
        let (header, _) = Header::read(&bytes).unwrap().unwrap();
        let seal = header.sealed.unwrap();
        let mut keyset = keyset();
        keyset.promote(seal.key_id).unwrap();
        let purposes = [Purpose::Value, Purpose::Task, Purpose::Result, Purpose::Workflow];
        let purpose =
            purposes.into_iter().find(|purpose| purpose.name() == text(&sealed["purpose"])).unwrap();
        let context = STANDARD.decode(text(&sealed["context"])).unwrap();
        let signer = Signer { keyset: &keyset, purpose, context: &context };
        let written = Header { sealed: None, ..header }.seal_with(seal.nonce, &plain, &signer).unwrap();
        let name = text(&entry["name"]);
        assert_eq!(hex(&written.head), head, "{name}");
        assert_eq!(STANDARD.encode(&written.payload), text(&entry["payload"]), "{name}");
        again += 1;
    }
    assert!(again > 5, "{again} sealed frames");
}

#[test]
fn any_number_of_chunks_is_sealed_as_another_implementation_does() {
    let keyset = keyset();
    let signer = Signer { keyset: &keyset, purpose: Purpose::Value, context: b"a/key" };
    let mut nonce = [0; NONCE_LEN];
    nonce.iter_mut().zip(0..).for_each(|(byte, at)| *byte = at);
    let golden = read_json("sealed.json");
    assert!(golden.len() > 5);
    for entry in golden {
        let length = entry["length"].as_u64().unwrap() as usize;
        let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let Sealed { head, payload } = Header::plain(Codec::Raw).seal_with(nonce, &plain, &signer).unwrap();
        let whole = [head, payload].concat();
        assert_eq!(blake3::hash(&whole).to_hex().as_str(), text(&entry["blake3"]), "{length} bytes");
        assert!(Frame::read(&whole).unwrap().open(&signer).unwrap() == plain, "{length} bytes");
    }
}

/// What a holder of the key can write who does not follow the format: chunks that are sealed rightly,
/// under a header of any commitment.
fn forged(commitment: Option<[u8; COMMITMENT_LEN]>, chunks: &[&[u8]]) -> Result<Vec<u8>> {
    let keyset = keyset();
    let signer = Signer { keyset: &keyset, purpose: Purpose::Value, context: b"" };
    let nonce = [1; NONCE_LEN];
    let (cipher, right) = keys(keyset.primary(), &nonce, &signer);
    let commitment = commitment.unwrap_or(*right.as_bytes());
    let seal = Seal { key_id: keyset.primary().id, nonce, commitment };
    let mut head = Header::plain(Codec::Raw).fields(Some(&seal), false).unwrap();
    let data = associated(&head, &signer);
    let mut body = Vec::new();
    for (index, chunk) in chunks.iter().enumerate() {
        let mut text = chunk.to_vec();
        let nonce = place(&nonce, index, index + 1 == chunks.len()).into();
        let tag = cipher.encrypt_inout_detached(&nonce, &data, text[..].as_mut().into()).unwrap();
        body.extend_from_slice(&text);
        body.extend_from_slice(&tag);
    }
    head.extend_from_slice(&checksum(&head, &body));
    Frame::read_parts(&head, &body).unwrap().open(&signer)
}

#[test]
fn an_empty_chunk_behind_a_full_one_is_a_second_spelling() {
    let full = [7; CHUNK];
    assert!(forged(None, &[&full]).unwrap() == full);
    assert_eq!(forged(None, &[b""]).unwrap(), b"");
    assert_eq!(forged(None, &[&full, b""]).unwrap_err().kind(), ErrorKind::UntrustedPayload);
}

/// One ciphertext can be made whose tag is right under two keys. What it commits to is one of them.
#[test]
fn a_right_tag_is_not_enough_without_the_commitment() {
    assert_eq!(forged(None, &[b"plain"]).unwrap(), b"plain");
    let other = Some([0; COMMITMENT_LEN]);
    assert_eq!(forged(other, &[b"plain"]).unwrap_err().kind(), ErrorKind::UntrustedPayload);
}
