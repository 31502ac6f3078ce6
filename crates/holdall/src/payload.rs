//! Values as frames, and back.

use holdall_frame::{Frame, Header};
use holdall_types::{Codec, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::builder::Builder;
use crate::fault::Fault;
use crate::value::Value;
use crate::{deserialize, serialize, write};

/// The frame of a value: what Python's `dumps` gives for the same one.
///
/// ```
/// let bytes = holdall::to_vec("hello")?; // Python: loads(bytes) == "hello"
/// assert!(bytes.ends_with(b"hello"));
/// # Ok::<(), holdall::Error>(())
/// ```
///
/// # Errors
/// `Serialization` for what no reader would get back (a key that stands in its map twice, a map as a key)
/// and for what the value's own `Serialize` refuses; `LimitExceeded` for more than
/// [`MAX_DEPTH`](crate::MAX_DEPTH) levels.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let (codec, payload) = encode(value)?;
    let mut bytes = Header::plain(codec).write(&payload, None)?;
    bytes.try_reserve_exact(payload.len())?;
    bytes.extend_from_slice(&payload);
    Ok(bytes)
}

/// The value of a frame, whichever side wrote it.
///
/// ```
/// let bytes = holdall::to_vec(&[1.5, f64::NEG_INFINITY])?; // Python: dumps([1.5, -inf])
/// assert_eq!(holdall::from_slice::<Vec<f64>>(&bytes)?, [1.5, f64::NEG_INFINITY]);
///
/// let error = holdall::from_slice::<Vec<i32>>(&bytes).unwrap_err();
/// assert!(error.to_string().starts_with("$[0]: invalid type: floating point `1.5`, expected i32"));
/// # Ok::<(), holdall::Error>(())
/// ```
///
/// # Errors
/// Those of the frame (`NotAFrame`, `CorruptFrame`, `UnsupportedVersion`); `UnknownKey` for a sealed one;
/// `Serialization` for a pickle and
/// for whatever does not fit the type, with the path to it; `LimitExceeded` for more than
/// [`MAX_DEPTH`](crate::MAX_DEPTH) levels.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let frame = Frame::read(bytes)?;
    decode(&frame.header, frame.payload)
}

/// The first codec that holds the value exactly, and its payload.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<(Codec, Vec<u8>)> {
    Ok(match serialize::tree(value)? {
        Value::Text(text) => (Codec::Text, text.into_bytes()),
        Value::Bytes(bytes) => (Codec::Raw, bytes),
        value => match write::json(&value)? {
            Some(payload) => (Codec::Json, payload),
            None => (Codec::Cbor, write::cbor(&value)?),
        },
    })
}

/// The value of a payload.
pub(crate) fn decode<T: DeserializeOwned>(header: &Header, payload: &[u8]) -> Result<T> {
    if header.sealed.is_some() {
        let reason = "the value is sealed, and nothing here has a keyset to open it; open it by `Frame::open`, or \
                      read it from Python";
        return Err(Fault::new(ErrorKind::UnknownKey, reason).into());
    }
    let tree = match header.codec {
        Codec::Raw => Value::Bytes(payload.into()),
        Codec::Text => match str::from_utf8(payload) {
            Ok(text) => Value::Text(text.into()),
            Err(error) => {
                let reason = format!("the text is not UTF-8: {error}; write the value again");
                return Err(Fault::new(ErrorKind::Serialization, reason).into());
            }
        },
        Codec::Json => Builder::json(payload)?,
        Codec::Cbor => Builder::cbor(payload)?,
        Codec::Pickle => {
            let reason = "the value is a pickle, which only Python reads; write it from Python as data: str, \
                          numbers, lists, dicts";
            return Err(Fault::new(ErrorKind::Serialization, reason).into());
        }
    };
    Ok(deserialize::value(&tree)?)
}
