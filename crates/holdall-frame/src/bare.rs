//! The bare rule: which payloads may be kept without a header, and how bytes without one are read.
//!
//! Only what the rule reads back exactly is ever written bare; everything else gets a frame.

use holdall_types::Codec;

use crate::MAGIC;

/// Whether the bytes begin as a frame, so that they must be read as one.
#[must_use]
pub fn has_magic(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Whether a payload may be kept without a header: [`codec_of`] then gives back its codec.
///
/// The payload is taken to be what its codec writes: `Text` is UTF-8, `Json` has no leading
/// blank. A JSON number, string, `true` or `null` is not bare, since it would come back as text.
#[must_use]
pub fn may_write(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Text => !payload.is_empty() && !opens_json(payload),
        Codec::Json => opens_json(payload),
        // Bytes that open like JSON would be read as JSON, and refused, even if they are not UTF-8.
        Codec::Raw => !has_magic(payload) && !opens_json(payload) && std::str::from_utf8(payload).is_err(),
        Codec::Cbor | Codec::Pickle => false,
    }
}

/// The codec with which bytes that have no header and do not [begin as a frame](has_magic) are
/// read. For `Json` the reader then demands one strict document.
#[must_use]
pub fn codec_of(bytes: &[u8]) -> Codec {
    if bytes.is_empty() {
        Codec::Raw
    } else if opens_json(bytes) {
        Codec::Json
    } else if std::str::from_utf8(bytes).is_ok() {
        Codec::Text
    } else {
        Codec::Raw
    }
}

fn opens_json(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'{' | b'['))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_may_be_bare() {
        for (codec, payload, bare) in [
            (Codec::Text, &b"hello"[..], true),
            (Codec::Text, b" {", true),
            (Codec::Text, b"1", true),
            (Codec::Text, b"\xEF\xBB\xBFa", true),
            (Codec::Text, b"", false),
            (Codec::Text, b"{", false),
            (Codec::Text, b"[x", false),
            (Codec::Json, b"{}", true),
            (Codec::Json, b"[1]", true),
            (Codec::Json, b"1", false),
            (Codec::Json, b"null", false),
            (Codec::Json, b"\"a\"", false),
            (Codec::Json, b"", false),
            (Codec::Raw, b"\xFF", true),
            (Codec::Raw, b"\xC1", true),
            (Codec::Raw, b"\xC1\x48", false),
            (Codec::Raw, b"\xC1\x48\x00\x00", false),
            (Codec::Raw, b"{\xFF", false),
            (Codec::Raw, b"[\xFF", false),
            (Codec::Raw, b"abc", false),
            (Codec::Raw, b"", false),
            (Codec::Cbor, b"\xFF", false),
            (Codec::Pickle, b"\x80\x05N.", false),
        ] {
            assert_eq!(may_write(codec, payload), bare, "{codec:?} {payload:?}");
        }
    }

    #[test]
    fn how_foreign_bytes_are_read() {
        for (bytes, codec) in [
            (&b""[..], Codec::Raw),
            (b"{", Codec::Json),
            (b"[\xFF", Codec::Json),
            (b" []", Codec::Text),
            (b"12", Codec::Text),
            ("\u{FEFF}{}".as_bytes(), Codec::Text),
            (b"\x80\x05N.", Codec::Raw),
            (b"\xED\xA0\x80", Codec::Raw),
        ] {
            assert_eq!(codec_of(bytes), codec, "{bytes:?}");
        }
    }

    /// A payload as its codec could write it, at least as odd as real ones at its first bytes.
    fn payload() -> impl Strategy<Value = (Codec, Vec<u8>)> {
        let start = prop::sample::select(vec![&b""[..], b"{", b"[", b"\xC1\x48", b"\xC1", b" ", b"\xFF"]);
        let raw = (start, any::<Vec<u8>>()).prop_map(|(start, rest)| [start, &rest].concat());
        let document = prop_oneof!["[\\[{][ -~]{0,20}", "-?[0-9]{1,20}", "\"[a-z]{0,9}\"", "null|true|false"];
        prop_oneof![
            raw.clone().prop_map(|bytes| (Codec::Raw, bytes)),
            raw.clone().prop_map(|bytes| (Codec::Cbor, bytes)),
            raw.prop_map(|bytes| (Codec::Pickle, bytes)),
            "[\\[{ ]?\\PC{0,20}".prop_map(|text| (Codec::Text, text.into_bytes())),
            document.prop_map(|text| (Codec::Json, text.into_bytes())),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn what_is_written_bare_is_read_back_with_its_codec((codec, payload) in payload()) {
            if may_write(codec, &payload) {
                prop_assert!(!has_magic(&payload));
                prop_assert_eq!(codec_of(&payload), codec);
            }
        }
    }
}
