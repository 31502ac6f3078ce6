//! Keys: what a value is stored under.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_KEY;

/// A checked key: non-empty UTF-8, segments parted by `/`, no empty segment, no `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a>(Cow<'a, str>);

impl<'a> Key<'a> {
    /// Checks a key as users write it. `.` segments, doubled and trailing slashes are dropped,
    /// so that `./a//b/` is `a/b`, as in a path.
    ///
    /// # Errors
    /// `Validation` when the key is empty, absolute, has a scheme (`s3://..`), a `..` segment or
    /// a NUL byte, or is longer than [`MAX_KEY`] bytes.
    pub fn new(key: &'a str) -> Result<Self> {
        if key.len() > MAX_KEY {
            let start: String = key.chars().take(40).collect();
            let length = key.len();
            return Err(invalid(&format!("{start}…"), &format!("has {length} bytes; {MAX_KEY} is the most")));
        }
        if key.starts_with('/') {
            return Err(invalid(key, "is absolute; keys are relative to the store, so drop the leading '/'"));
        }
        let bytes = key.as_bytes();
        if bytes.contains(&0) {
            return Err(invalid(key, "has a NUL character, which no file system keeps"));
        }
        if bytes.contains(&b':') && has_scheme(key) {
            return Err(invalid(key, "is a URI; give the URI to get_store() and the rest as the key"));
        }
        let mut untidy = false;
        for segment in key.split('/') {
            match segment {
                ".." => return Err(invalid(key, "has a '..' segment, which would leave the store")),
                "" | "." => untidy = true,
                _ => {}
            }
        }
        if !untidy {
            return Ok(Self(Cow::Borrowed(key)));
        }
        let tidy: Vec<&str> = key.split('/').filter(|s| !matches!(*s, "" | ".")).collect();
        if tidy.is_empty() {
            return Err(invalid(key, "is empty; give the value a name"));
        }
        Ok(Self(Cow::Owned(tidy.join("/"))))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same key, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Key<'static> {
        Key(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

fn invalid(key: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Validation, format!("the key {key:?} {reason}"))
}

fn has_scheme(key: &str) -> bool {
    key.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_and_odd_keys_are_kept_as_they_are() {
        for key in ["a", "a/b", "a b", " ", "ü/é", "?#%", "a.b", "..a", "a..", "~", "C:", "a:b", "-"] {
            assert_eq!(Key::new(key).unwrap().as_str(), key);
        }
    }

    #[test]
    fn dots_and_extra_slashes_are_dropped() {
        for key in ["./a/b", "a//b", "a/b/", "a/./b/."] {
            assert_eq!(Key::new(key).unwrap().as_str(), "a/b");
        }
    }

    #[test]
    fn keys_that_leave_the_store_are_refused() {
        let long = "x".repeat(MAX_KEY + 1);
        for key in ["", ".", "./", "/a", "..", "a/../b", "../a", "s3://b/k", "a\0b", &long] {
            assert_eq!(Key::new(key).unwrap_err().kind(), ErrorKind::Validation, "{key:?}");
        }
    }
}
