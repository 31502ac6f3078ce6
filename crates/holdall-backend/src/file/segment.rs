//! One segment of a key and the name it has on the disk (a format: `docs/format.md`).

use std::borrow::Cow;

/// What every name of the store's own begins with, and no other name.
pub(super) const RESERVED: &str = ".holdall";

/// What the name of an escaped segment begins with.
const ESCAPED: &str = ".holdall=";

/// What the disk makes of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// Names are bytes, and each stands for itself.
    Exact,
    /// Some names are forbidden, and some different names are one: `a` and `A`, the two spellings
    /// of `é`, `longname` and `longna~1`.
    Folding,
}

/// The name of a segment. It may be longer than a name can be.
pub(super) fn name_of(segment: &str, disk: Disk) -> Cow<'_, str> {
    if is_plain(segment, disk) { Cow::Borrowed(segment) } else { Cow::Owned(escape(segment)) }
}

/// The segment of a name, or `None` if it is not the name of any.
pub(super) fn segment_of(name: &str, disk: Disk) -> Option<Cow<'_, str>> {
    if is_plain(name, disk) {
        return Some(Cow::Borrowed(name));
    }
    let segment = unescape(name.strip_prefix(ESCAPED)?)?;
    // One segment, one name: another spelling of it stands for nothing.
    let sound = !matches!(segment.as_str(), "" | "." | "..") && !segment.contains(['/', '\0']);
    (sound && name_of(&segment, disk) == name).then_some(Cow::Owned(segment))
}

fn is_plain(segment: &str, disk: Disk) -> bool {
    !segment.starts_with(RESERVED) && (disk == Disk::Exact || survives_folding(segment))
}

fn survives_folding(segment: &str) -> bool {
    let plain =
        |byte| matches!(byte, b' '..=b'~') && !byte.is_ascii_uppercase() && !br#"<>:"|?*\~"#.contains(&byte);
    segment.bytes().all(plain) && !segment.ends_with(['.', ' ']) && !is_device(segment)
}

/// Windows opens a device for these names, whatever follows the first dot.
fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default().trim_end_matches(' ');
    match stem.as_bytes() {
        [b'c', b'o', b'm', digit] | [b'l', b'p', b't', digit] => digit.is_ascii_digit(),
        _ => matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$"),
    }
}

fn escape(segment: &str) -> String {
    let mut name = String::from(ESCAPED);
    for (at, byte) in segment.bytes().enumerate() {
        // Windows drops a final dot, so there is none.
        let last_dot = byte == b'.' && at + 1 == segment.len();
        if matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-') && !last_dot {
            name.push(char::from(byte));
        } else {
            // Small letters, so that folding the case of an escaped name changes nothing.
            name.push('%');
            name.extend([byte >> 4, byte & 0xF].map(|half| char::from_digit(half.into(), 16).unwrap_or('0')));
        }
    }
    name
}

fn unescape(rest: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(rest.len());
    let mut left = rest.bytes();
    while let Some(byte) = left.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut half = || char::from(left.next()?).to_digit(16);
        bytes.push(u8::try_from(half()? << 4 | half()?).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_names_are_segments() {
        for name in [
            ".holdall",
            ".holdall@value",
            ".holdall=",
            ".holdall=a",
            ".holdall=%61",
            ".holdall=.holdall%3D",
            ".holdall=.holdall%",
            ".holdall=.holdall%3",
            ".holdall=.holdall%zz",
            ".holdall=.holdall%ff",
            ".holdall=.holdall%2fa",
            ".holdall=.holdall%00",
            ".holdall=.holdall.",
            ".holdall=.",
            ".holdall=%2e",
            ".holdall=..",
            ".holdall=.%2e",
        ] {
            for disk in [Disk::Exact, Disk::Folding] {
                assert_eq!(segment_of(name, disk), None, "{name:?} on {disk:?}");
            }
        }
    }
}
