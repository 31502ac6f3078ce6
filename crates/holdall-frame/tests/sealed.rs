//! Sealed frames: who may read them, and that nothing but what was sealed is ever read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;

use std::collections::BTreeSet;

use common::{PURPOSES, frames, golden_keyset};
use holdall_frame::{Frame, Header, Keyset, Purpose, Signer};
use holdall_types::{Codec, Error, ErrorKind};
use proptest::prelude::*;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

fn signer(keyset: &Keyset) -> Signer<'_> {
    Signer { keyset, purpose: Purpose::Value, context: b"" }
}

fn sealed(plain: &[u8], signer: &Signer<'_>) -> Vec<u8> {
    let sealed = Header::plain(Codec::Raw).seal(plain, signer).unwrap();
    [sealed.head, sealed.payload].concat()
}

/// Opens a frame after its checksum was made right again, as whoever changes bytes can do.
fn opened(bytes: &[u8], signer: &Signer<'_>) -> Result<Vec<u8>, ErrorKind> {
    let opened = repaired(bytes).and_then(|bytes| Frame::read(&bytes)?.open(signer));
    opened.map_err(|error| error.kind())
}

fn repaired(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = bytes.to_vec();
    let (_, length) = Header::read(&bytes)?.unwrap();
    let sum = xxh3_64_with_seed(&bytes[length..], xxh3_64(&bytes[..length - 4])) as u32;
    bytes[length - 4..length].copy_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

#[test]
fn golden_frames_open_for_their_key_purpose_and_context_alone() {
    let (keyset, other) = (golden_keyset(), Keyset::generate().unwrap());
    let mut seen = 0;
    for golden in frames() {
        let Some(sealed) = &golden.sealed else { continue };
        let name = &golden.name;
        let frame = Frame::read(&golden.bytes).unwrap();
        let open = |signer: Signer<'_>| frame.open(&signer).map_err(|error| error.kind());
        let right = Signer { keyset: &keyset, purpose: sealed.purpose, context: &sealed.context };
        assert_eq!(open(right), sealed.open.map_or(Ok(sealed.plain.clone()), Err), "{name}");
        assert_eq!(open(Signer { keyset: &other, ..right }), Err(ErrorKind::UnknownKey), "{name}");
        // Sealed is not signed: a reader that knows no more than signatures must not read it.
        assert_eq!(frame.verify(&right).unwrap_err().kind(), ErrorKind::UntrustedPayload, "{name}");
        seen += 1;
        if sealed.open.is_some() {
            continue;
        }
        for purpose in PURPOSES.into_iter().filter(|purpose| *purpose != sealed.purpose) {
            assert_eq!(open(Signer { purpose, ..right }), Err(ErrorKind::UntrustedPayload), "{name}");
        }
        let context = [&sealed.context[..], b"x"].concat();
        let moved = Signer { context: &context, ..right };
        assert_eq!(open(moved), Err(ErrorKind::UntrustedPayload), "{name}");
    }
    assert!(seen > 15, "{seen} sealed frames");
}

#[test]
fn every_flipped_bit_under_a_right_checksum_is_refused() {
    let keyset = golden_keyset();
    for golden in frames() {
        let Some(seal) = golden.sealed.as_ref().filter(|sealed| sealed.open.is_none()) else { continue };
        let signer = Signer { keyset: &keyset, purpose: seal.purpose, context: &seal.context };
        let sum = golden.head.len() - 4..golden.head.len();
        for bit in (16..golden.bytes.len() * 8).filter(|bit| !sum.contains(&(bit / 8))) {
            let mut bytes = golden.bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = opened(&bytes, &signer).expect_err(&golden.name);
            // Without its flag it is not sealed, and nothing of it can be opened.
            assert!(error != ErrorKind::Validation || bit == 3 * 8 + 2, "{} bit {bit}", golden.name);
        }
    }
}

#[test]
fn chunks_cannot_be_reordered_repeated_dropped_or_cut() {
    let keyset = Keyset::generate().unwrap();
    let signer = signer(&keyset);
    let plain: Vec<u8> = (0..3 * CHUNK + 100).map(|at| (at / CHUNK) as u8).collect();
    let bytes = sealed(&plain, &signer);
    let (_, length) = Header::read(&bytes).unwrap().unwrap();
    let head = &bytes[..length];
    let chunks: Vec<&[u8]> = bytes[length..].chunks(CHUNK + TAG).collect();
    let of = |order: &[usize]| {
        let body: Vec<u8> = order.iter().flat_map(|at| chunks[*at]).copied().collect();
        opened(&[head, &body].concat(), &signer)
    };
    assert!(of(&[0, 1, 2, 3]).unwrap() == plain);
    let others: [&[usize]; 9] = [
        &[],
        &[0],
        &[0, 1, 2],
        &[1, 2, 3],
        &[1, 0, 2, 3],
        &[0, 0, 1, 2, 3],
        &[0, 1, 2, 2, 3],
        &[0, 1, 3],
        &[3],
    ];
    for order in others {
        assert_eq!(of(order), Err(ErrorKind::UntrustedPayload), "{order:?}");
    }
    for kept in (0..bytes.len() - length).step_by(997).chain([TAG, CHUNK, CHUNK + TAG, CHUNK + TAG + 1]) {
        let cut = opened(&bytes[..length + kept], &signer);
        assert_eq!(cut, Err(ErrorKind::UntrustedPayload), "cut to {kept}");
    }
    // The same place in another frame under the same key is another place.
    let other = sealed(&plain, &signer);
    let mixed = [&bytes[..length + CHUNK + TAG], &other[length + CHUNK + TAG..]].concat();
    assert_eq!(opened(&mixed, &signer), Err(ErrorKind::UntrustedPayload));
}

#[test]
fn no_two_frames_are_alike() {
    let keyset = Keyset::generate().unwrap();
    let frames: BTreeSet<_> = (0..1000).map(|_| sealed(b"same", &signer(&keyset))).collect();
    assert_eq!(frames.len(), 1000);
}

/// With Poly1305 alone a payload could be made that opens under two keys. Under the second key even a
/// tag that were right would not be asked: the frame commits to one key.
#[test]
fn a_frame_opens_under_one_of_two_keys_with_the_same_id() {
    let one = golden_keyset();
    let id = one.primary().id;
    let secret = "//////////////////////////////////////////8=";
    let two = Keyset::parse(&format!(
        r#"{{"format": "holdall keyset", "version": 0, "primary": "{id}",
            "keys": [{{"id": "{id}", "state": "enabled", "secret": "{secret}"}}]}}"#
    ))
    .unwrap();
    let bytes = sealed(b"plain", &signer(&one));
    assert_eq!(opened(&bytes, &signer(&one)).unwrap(), b"plain");
    assert_eq!(opened(&bytes, &signer(&two)), Err(ErrorKind::UntrustedPayload));
    // Its commitment in the place of the first one's is no better, and no worse a message.
    let theirs = sealed(b"plain", &signer(&two));
    let mut mixed = bytes.clone();
    mixed[8..64].copy_from_slice(&theirs[8..64]);
    let said = |bytes: &[u8], keyset: &Keyset| {
        let frame = Frame::read(bytes).unwrap();
        frame.open(&signer(keyset)).unwrap_err().message().to_owned()
    };
    for keyset in [&one, &two] {
        assert_eq!(opened(&mixed, &signer(keyset)), Err(ErrorKind::UntrustedPayload));
    }
    assert_eq!(said(&bytes, &two), said(&repaired(&mixed).unwrap(), &one), "one text, whatever the reason");
}

#[test]
fn a_key_that_was_replaced_still_opens_and_a_disabled_one_does_not() {
    let mut keyset = Keyset::generate().unwrap();
    let old = keyset.primary().id;
    let bytes = sealed(b"plain", &signer(&keyset));
    let new = keyset.add_generated().unwrap();
    keyset.promote(new).unwrap();
    assert_eq!(opened(&bytes, &signer(&keyset)).unwrap(), b"plain");
    keyset.set_enabled(old, false).unwrap();
    assert_eq!(opened(&bytes, &signer(&keyset)), Err(ErrorKind::UnknownKey));
    let frame = Frame::read(&bytes).unwrap();
    assert_eq!(frame.header.sealed.unwrap().key_id, old);
    let message = frame.open(&signer(&keyset)).unwrap_err().message().to_owned();
    assert!(message.contains(&old.to_string()) && message.contains("disabled"), "{message}");
}

#[test]
fn what_cannot_be_sealed_or_opened_is_told() {
    let keyset = golden_keyset();
    let signer = signer(&keyset);
    let kind = |header: &Header| header.seal(b"data", &signer).unwrap_err().kind();
    let golden =
        |name: &str| frames().into_iter().find(|golden| golden.name == name).unwrap().header.unwrap();
    for name in ["segments", "sealed", "pickle-signed"] {
        assert_eq!(kind(&golden(name)), ErrorKind::Validation, "{name}");
    }
    assert_eq!(golden("sealed").write(b"", None).unwrap_err().kind(), ErrorKind::Validation);
    let plain = frames().into_iter().find(|golden| golden.name == "text").unwrap();
    let error = Frame::read(&plain.bytes).unwrap().open(&signer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
}

/// Opening must not be able to give what signing would not vouch for: of CBOR, too, instances.
#[test]
fn what_is_sealed_is_active_as_what_is_signed_is() {
    let keyset = golden_keyset();
    for (codec, active) in
        [(Codec::Raw, false), (Codec::Json, false), (Codec::Cbor, true), (Codec::Pickle, true)]
    {
        let sealed = Header::plain(codec).seal(b"\x01", &signer(&keyset)).unwrap();
        assert_eq!(Header::read(&sealed.head).unwrap().unwrap().0.is_active(), active, "{codec:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sealed_is_opened(
        length in prop_oneof![0..64_usize, CHUNK - 2..CHUNK + 2, 0..4 * CHUNK],
        context in any::<Vec<u8>>(),
        expires in any::<Option<u64>>(),
        key in prop::option::of("[a-z]{1,300}"),
    ) {
        let keyset = golden_keyset();
        let plain: Vec<u8> = (0..length).map(|at| (at % 249) as u8).collect();
        let signer = Signer { keyset: &keyset, purpose: Purpose::Task, context: &context };
        let header = Header { expires, key, ..Header::plain(Codec::Cbor) };
        let sealed = header.seal(&plain, &signer).unwrap();
        let bytes = [&sealed.head[..], &sealed.payload].concat();
        let frame = Frame::read(&bytes).unwrap();
        prop_assert_eq!(&Header { sealed: None, ..frame.header.clone() }, &header);
        prop_assert!(frame.open(&signer).unwrap() == plain);
        prop_assert!(length < 32 || !bytes.windows(32).any(|window| window == &plain[..32]));
    }
}
