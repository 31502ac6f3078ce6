//! The keyset: its text, its rules, and that no secret shows where it should not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;

use common::read_text;
use holdall_frame::{Frame, Header, KeyId, Keyset, Purpose, Signer};
use holdall_types::{Codec, ErrorKind};

const OLDER: KeyId = KeyId(0x5EED_0001);
const DISABLED: KeyId = KeyId(0x00C0_FFEE);

fn golden() -> Keyset {
    common::golden_keyset()
}

#[test]
fn a_keyset_is_read() {
    let keyset = golden();
    assert_eq!(keyset.primary().id, KeyId(0x9F86_D081));
    let states: Vec<_> = keyset.keys().iter().map(|key| (key.id.to_string(), key.enabled)).collect();
    let expected = [("9f86d081", true), ("5eed0001", true), ("00c0ffee", false)];
    assert_eq!(states, expected.map(|(id, enabled)| (id.to_owned(), enabled)));
    assert!(keyset.get(KeyId(1)).is_none());
}

#[test]
fn a_keyset_may_be_one_line_of_json_with_its_fields_in_any_order() {
    let value: serde_json::Value = serde_json::from_str(&read_text("keyset.json")).unwrap();
    let keyset = Keyset::parse(&value.to_string()).unwrap();
    assert_eq!(keyset.to_text(), golden().to_text());
}

#[test]
fn generated_keysets_differ_and_survive_their_text() {
    let (a, b) = (Keyset::generate().unwrap(), Keyset::generate().unwrap());
    assert_ne!(a.to_text(), b.to_text());
    let signer = Signer { keyset: &a, purpose: Purpose::Task, context: b"1" };
    let bytes = [Header::plain(Codec::Pickle).write(b"N.", Some(&signer)).unwrap(), b"N.".to_vec()].concat();
    let copy = Keyset::parse(&a.to_text()).unwrap();
    Frame::read(&bytes).unwrap().verify(&Signer { keyset: &copy, ..signer }).unwrap();
}

#[test]
fn rotation_keeps_old_frames_until_their_key_is_disabled() {
    let mut keyset = Keyset::generate().unwrap();
    let old = keyset.primary().id;
    let signed = |keyset: &Keyset| {
        let signer = Signer { keyset, purpose: Purpose::Value, context: b"" };
        [Header::plain(Codec::Pickle).write(b"N.", Some(&signer)).unwrap(), b"N.".to_vec()].concat()
    };
    let check = |keyset: &Keyset, bytes: &[u8]| {
        let signer = Signer { keyset, purpose: Purpose::Value, context: b"" };
        Frame::read(bytes).unwrap().verify(&signer).err().map(|error| error.kind())
    };
    let first = signed(&keyset);
    let new = keyset.add_generated().unwrap();
    assert_eq!(keyset.primary().id, old);
    keyset.promote(new).unwrap();
    let second = signed(&keyset);
    assert_eq!(Frame::read(&second).unwrap().header.signed.unwrap().key_id, new);
    assert_eq!((check(&keyset, &first), check(&keyset, &second)), (None, None));
    keyset.set_enabled(old, false).unwrap();
    assert_eq!((check(&keyset, &first), check(&keyset, &second)), (Some(ErrorKind::UnknownKey), None));
    let keyset = Keyset::parse(&keyset.to_text()).unwrap();
    assert_eq!((check(&keyset, &first), check(&keyset, &second)), (Some(ErrorKind::UnknownKey), None));
}

#[test]
fn the_primary_stays_enabled() {
    let mut keyset = golden();
    let primary = keyset.primary().id;
    assert_eq!(keyset.set_enabled(primary, false).unwrap_err().kind(), ErrorKind::Validation);
    assert_eq!(keyset.promote(DISABLED).unwrap_err().kind(), ErrorKind::Validation);
    assert_eq!(keyset.promote(KeyId(1)).unwrap_err().kind(), ErrorKind::UnknownKey);
    assert_eq!(keyset.set_enabled(KeyId(1), true).unwrap_err().kind(), ErrorKind::UnknownKey);
    assert_eq!(keyset.to_text(), golden().to_text());
    keyset.promote(OLDER).unwrap();
    keyset.set_enabled(primary, false).unwrap();
    assert_eq!(Keyset::parse(&keyset.to_text()).unwrap().primary().id, OLDER);
}

#[test]
fn a_bad_keyset_is_refused_without_a_word_of_its_secrets() {
    let text = read_text("keyset.json");
    let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    assert!(text.contains(secret));
    for (from, to, kind) in [
        ("\"version\": 0", "\"version\": 1", ErrorKind::UnsupportedVersion),
        ("\"version\": 0", "\"version\": -1", ErrorKind::Validation),
        ("\"version\": 0,", "", ErrorKind::Validation),
        ("holdall keyset", "some keyset", ErrorKind::Validation),
        ("\"primary\": \"9f86d081\"", "\"primary\": \"00000001\"", ErrorKind::Validation),
        ("\"primary\": \"9f86d081\"", "\"primary\": \"00c0ffee\"", ErrorKind::Validation),
        ("\"primary\": \"9f86d081\"", "\"primary\": \"+f86d081\"", ErrorKind::Validation),
        ("\"id\": \"5eed0001\"", "\"id\": \"9f86d081\"", ErrorKind::Validation),
        ("\"id\": \"5eed0001\"", "\"id\": \"9F86D081\"", ErrorKind::Validation),
        ("\"id\": \"9f86d081\"", &format!("\"id\": \"{secret}\""), ErrorKind::Validation),
        ("\"state\": \"enabled\"", "\"state\": \"on\"", ErrorKind::Validation),
        ("\"state\": \"disabled\"", &format!("\"state\": \"{secret}\""), ErrorKind::Validation),
        ("\"state\": \"disabled\"", "\"sate\": \"disabled\"", ErrorKind::Validation),
        ("\"secret\"", &format!("\"{secret}\": 1, \"secret\""), ErrorKind::Validation),
        (secret, "AAECAwQF", ErrorKind::Validation),
        (secret, "not base64!", ErrorKind::Validation),
        ("]\n}", "]\n} x", ErrorKind::Validation),
        ("{\n", "", ErrorKind::Validation),
    ] {
        let bad = text.replace(from, to);
        assert_ne!(bad, text);
        let error = Keyset::parse(&bad).expect_err(to);
        assert_eq!(error.kind(), kind, "{to}: {error}");
        assert!(!format!("{error:?}").contains(&secret[..8]), "{error:?}");
    }
    for text in ["", "{}", "[]", "null", "/home/me/keyset.json"] {
        assert_eq!(Keyset::parse(text).unwrap_err().kind(), ErrorKind::Validation, "{text:?}");
    }
}

#[test]
fn debug_shows_no_secret() {
    assert_eq!(format!("{:?}", golden().keys()[2]), "KeyEntry(00c0ffee disabled)");
    let shown = format!("{:?}", golden());
    assert!(!shown.contains("secret") && !shown.contains("[0, 1, 2") && !shown.contains("subkey"), "{shown}");
}

#[test]
fn key_ids_are_eight_hexadecimal_digits() {
    assert_eq!("9f86d081".parse::<KeyId>().unwrap(), KeyId(0x9F86_D081));
    assert_eq!("000000aF".parse::<KeyId>().unwrap().to_string(), "000000af");
    for text in ["", "9f86d08", "9f86d0811", "+f86d081", "9f86d08g", "0x9f86d0", "9f86d0é"] {
        assert_eq!(text.parse::<KeyId>().unwrap_err().kind(), ErrorKind::Validation, "{text:?}");
    }
}
