//! What a file's beginning says to the backend: until when, and whose value it is.

use std::fs::File;
use std::io::{self, Read};

use holdall_frame::{Header, Table};
use holdall_types::{Error, ErrorKind, Result};

use super::path::Place;

/// The header that bytes begin with and its length, or `None` if they do not begin as a frame.
pub(super) fn header(start: &[u8]) -> Result<Option<(Header, usize)>> {
    Header::read(start)
}

/// The segments that a frame announces, and how long its header is; `None` without any.
pub(super) fn table(start: &[u8]) -> Option<(Table, usize)> {
    let (header, length) = header(start).ok()??;
    Some((header.table?, length))
}

/// Most headers are far shorter; the longest are those that hold a key, or tell of many segments.
const FIRST_READ: usize = 4 * 1024;
const LAST_READ: usize = 4 * 1024 * 1024;
const BODY_IN_HEAD: usize = 64;

/// The beginning of a file: at least the whole header, and a little of what follows.
pub(super) fn start_of(file: &mut File) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    let mut wanted = FIRST_READ;
    loop {
        let missing = wanted.saturating_sub(start.len());
        let read = file.take(missing as u64).read_to_end(&mut start)?;
        let enough = match header(&start) {
            Ok(None) => true,
            Ok(Some((_, length))) => {
                wanted = length + BODY_IN_HEAD;
                start.len() >= wanted
            }
            Err(_) => {
                let enough = wanted >= LAST_READ;
                wanted *= 32;
                enough
            }
        };
        if enough || read < missing {
            return Ok(start);
        }
    }
}

/// Whether these bytes are a value of this key now: `false` if it expired.
///
/// A damaged header makes no difference where the place tells the key: whoever reads the value
/// will be told; where only the header tells it, nothing is known without it.
pub(super) fn is_live(key: &str, place: &Place<'_>, start: &[u8], now: u64) -> Result<bool> {
    let header = match header(start) {
        Ok(header) => header.map(|(header, _)| header),
        Err(_) if !place.hashed() => return Ok(true),
        Err(error) => return Err(error),
    };
    let named = header.as_ref().and_then(|header| header.key.as_deref());
    if named.map_or(place.hashed(), |named| named != key) {
        let path = place.path();
        let message = format!("the file {path} does not say that it is this key's; write the value again");
        return Err(Error::new(ErrorKind::CorruptFrame, message));
    }
    Ok(header.and_then(|header| header.expires).is_none_or(|expires| expires > now))
}
