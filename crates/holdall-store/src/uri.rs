//! Which backend, and where.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdall_backend::{KeyValue, file, memory, sqlite};
use holdall_types::{Error, ErrorKind, Result};

use crate::store::Options;

/// Where a store is, as a backend and an absolute place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uri {
    /// In this process.
    Memory,
    /// A folder.
    File(PathBuf),
    /// A database file.
    Sqlite(PathBuf),
}

const KNOWN: &str = "use memory://, a folder (./data, /srv/data, file:///srv/data) or a database \
                     (sqlite:///data.db here, sqlite:////srv/data.db anywhere)";

impl Uri {
    /// Reads a URI as users write it. Relative places are taken from the working directory of now.
    ///
    /// # Errors
    /// `Validation` for a scheme that is not known or a place that is none.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() || text.contains('\0') {
            return Err(invalid(text, "names no place"));
        }
        let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
            if text.split_once(':').is_some_and(|(scheme, _)| matches!(scheme, "memory" | "file" | "sqlite"))
            {
                return Err(invalid(text, "has too few slashes"));
            }
            if text == "~" || text.starts_with("~/") {
                return Err(invalid(
                    text,
                    "begins with '~', which only a shell expands; give the folder itself",
                ));
            }
            return Ok(Self::File(absolute(Path::new(text))?));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "memory" if rest.is_empty() || rest == "/" => Ok(Self::Memory),
            "memory" => Err(invalid(text, "has a path, which a store in memory does not")),
            "file" => {
                let path = rest.strip_prefix("localhost").unwrap_or(rest);
                if !path.starts_with('/') {
                    return Err(invalid(text, "is not absolute"));
                }
                Ok(Self::File(absolute(Path::new(&decode(path, text)?))?))
            }
            "sqlite" => match rest.strip_prefix('/') {
                Some(":memory:") | Some("") => {
                    Err(invalid(text, "names no file; memory:// is the store in memory"))
                }
                Some(path) => Ok(Self::Sqlite(absolute(Path::new(path))?)),
                None => Err(invalid(text, "has too few slashes")),
            },
            _ => Err(invalid(text, "has a scheme that this version does not know")),
        }
    }

    /// The place on disk, if it has one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            Self::File(path) | Self::Sqlite(path) => Some(path),
        }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory://"),
            Self::File(path) => {
                f.write_str("file://")?;
                path.to_string_lossy().bytes().try_for_each(|byte| match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                        f.write_char(char::from(byte))
                    }
                    _ => write!(f, "%{byte:02X}"),
                })
            }
            Self::Sqlite(path) => write!(f, "sqlite:///{}", path.display()),
        }
    }
}

/// Opens the backend of a URI.
pub(crate) fn open(uri: &Uri, options: &Options) -> Result<Arc<dyn KeyValue>> {
    let Options { durability, busy_timeout, read_only, .. } = *options;
    Ok(match uri {
        Uri::Memory => Arc::new(memory::Memory::open()),
        Uri::File(root) => {
            Arc::new(file::Files::open(file::Options { root: root.clone(), durability, busy_timeout })?)
        }
        Uri::Sqlite(path) => {
            let path = path.clone();
            Arc::new(sqlite::Sqlite::open(sqlite::Options { path, durability, busy_timeout, read_only })?)
        }
    })
}

fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Error::io(error, format_args!("cannot resolve {}", path.display())))
}

/// Percent escapes, as `Path.as_uri()` writes them.
fn decode(path: &str, uri: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let hex = |digit: Option<&u8>| digit.and_then(|byte| char::from(*byte).to_digit(16));
        match (hex(after.first()), hex(after.get(1))) {
            (Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                return Err(invalid(
                    uri,
                    "has a '%' that two hexadecimal digits do not follow; write it %25",
                ));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| invalid(uri, "is not UTF-8 once its escapes are resolved"))
}

fn invalid(uri: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Validation, format!("the URI {uri:?} {reason}; {KNOWN}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_leads_to_its_place() {
        let here = std::env::current_dir().unwrap();
        let file = |path: &str| Uri::File(here.join(path));
        assert_eq!(Uri::parse("memory://").unwrap(), Uri::Memory);
        assert_eq!(Uri::parse("./data").unwrap(), file("data"));
        assert_eq!(Uri::parse("data").unwrap(), file("data"));
        assert_eq!(Uri::parse("/abs/data").unwrap(), Uri::File("/abs/data".into()));
        assert_eq!(Uri::parse("file:///abs/a%20b").unwrap(), Uri::File("/abs/a b".into()));
        assert_eq!(Uri::parse("sqlite:///data.db").unwrap(), Uri::Sqlite(here.join("data.db")));
        assert_eq!(Uri::parse("sqlite:////abs/data.db").unwrap(), Uri::Sqlite("/abs/data.db".into()));
    }

    #[test]
    fn what_is_shown_can_be_parsed() {
        for uri in [Uri::Memory, Uri::File("/a b/100%".into()), Uri::Sqlite("/a/b%20.db".into())] {
            assert_eq!(Uri::parse(&uri.to_string()).unwrap(), uri);
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for uri in
            ["", "s3://b", "file://rel", "file:///%zz", "sqlite://x.db", "sqlite:///", "memory://x", "\0"]
        {
            assert_eq!(Uri::parse(uri).unwrap_err().kind(), ErrorKind::Validation, "{uri:?}");
        }
    }
}
