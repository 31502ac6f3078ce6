//! The short way to plain data reads what the long way reads, and nothing else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;

use common::frames;
use holdall_frame::{Frame, Header};
use holdall_types::Codec;

/// What the short way gives of bytes, after both ways were asked.
fn read_both<'a>(bytes: &'a [u8], name: &str) -> Option<(Codec, &'a [u8])> {
    let quick = Frame::read_data(bytes);
    if let Some((codec, payload)) = quick {
        let frame = Frame::read(bytes).unwrap();
        assert_eq!((frame.header, frame.payload), (Header::plain(codec), payload), "{name}");
        assert!(matches!(codec, Codec::Text | Codec::Raw | Codec::Json), "{name}");
    }
    quick
}

#[test]
fn plain_data_is_read_the_short_way() {
    for codec in [Codec::Text, Codec::Raw, Codec::Json] {
        let mut bytes = Header::plain(codec).write(b"[1]", None).unwrap();
        assert_eq!(Header::write_plain(codec, b"[1]").unwrap().as_slice(), bytes);
        bytes.extend_from_slice(b"[1]");
        assert_eq!(read_both(&bytes, codec.name()), Some((codec, &b"[1]"[..])));
    }
}

#[test]
fn what_may_run_code_or_says_more_takes_the_long_way() {
    for codec in [Codec::Cbor, Codec::Pickle] {
        let mut bytes = Header::write_plain(codec, b"N.").unwrap().to_vec();
        bytes.extend_from_slice(b"N.");
        assert!(Frame::read(&bytes).is_ok());
        assert_eq!(Frame::read_data(&bytes), None);
    }
    for golden in frames() {
        let header = Frame::read(&golden.bytes).unwrap().header;
        let quick = read_both(&golden.bytes, &golden.name);
        assert!(quick.is_none() || header == Header::plain(header.codec), "{}", golden.name);
    }
}

#[test]
fn damage_is_never_read_the_short_way() {
    let mut bytes = Header::write_plain(Codec::Json, b"[1]").unwrap().to_vec();
    bytes.extend_from_slice(b"[1]");
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Frame::read_data(&damaged), None, "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert_eq!(Frame::read_data(&bytes[..length]), None, "cut to {length}");
    }
    bytes.push(0);
    assert_eq!(Frame::read_data(&bytes), None);
}
