//! The golden frames: reading gives what their index says, writing gives the same bytes. They were
//! made by another implementation, `tests/golden/make.py`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;

use common::{Golden, frames, golden_keyset, read_text, refused};
use holdall_frame::{Frame, Header, Keyset, Signer};
use holdall_types::ErrorKind;

#[test]
fn reading_gives_what_the_index_says() {
    for golden in frames() {
        let Golden { name, bytes, head, payload, segments, header, .. } = &golden;
        let frame = Frame::read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&frame.header, header.as_ref().unwrap(), "{name}");
        assert_eq!((frame.head, frame.payload), (&head[..], &payload[..]), "{name}");
        assert_eq!(&frame.segments, segments, "{name}");
        let mut front = frame.clone();
        front.segments.clear();
        assert_eq!(Frame::read_parts(head, payload).unwrap(), front, "{name}");
        assert_eq!(Frame::read_front(&[&head[..], payload].concat()).unwrap(), front, "{name}");
        let (read, length) = Header::read(bytes).unwrap().unwrap();
        assert_eq!((read, length), (frame.header, head.len()), "{name}");
    }
}

#[test]
fn writing_gives_the_same_bytes() {
    for golden in frames() {
        let Golden { name, head, payload, header, signed, .. } = &golden;
        let header = header.clone().unwrap();
        if header.sealed.is_some() {
            continue; // Their nonce is random: the tests in `src/seal` write them again.
        }
        let unsigned = Header { signed: None, ..header.clone() };
        let Some(signed) = signed else {
            assert_eq!(&unsigned.write(payload, None).unwrap(), head, "{name}");
            assert_eq!(unsigned.draft(None).unwrap().len(), head.len(), "{name}");
            continue;
        };
        let mut keyset = golden_keyset();
        let id = header.signed.unwrap().key_id;
        if keyset.get(id).is_none() {
            assert_eq!(name, "signed-foreign-key", "the one key that the golden keyset does not hold");
            continue;
        }
        keyset.set_enabled(id, true).unwrap();
        keyset.promote(id).unwrap();
        let signer = Signer { keyset: &keyset, purpose: signed.purpose, context: &signed.context };
        assert_eq!(&unsigned.write(payload, Some(&signer)).unwrap(), head, "{name}");
        assert_eq!(unsigned.draft(Some(&signer)).unwrap().len(), head.len(), "{name}");
    }
}

#[test]
fn the_refused_are_refused() {
    for golden in refused() {
        let error = Frame::read(&golden.bytes).expect_err(&golden.name);
        assert_eq!(Some(error.kind()), golden.error, "{}: {error}", golden.name);
    }
}

#[test]
fn a_refusal_names_its_part() {
    for (name, part) in [
        ("compressed-zstd", "compression"),
        ("sealed-segments", "sealed segments"),
        ("sealed-bound", "a signature bound to its key"),
        ("bound", "a signature bound to its key"),
        ("every-flag", "compression and sealed segments and a signature bound to its key"),
        ("version-1", "format version 1"),
        ("codec-5", "codec number 5"),
        ("further-flag-80", "further flags 0x80"),
    ] {
        let golden = refused().into_iter().find(|golden| golden.name == name).unwrap();
        let message = Frame::read(&golden.bytes).unwrap_err().message().to_owned();
        assert!(message.contains(&format!("has {part}, which")), "{name}: {message}");
    }
}

#[test]
fn signatures_verify_for_their_key_purpose_and_context_alone() {
    let keyset = golden_keyset();
    let other = Keyset::generate().unwrap();
    for golden in frames() {
        let name = &golden.name;
        let frame = Frame::read(&golden.bytes).unwrap();
        let kind = |signer: Signer<'_>| frame.verify(&signer).err().map(|error| error.kind());
        let Some(signed) = &golden.signed else {
            let signer = Signer { keyset: &keyset, purpose: common::PURPOSES[0], context: b"" };
            assert_eq!(kind(signer), Some(ErrorKind::UntrustedPayload), "{name}");
            continue;
        };
        let signer = Signer { keyset: &keyset, purpose: signed.purpose, context: &signed.context };
        assert_eq!(kind(signer), signed.verify, "{name}");
        assert_eq!(kind(Signer { keyset: &other, ..signer }), Some(ErrorKind::UnknownKey), "{name}");
        if signed.verify.is_some() {
            continue;
        }
        for purpose in common::PURPOSES {
            let expected = (purpose != signed.purpose).then_some(ErrorKind::UntrustedPayload);
            assert_eq!(kind(Signer { purpose, ..signer }), expected, "{name} as {purpose:?}");
        }
        let context = [&signed.context[..], b"x"].concat();
        let moved = Signer { context: &context, ..signer };
        assert_eq!(kind(moved), Some(ErrorKind::UntrustedPayload), "{name} elsewhere");
    }
}

#[test]
fn the_keyset_is_written_as_it_was_read() {
    let text = read_text("keyset.json");
    assert_eq!(Keyset::parse(&text).unwrap().to_text(), text);
}

/// The worked examples of `docs/format.md`: blocks fenced as `frame NAME`, whose lines are bytes in
/// hexadecimal, two blanks and an explanation.
#[test]
fn the_examples_of_the_format_page_are_the_golden_files() {
    let page = read_text("../../docs/format.md");
    let mut shown = 0;
    for block in page.split("```frame ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let body = rest.split_once("```").unwrap().0;
        let digits: String = body
            .lines()
            .filter_map(|line| line.split("  ").next())
            .flat_map(|hex| hex.chars().filter(|c| !c.is_whitespace()))
            .collect();
        let golden = frames().into_iter().chain(refused()).find(|golden| golden.name == name).unwrap();
        assert_eq!(digits, common::hex(&golden.bytes), "{name}");
        shown += 1;
    }
    assert!(shown >= 4, "{shown} examples");
    assert!(page.contains(&format!("```json\n{}```", read_text("keyset.json"))), "the keyset");
}
