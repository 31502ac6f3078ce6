//! The name of a file for the name of a workflow or a node: a pure function, and a format.
//!
//! A name stands for itself where it can. Else it is `=` and its bytes, those that might mean something to a
//! disk as `%` and two digits; and where that is too long, `=#` and its BLAKE3. What begins with a dot is
//! the storage's own, and `@` parts a name from a key.

use std::fmt::Write as _;

/// So long that a key behind it still fits into the 255 bytes that disks take.
const LONGEST: usize = 180;

const ESCAPED: char = '=';
const HASHED: &str = "=#";

/// What a file's name says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The name itself.
    Name(String),
    /// The name's hash: the entry says it.
    Hash,
}

/// The name of the file.
#[must_use]
pub fn file_of(name: &str) -> String {
    if is_plain(name) {
        return name.to_owned();
    }
    let mut file = String::from(ESCAPED);
    for byte in name.bytes() {
        if matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-') || (byte == b'.' && file.len() > 1) {
            file.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(file, "%{byte:02x}");
        }
    }
    if file.len() > LONGEST {
        return format!("{HASHED}{}", blake3::hash(name.as_bytes()).to_hex());
    }
    file
}

/// Whose file it is, or `None` for one that is nobody's: our own, an older entry, or one that another
/// spelling made.
#[must_use]
pub fn name_of(file: &str) -> Option<Named> {
    if file.starts_with(HASHED) {
        return (file.len() == HASHED.len() + 64).then_some(Named::Hash);
    }
    let name = match file.strip_prefix(ESCAPED) {
        Some(rest) => unescape(rest)?,
        None => file.to_owned(),
    };
    (file_of(&name) == file).then_some(Named::Name(name))
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

fn is_plain(name: &str) -> bool {
    let ours = name.is_empty() || name.starts_with(['.', ESCAPED]) || name.contains(['/', '@']);
    if ours || name.len() > LONGEST {
        return false;
    }
    if cfg!(any(windows, target_vendor = "apple")) { survives_folding(name) } else { !name.contains(is_odd) }
}

fn is_odd(letter: char) -> bool {
    letter.is_ascii_control()
}

/// Whether a disk that folds case and spellings, or knows devices by their names, leaves it alone.
fn survives_folding(name: &str) -> bool {
    let plain =
        |byte| matches!(byte, b' '..=b'~') && !byte.is_ascii_uppercase() && !br#"<>:"|?*\~"#.contains(&byte);
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let device = match stem.as_bytes() {
        [b'c', b'o', b'm', digit] | [b'l', b'p', b't', digit] => digit.is_ascii_digit(),
        _ => matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$"),
    };
    name.bytes().all(plain) && !name.ends_with(['.', ' ']) && !device
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_one_file_and_comes_back() {
        let long = "x".repeat(300);
        let names = [
            "a", "f_0001", "a b", "A", "a", "ä", "", ".", "..", "a/b", "a@b", "=a", "=#", "a\0b", "\n",
            "%41", &long,
        ];
        let files: std::collections::BTreeSet<_> = names.iter().map(|name| file_of(name)).collect();
        assert_eq!(files.len(), names.len() - 1);
        for name in names {
            let file = file_of(name);
            assert!(
                file.len() <= LONGEST && !file.contains(['/', '@', '\0']) && !file.starts_with('.'),
                "{file}"
            );
            let whose = name_of(&file).unwrap();
            assert!(whose == Named::Name(name.to_owned()) || (whose == Named::Hash && name.len() > LONGEST));
        }
    }

    #[test]
    fn a_format() {
        for (name, file) in [
            ("load", "load"),
            ("", "="),
            (".", "=%2e"),
            ("..", "=%2e."),
            ("a/b", "=a%2fb"),
            ("a@1", "=a%401"),
            ("=", "=%3d"),
        ] {
            assert_eq!(file_of(name), file);
        }
        assert!(file_of(&"é".repeat(200)).starts_with(HASHED));
    }

    #[test]
    fn no_other_spelling_is_a_name() {
        for file in [".lock", "a@0123", "=a", "=%61", "=%2E", "=%", "=%zz", "=%ff", "=#12", ".tmp@1@2"] {
            assert_eq!(name_of(file), None, "{file}");
        }
    }

    #[test]
    fn what_other_disks_take() {
        assert!(survives_folding("load_0001.x"));
        for name in ["A", "é", "con", "nul.txt", "com1", "a.", "a ", "a:b", "a*"] {
            assert!(!survives_folding(name), "{name}");
        }
    }
}
