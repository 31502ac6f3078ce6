//! Damage and forgery: whatever is done to a frame, reading it gives an error, never a value.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;

use std::collections::BTreeMap;

use common::{frames, golden_keyset, refused, table};
use holdall_frame::{Frame, Header, KeyId, Keyset, Purpose, Signer, Table};
use holdall_types::limits::{MAX_KEY, MAX_PAYLOAD, MAX_SEGMENTS};
use holdall_types::{Codec, ErrorKind};
use proptest::prelude::*;

/// What a reader of damaged bytes may say.
fn is_refusal(kind: ErrorKind) -> bool {
    use ErrorKind::{CorruptFrame, LimitExceeded, NotAFrame, UnsupportedVersion};
    matches!(kind, CorruptFrame | LimitExceeded | NotAFrame | UnsupportedVersion)
}

#[test]
fn every_truncation_is_refused() {
    for golden in frames() {
        for length in 0..golden.bytes.len() {
            let kind = Frame::read(&golden.bytes[..length]).unwrap_err().kind();
            let expected = if length < 2 { ErrorKind::NotAFrame } else { ErrorKind::CorruptFrame };
            assert_eq!(kind, expected, "{} cut to {length}", golden.name);
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for golden in frames() {
        for bit in 0..golden.bytes.len() * 8 {
            let mut bytes = golden.bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let kind = Frame::read(&bytes).unwrap_err().kind();
            assert!(is_refusal(kind), "{} with bit {bit} flipped: {kind:?}", golden.name);
            assert_eq!(kind == ErrorKind::NotAFrame, bit < 16, "{} with bit {bit} flipped", golden.name);
        }
    }
}

#[test]
fn every_added_byte_is_refused() {
    for golden in frames() {
        for byte in 0..=255 {
            let longer = [&golden.bytes[..], &[byte]].concat();
            assert_eq!(Frame::read(&longer).unwrap_err().kind(), ErrorKind::CorruptFrame, "{}", golden.name);
        }
    }
}

#[test]
fn a_header_kept_apart_must_be_a_header_and_no_more() {
    for golden in frames() {
        let longer = [&golden.head[..], b"\0"].concat();
        let shorter = &golden.head[..golden.head.len() - 1];
        for head in [&longer, shorter] {
            let kind = Frame::read_parts(head, &golden.payload).unwrap_err().kind();
            assert_eq!(kind, ErrorKind::CorruptFrame, "{}", golden.name);
        }
        assert_eq!(Frame::read_parts(b"", &golden.payload).unwrap_err().kind(), ErrorKind::NotAFrame);
    }
}

/// Whoever can change bytes can make the checksum right again: only the signature is left.
#[test]
fn every_flipped_bit_under_a_right_checksum_fails_the_signature() {
    let keyset = golden_keyset();
    for golden in frames() {
        let Some(signed) = golden.signed.as_ref().filter(|signed| signed.verify.is_none()) else { continue };
        let signer = Signer { keyset: &keyset, purpose: signed.purpose, context: &signed.context };
        for bit in 0..golden.bytes.len() * 8 {
            let mut bytes = golden.bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            repair(&mut bytes);
            let verified = Frame::read(&bytes).and_then(|frame| frame.verify(&signer));
            // A flip inside the checksum is undone by the repair.
            let at = bit / 8;
            let repaired = (golden.head.len() - 4..golden.head.len()).contains(&at);
            assert_eq!(verified.is_ok(), repaired, "{} with bit {bit} flipped", golden.name);
        }
    }
}

/// Sets the checksum that the bytes should have, if they have a header at all.
fn repair(bytes: &mut [u8]) {
    use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};
    let Ok(Some((header, length))) = Header::read(bytes) else { return };
    let end = header.table.map_or(bytes.len(), |table| length + table.payload as usize);
    let Some(payload) = bytes.get(length..end) else { return };
    let sum = xxh3_64_with_seed(payload, xxh3_64(&bytes[..length - 4])) as u32;
    bytes[length - 4..length].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn bytes_cannot_move_between_header_payload_and_context() {
    let keyset = Keyset::generate().unwrap();
    let sign = |context| Signer { keyset: &keyset, purpose: Purpose::Value, context };
    let mac = |payload: &[u8], context| {
        let head = Header::plain(Codec::Pickle).write(payload, Some(&sign(context))).unwrap();
        Header::read(&head).unwrap().unwrap().0.signed.unwrap().mac
    };
    assert_ne!(mac(b"ab", b"c"), mac(b"a", b"bc"));
    assert_eq!(mac(b"ab", b"c"), mac(b"ab", b"c"));
}

#[test]
fn a_key_id_swapped_for_another_of_the_keyset_fails() {
    let keyset = golden_keyset();
    let golden = frames().into_iter().find(|golden| golden.name == "pickle-signed").unwrap();
    let mut bytes = golden.bytes;
    bytes[4..8].copy_from_slice(&0x5EED_0001_u32.to_le_bytes());
    repair(&mut bytes);
    let frame = Frame::read(&bytes).unwrap();
    assert_eq!(frame.header.signed.unwrap().key_id, KeyId(0x5EED_0001));
    let signer = Signer { keyset: &keyset, purpose: Purpose::Value, context: b"" };
    assert_eq!(frame.verify(&signer).unwrap_err().kind(), ErrorKind::UntrustedPayload);
}

#[test]
fn forged_key_lengths_are_refused() {
    let mut kinds = BTreeMap::new();
    for length in 0..=u16::MAX {
        let mut bytes = vec![0xC1, 0x48, 1, 0x80, 1];
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&[b'k'; 40]);
        let kind = Frame::read(&bytes).unwrap_err().kind();
        kinds.entry(format!("{kind:?}")).or_insert_with(Vec::new).push(usize::from(length));
    }
    let too_long = kinds.remove("LimitExceeded").unwrap();
    assert_eq!((too_long[0], too_long.len()), (MAX_KEY + 1, usize::from(u16::MAX) - MAX_KEY));
    assert_eq!(kinds.into_keys().collect::<Vec<_>>(), ["CorruptFrame"]);
}

#[test]
fn what_cannot_be_a_frame_is_not_written() {
    let with_key = |key: String| Header { key: Some(key), ..Header::plain(Codec::Raw) };
    let kind = |header: &Header| header.write(b"", None).unwrap_err().kind();
    assert_eq!(kind(&with_key(String::new())), ErrorKind::Validation);
    assert_eq!(kind(&with_key("k".repeat(MAX_KEY + 1))), ErrorKind::LimitExceeded);
    assert_eq!(kind(&with_key("k".repeat(1 << 17))), ErrorKind::LimitExceeded);
    assert!(with_key("k".repeat(MAX_KEY)).write(b"", None).is_ok());
    for (table, signer) in wrong_tables() {
        let header = Header { table: Some(table), ..Header::plain(Codec::Raw) };
        let keyset = golden_keyset();
        let signer = signer.then_some(Signer { keyset: &keyset, purpose: Purpose::Value, context: b"" });
        assert_eq!(header.write(b"ab", signer.as_ref()).unwrap_err().kind(), ErrorKind::Validation);
    }
    let signed = frames().into_iter().find_map(|golden| golden.header.filter(|h| h.signed.is_some()));
    assert_eq!(kind(&signed.unwrap()), ErrorKind::Validation);
}

/// Another payload's, an empty one, and hashes of the other kind in a frame that is signed or not.
fn wrong_tables() -> Vec<(Table, bool)> {
    let some = [b"x".to_vec()];
    vec![
        (table(b"abc", &some, false), false),
        (table(b"ab", &[], false), false),
        (table(b"ab", &some, true), false),
        (table(b"ab", &some, false), true),
    ]
}

#[test]
fn more_than_a_frame_may_have_is_refused_before_anything_is_made_of_it() {
    let kind = |payload, lengths: Vec<u64>| {
        Table::unhashed(payload, lengths.into_iter(), false).err().map(|error| error.kind())
    };
    assert_eq!(kind(5, vec![1, 2]), None);
    assert_eq!(kind(0, vec![0; MAX_SEGMENTS]), None);
    for (payload, lengths) in [
        (0, vec![0; MAX_SEGMENTS + 1]),
        (0, vec![MAX_PAYLOAD]),
        (u64::MAX, vec![1]),
        (1, vec![u64::MAX]),
        (0, vec![u64::MAX / 2; 3]),
    ] {
        assert_eq!(kind(payload, lengths), Some(ErrorKind::LimitExceeded));
    }
}

#[test]
fn a_damaged_segment_is_named() {
    let golden = frames().into_iter().find(|golden| golden.name == "segments-several").unwrap();
    let mut bytes = golden.bytes;
    *bytes.last_mut().unwrap() ^= 1;
    let error = Frame::read(&bytes).unwrap_err();
    assert!(error.message().starts_with("segment 4 of 4 does not match"), "{error}");
}

#[test]
fn only_the_magic_makes_a_frame() {
    for bytes in [&b""[..], b"\xC1", b"hello", b"\x48\xC1\0\0", b"\xC1\x49\0\0\0\0\0\0"] {
        assert!(Header::read(bytes).unwrap().is_none(), "{bytes:?}");
        assert_eq!(Frame::read(bytes).unwrap_err().kind(), ErrorKind::NotAFrame, "{bytes:?}");
    }
}

fn codec() -> impl Strategy<Value = Codec> {
    prop::sample::select(vec![Codec::Raw, Codec::Text, Codec::Json, Codec::Cbor, Codec::Pickle])
}

prop_compose! {
    fn header()(
        codec in codec(),
        expires in any::<Option<u64>>(),
        python in any::<Option<(u8, u8)>>(),
        key in prop::option::of("\\PC{1,40}"),
    ) -> Header {
        Header { expires, python, key, ..Header::plain(codec) }
    }
}

/// Sizes on both sides of the borders between the checksum's algorithms (16, 128 and 240 bytes).
fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), 0..300), prop::collection::vec(any::<u8>(), 1000..5000)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_is_written_is_read(
        header in header(),
        payload in payload(),
        segments in prop::collection::vec(payload(), 0..4),
        context in any::<Option<Vec<u8>>>(),
    ) {
        let table = (!segments.is_empty()).then(|| table(&payload, &segments, context.is_some()));
        let header = Header { table, ..header };
        let keyset = golden_keyset();
        let context_bytes = context.clone().unwrap_or_default();
        let signer = Signer { keyset: &keyset, purpose: Purpose::Result, context: &context_bytes };
        let head = header.write(&payload, context.as_ref().map(|_| &signer)).unwrap();
        let mut bytes = [&head[..], &payload].concat();
        for segment in &segments {
            bytes.resize(bytes.len().next_multiple_of(64), 0);
            bytes.extend_from_slice(segment);
        }
        let frame = Frame::read(&bytes).unwrap();
        prop_assert_eq!(&frame.segments, &segments);
        prop_assert_eq!(header.table.as_ref().map_or(bytes.len(), |table| table.end(head.len() as u64) as usize), bytes.len());
        prop_assert_eq!(Header { signed: None, ..frame.header.clone() }, header);
        prop_assert_eq!(frame.head, &head);
        prop_assert_eq!(frame.payload, &payload);
        prop_assert_eq!(frame.verify(&signer).is_ok(), context.is_some());
    }

    #[test]
    fn a_plain_header_takes_eight_bytes(codec in codec(), payload in payload()) {
        prop_assert_eq!(Header::plain(codec).write(&payload, None).unwrap().len(), 8);
    }

    #[test]
    fn any_bytes_after_the_magic_are_refused(rest in any::<Vec<u8>>()) {
        let bytes = [&[0xC1, 0x48][..], &rest].concat();
        prop_assert!(is_refusal(Frame::read(&bytes).unwrap_err().kind()));
    }

    #[test]
    fn a_few_changed_bytes_are_refused(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..5),
    ) {
        let goldens = frames();
        let golden = which.get(&goldens);
        let mut bytes = golden.bytes.clone();
        for (at, change) in changes {
            let at = at.index(bytes.len());
            bytes[at] ^= change;
        }
        if bytes != golden.bytes {
            prop_assert!(is_refusal(Frame::read(&bytes).unwrap_err().kind()));
        }
    }

    #[test]
    fn the_start_of_one_frame_with_the_end_of_another_is_refused(
        first in any::<prop::sample::Index>(),
        second in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        join in any::<prop::sample::Index>(),
    ) {
        let goldens: Vec<_> = frames().into_iter().chain(refused()).collect();
        let (first, second) = (&first.get(&goldens).bytes, &second.get(&goldens).bytes);
        let spliced = [&first[..cut.index(first.len())], &second[join.index(second.len())..]].concat();
        if !goldens.iter().any(|golden| golden.bytes == spliced) {
            prop_assert!(is_refusal(Frame::read(&spliced).unwrap_err().kind()));
        }
    }
}
