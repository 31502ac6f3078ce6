//! The name of a value's folder, in the value.

use holdall_types::{Error, ErrorKind, Result};

/// How the pickle of the references begins: protocol 5, a frame of some length, a tuple of the marker,
/// the layout's version, and a text of 16 bytes, which is the token.
const START: [u8; 3] = [0x80, 5, 0x95];
const LENGTH: usize = 8;
const MARKER: &[u8] = b"(\x8c\x0eholdall.beside\x94K\x01\x8c\x10";
const TOKEN: usize = 16;

/// The folder that the pickle of a value refers to; `None` of one that refers to nothing beside it. A
/// stranger's bytes may say so without meaning it.
#[must_use]
pub fn token_of(payload: &[u8]) -> Option<&str> {
    let rest = payload.strip_prefix(&START)?.get(LENGTH..)?.strip_prefix(MARKER)?;
    let token = rest.get(..TOKEN)?;
    std::str::from_utf8(token).ok().filter(|token| is_token(token))
}

/// The same pickle, referring to another folder.
pub fn set_token(payload: &mut [u8], token: &str) {
    let at = START.len() + LENGTH + MARKER.len();
    if token_of(payload).is_some()
        && let Some(place) = payload.get_mut(at..at + TOKEN)
        && place.len() == token.len()
    {
        place.copy_from_slice(token.as_bytes());
    }
}

/// Whether this may be the name of a folder: what is not is nobody's of ours.
pub(super) fn is_token(name: &str) -> bool {
    is_hex(name, TOKEN)
}

pub(super) fn is_hex(name: &str, length: usize) -> bool {
    name.len() == length && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A name that nobody has had.
pub(super) fn new_token() -> Result<String> {
    let number = getrandom::u64().map_err(|error| {
        Error::new(ErrorKind::Backend, "the system gives no random numbers").caused_by(error.to_string())
    })?;
    Ok(format!("{number:016x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_at_its_place() {
        let pickle =
            b"\x80\x05\x95\x2c\0\0\0\0\0\0\0(\x8c\x0eholdall.beside\x94K\x01\x8c\x100123456789abcdef\x94].";
        assert_eq!(token_of(pickle), Some("0123456789abcdef"));
        for cut in [0, 3, 11, 20, 45] {
            assert_eq!(token_of(&pickle[..cut]), None, "{cut}");
        }
        let mut other = pickle.to_vec();
        set_token(&mut other, "fedcba9876543210");
        assert_eq!(token_of(&other), Some("fedcba9876543210"));
        let mut upper = pickle.to_vec();
        upper[40] = b'G';
        assert_eq!(token_of(&upper), None);
    }
}
