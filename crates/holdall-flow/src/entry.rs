//! An entry: what is said of a kept result, and behind it the frame of the value.
//!
//! ```text
//! C1 65 | version 0 | 0 | length of the front's frame, u32 | the front's frame | the value's frame
//! ```
//!
//! The front's frame is signed as a workflow's, for one workflow, name and key, and its payload is the JSON
//! of a [`Said`]. That holds length and BLAKE3 of the value's frame, so that one signature vouches for all
//! of it, and what is said can be read without the value. The value's frame is one like any other, with a
//! signature of its own where it is active: so a reader with other keys may still have the data in it.

use std::fmt;

use holdall_frame::{Frame, Header, Purpose, Signer};
use holdall_store::{Keyring, Trust};
use holdall_types::{Codec, Error, ErrorKind, Result};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an entry begins with: as a frame's magic a byte that UTF-8 never uses, then another one.
pub const MAGIC: [u8; 2] = [0xC1, 0x65];

/// How many bytes must be there to say how long the front is.
pub const PREFIX: usize = 8;

const VERSION: u8 = 0;

/// More parts and items than anything has.
const LONGEST_FRONT: usize = 1 << 26;

/// What is said of a kept result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The workflow that keeps it.
    pub workflow: String,
    /// The node's name.
    pub name: String,
    /// The fingerprint in hexadecimal digits; empty where the name alone is the key.
    pub key: String,
    /// The digest of the value.
    pub result: Option<String>,
    /// The digests of its items.
    pub items: Pairs,
    /// What the fingerprint was made of.
    pub parts: Pairs,
    /// How long it took to compute.
    pub seconds: f64,
    /// When it was kept, in milliseconds since the Unix epoch.
    pub created: u64,
    /// The folder of its side data, if it has any.
    pub side: Option<String>,
    /// The length of the value's frame.
    pub size: u64,
    /// The BLAKE3 of the value's frame in hexadecimal digits.
    pub hash: String,
}

/// A map that keeps its order, for people who read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(pub Vec<(String, String)>);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Whose entry is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// The workflow.
    pub workflow: &'a str,
    /// The node's name.
    pub name: &'a str,
    /// The fingerprint, if any one will not do.
    pub key: Option<&'a str>,
}

impl fmt::Display for Whose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the entry of {:?} in the workflow {:?}", self.name, self.workflow)
    }
}

/// The beginning of an entry that was read.
#[derive(Debug)]
pub struct Front {
    /// What is said.
    pub said: Said,
    /// Where the value's frame begins.
    pub length: usize,
    /// Why nobody here vouches for it: it is signed with a key that the keyset does not hold. Then the value
    /// must stand for itself.
    pub doubt: Option<Error>,
}

impl Front {
    /// Whether the whole entry is as long as it says.
    ///
    /// # Errors
    /// `CorruptFrame` when not.
    pub fn check_length(&self, whole: u64) -> Result<()> {
        if whole.checked_sub(self.length as u64) == Some(self.said.size) {
            return Ok(());
        }
        Err(damaged("it is not as long as it says"))
    }
}

impl Said {
    /// Whose entry this is said of.
    #[must_use]
    pub fn whose(&self) -> Whose<'_> {
        Whose { workflow: &self.workflow, name: &self.name, key: Some(&self.key) }
    }

    /// Takes the measure of the value's frame.
    pub fn measure(&mut self, frame: &[u8]) {
        self.size = frame.len() as u64;
        self.hash = blake3::hash(frame).to_hex().to_string();
    }

    /// Whether these bytes are the value's frame.
    ///
    /// # Errors
    /// `CorruptFrame` when not.
    pub fn check(&self, frame: &[u8]) -> Result<()> {
        if frame.len() as u64 == self.size && blake3::hash(frame).to_hex().as_str() == self.hash {
            return Ok(());
        }
        Err(damaged("its value is not what was written"))
    }

    /// The bytes before the value's frame.
    ///
    /// # Errors
    /// `Validation` without a keyset to sign it, and for a time that is no number.
    pub fn front(&self, keyring: &Keyring) -> Result<Vec<u8>> {
        if !self.seconds.is_finite() {
            let message = format!("seconds={} is no time; give how long it took", self.seconds);
            return Err(Error::new(ErrorKind::Validation, message));
        }
        let payload = serde_json::to_vec(self).map_err(|error| {
            Error::new(ErrorKind::Serialization, "what is said of a result").caused_by(error)
        })?;
        let keyset =
            keyring.for_signing().map_err(|error| error.context("what a workflow keeps is signed"))?;
        let context = self.context();
        let signer = Signer { keyset: &keyset, purpose: Purpose::Workflow, context: &context };
        let head = Header::plain(Codec::Json).write(&payload, Some(&signer))?;
        let length = head.len() + payload.len();
        let short = u32::try_from(length).ok().filter(|_| length <= LONGEST_FRONT);
        let short = short.ok_or_else(|| {
            let message =
                format!("what is said of a result takes {length} bytes; {LONGEST_FRONT} is the most");
            Error::new(ErrorKind::LimitExceeded, message)
        })?;
        let mut front = Vec::with_capacity(PREFIX + length);
        front.extend_from_slice(&MAGIC);
        front.extend_from_slice(&[VERSION, 0]);
        front.extend_from_slice(&short.to_le_bytes());
        front.extend_from_slice(&head);
        front.extend_from_slice(&payload);
        Ok(front)
    }

    fn context(&self) -> Vec<u8> {
        [&self.workflow, &self.name, &self.key].map(String::as_str).join("\0").into_bytes()
    }
}

/// How long the front is, by the first bytes of an entry.
///
/// # Errors
/// `NotAFrame` for what is no entry; `CorruptFrame` for what cannot be one; `UnsupportedVersion`.
pub fn length_of(start: &[u8]) -> Result<usize> {
    if start.first_chunk() != Some(&MAGIC) {
        let message = "it does not begin as an entry of a workflow; something else wrote it";
        return Err(Error::new(ErrorKind::NotAFrame, message));
    }
    let Some([_, _, version, reserved, length @ ..]) = start.first_chunk::<PREFIX>() else {
        return Err(damaged("it ends before it says anything"));
    };
    if *version != VERSION {
        let message = format!("it is of version {version} and this holdall reads {VERSION}; upgrade it");
        return Err(Error::new(ErrorKind::UnsupportedVersion, message));
    }
    match usize::try_from(u32::from_le_bytes(*length)) {
        Ok(length) if length <= LONGEST_FRONT && *reserved == 0 => Ok(PREFIX + length),
        _ => Err(damaged("its first bytes are impossible")),
    }
}

/// Reads what is said at the beginning of an entry, if a key of the keyring signed it for whoever is
/// asked about.
///
/// # Errors
/// Those of [`length_of`] and of a frame; `UntrustedPayload` for one that nobody here signed, or that was
/// written for another place than this one.
pub fn read(start: &[u8], whose: Whose<'_>, keyring: &Keyring, trust: Trust) -> Result<Front> {
    let length = length_of(start)?;
    let bytes = start.get(PREFIX..length).ok_or_else(|| damaged("it ends in what is said of it"))?;
    let frame = Frame::read(bytes)?;
    let said: Said = serde_json::from_slice(frame.payload).map_err(|error| unreadable(&error))?;
    let doubt = match trust {
        Trust::All => None,
        Trust::Keyset => match keyring.vouch_for(&frame, Purpose::Workflow, &said.context()) {
            Ok(()) => None,
            Err(error) if error.kind() == ErrorKind::UnknownKey => Some(error),
            Err(error) => return Err(error),
        },
    };
    let asked = said.workflow == whose.workflow && said.name == whose.name;
    if !asked || whose.key.is_some_and(|key| key != said.key) {
        let message = format!(
            "it was written for {:?} in the workflow {:?} under another key or name, and moved here; remove it",
            said.name, said.workflow
        );
        return Err(Error::new(ErrorKind::UntrustedPayload, message));
    }
    Ok(Front { said, length, doubt })
}

/// What an entry says, on nobody's word: for whoever checks it against its place.
///
/// # Errors
/// Those of [`length_of`] and of a frame.
pub fn said_in(start: &[u8]) -> Result<Said> {
    let frame = Frame::read(start.get(PREFIX..length_of(start)?).unwrap_or_default())?;
    serde_json::from_slice(frame.payload).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Error {
    damaged(&format!("what is said of it cannot be read ({error})"))
}

/// An entry that cannot be what was written.
#[must_use]
pub fn damaged(what: &str) -> Error {
    let message = format!("{what}: bytes were changed, lost or added; keep the result again");
    Error::new(ErrorKind::CorruptFrame, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdall_frame::Keyset;

    fn ring() -> Keyring {
        Keyring::new(Some(Keyset::generate().unwrap().to_text()))
    }

    fn said() -> Said {
        let pair = |name: &str| (name.to_owned(), "0".to_owned());
        let mut said = Said {
            workflow: "flow".into(),
            name: "a/b".into(),
            key: "ab".repeat(32),
            result: Some("cd".into()),
            items: Pairs(vec![pair("1")]),
            parts: Pairs(vec![pair("z"), pair("a")]),
            seconds: 0.25,
            created: 1,
            side: None,
            size: 0,
            hash: String::new(),
        };
        said.measure(b"the frame");
        said
    }

    #[test]
    fn what_is_said_comes_back_in_order() {
        let (ring, said) = (ring(), said());
        let mut bytes = said.front(&ring).unwrap();
        let length = bytes.len();
        bytes.extend_from_slice(b"the frame");
        let front = read(&bytes, said.whose(), &ring, Trust::Keyset).unwrap();
        assert_eq!((front.said, front.length), (said, length));
        assert!(front.doubt.is_none());
    }

    #[test]
    fn no_bit_and_no_cut_goes_unseen() {
        let (ring, said) = (ring(), said());
        let whole = said.front(&ring).unwrap();
        for trust in [Trust::Keyset, Trust::All] {
            for bit in 0..whole.len() * 8 {
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(read(&bytes, said.whose(), &ring, trust).is_err(), "bit {bit}");
            }
            for length in 0..whole.len() {
                assert!(read(&whole[..length], said.whose(), &ring, trust).is_err(), "length {length}");
            }
        }
        for frame in [&b"the framf"[..], b"the fram", b"the frame.", b""] {
            assert_eq!(said.check(frame).unwrap_err().kind(), ErrorKind::CorruptFrame);
        }
        said.check(b"the frame").unwrap();
    }

    #[test]
    fn an_entry_belongs_to_its_place() {
        let (ring, said) = (ring(), said());
        let whole = said.front(&ring).unwrap();
        for asked in [
            Whose { workflow: "other", ..said.whose() },
            Whose { name: "other", ..said.whose() },
            Whose { key: Some(""), ..said.whose() },
        ] {
            for trust in [Trust::Keyset, Trust::All] {
                let error = read(&whole, asked, &ring, trust).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UntrustedPayload);
            }
        }
        read(&whole, Whose { key: None, ..said.whose() }, &ring, Trust::Keyset).unwrap();
    }

    #[test]
    fn a_stranger_is_doubted_and_a_forger_refused() {
        let (ring, stranger, mine) = (ring(), ring(), said());
        let front = read(&mine.front(&stranger).unwrap(), mine.whose(), &ring, Trust::Keyset).unwrap();
        assert_eq!(front.doubt.unwrap().kind(), ErrorKind::UnknownKey);
        // Signed by a key of ours, but as a value.
        let payload = serde_json::to_vec(&mine).unwrap();
        let keyset = ring.for_signing().unwrap();
        let context = mine.context();
        let signer = Signer { keyset: &keyset, purpose: Purpose::Value, context: &context };
        let head = Header::plain(Codec::Json).write(&payload, Some(&signer)).unwrap();
        let mut forged = vec![MAGIC[0], MAGIC[1], 0, 0];
        forged.extend_from_slice(&u32::try_from(head.len() + payload.len()).unwrap().to_le_bytes());
        forged.extend_from_slice(&head);
        forged.extend_from_slice(&payload);
        let error = read(&forged, mine.whose(), &ring, Trust::Keyset).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UntrustedPayload);
        assert!(read(&forged, mine.whose(), &ring, Trust::All).is_ok());
    }

    #[test]
    fn only_numbers_are_times() {
        let said = Said { seconds: f64::NAN, ..said() };
        assert_eq!(said.front(&ring()).unwrap_err().kind(), ErrorKind::Validation);
    }
}
