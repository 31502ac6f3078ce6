//! Where the value of a key lies: a pure function, and a format (`docs/format.md`).

use std::borrow::Cow;

use super::segment::{Disk, RESERVED, name_of};

/// The value of key `p` when `p` is a folder.
pub(super) const VALUE: &str = ".holdall@value";

/// The folder of the keys that have no path of their own.
pub(super) const KEYS: &str = ".holdall/keys";

const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 1000;

/// The hash of a key: the name of its place if it is long, of its hint, and the choice of its lock.
pub(super) type Hash = blake3::Hash;

/// The hash of a key.
pub(super) fn hash_of(key: &str) -> Hash {
    blake3::hash(key.as_bytes())
}

/// Where the value of a key lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    path: Cow<'a, str>,
    hashed: bool,
}

/// The place of a key.
#[must_use]
pub fn path_of(key: &str, disk: Disk) -> Place<'_> {
    let mut path = Cow::Borrowed(key);
    if disk == Disk::Folding || key.contains(RESERVED) {
        let names: Vec<_> = key.split('/').map(|segment| name_of(segment, disk)).collect();
        if names.iter().any(|name| matches!(name, Cow::Owned(_))) {
            path = Cow::Owned(names.join("/"));
        }
    }
    if path.len() > LONGEST_NAME
        && (path.len() > LONGEST_PATH || path.split('/').any(|name| name.len() > LONGEST_NAME))
    {
        return Place { path: Cow::Owned(hashed_path(&hash_of(key))), hashed: true };
    }
    Place { path, hashed: false }
}

/// Whether a path can be the place of a key at all, by its length.
pub(super) fn is_short(path: &str) -> bool {
    path.len() <= LONGEST_PATH
}

fn hashed_path(hash: &Hash) -> String {
    let hex = hash.to_hex();
    let (first, _) = hex.split_at(2);
    format!("{KEYS}/{first}/{hex}")
}

impl Place<'_> {
    /// The path below the store's folder, with `/` between names.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the path is a hash, so that the header must hold the key.
    #[must_use]
    pub fn hashed(&self) -> bool {
        self.hashed
    }

    /// The path of its folder (empty is the store's own) and its name there.
    pub(super) fn split(&self) -> (&str, &str) {
        split(&self.path)
    }
}

/// A path's folder (empty is the store's own) and its last name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::super::segment::segment_of;
    use super::*;

    fn key_of(path: &str, disk: Disk) -> Option<String> {
        let segments: Option<Vec<_>> = path.split('/').map(|name| segment_of(name, disk)).collect();
        Some(segments?.join("/"))
    }

    #[test]
    fn the_golden_table() {
        for line in include_str!("../../tests/golden/paths.tsv").lines().filter(|line| !line.starts_with('#'))
        {
            let [key, exact, folding] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            let key: String = serde_json::from_str(key).unwrap();
            for (disk, path) in [(Disk::Exact, exact), (Disk::Folding, folding)] {
                let path: String = serde_json::from_str(path).unwrap();
                let place = path_of(&key, disk);
                assert_eq!(place.path(), path, "{key:?} on {disk:?}");
                assert_eq!(place.hashed(), path.starts_with(KEYS), "{key:?} on {disk:?}");
                if !place.hashed() {
                    assert_eq!(key_of(&path, disk).as_deref(), Some(&*key), "{path:?} on {disk:?}");
                }
            }
        }
    }

    #[test]
    fn names_and_paths_end_where_the_format_says() {
        let hashed = |key: &str| path_of(key, Disk::Exact).hashed();
        assert!(!hashed(&"x".repeat(255)) && hashed(&"x".repeat(256)));
        assert!(!hashed(&"ü".repeat(127)) && hashed(&"ü".repeat(128)));
        assert!(!hashed(&"x/".repeat(500)[..999]) && hashed(&("x/".repeat(500) + "y")));
        assert!(!hashed(&("x/".repeat(499) + "yy")), "1,000 bytes");
        // After escaping: `.holdall=` and the segment itself.
        let reserved = |extra| format!(".holdall{}", "x".repeat(extra));
        assert!(!hashed(&reserved(255 - 17)) && hashed(&reserved(256 - 17)));
        let folded = "A".repeat(83);
        assert!(!hashed(&folded) && path_of(&folded, Disk::Folding).hashed());
    }

    /// Segments that are short, odd and close to each other.
    fn segment() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(vec![
            ".holdall",
            ".holdall=",
            ".holdall@value",
            "%2e",
            "%",
            ".",
            " ",
            "A",
            "a",
            "con",
            "com1",
            "é",
            "e\u{301}",
            "~",
            "~1",
            ":",
            "\\",
            "\n",
            "\u{7f}",
            "*",
        ]);
        let parts = prop::collection::vec(prop_oneof![odd.prop_map(str::to_owned), "\\PC{1,3}"], 1..4);
        parts
            .prop_map(|parts| parts.concat().replace(['/', '\0'], "_"))
            .prop_filter("no segment", |segment| !matches!(segment.as_str(), "." | ".."))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn distinct_keys_have_distinct_places(
            keys in prop::collection::vec(prop::collection::vec(segment(), 1..4), 2..20),
            disk in prop::sample::select(vec![Disk::Exact, Disk::Folding]),
        ) {
            let mut places = HashMap::new();
            for key in keys.iter().map(|segments| segments.join("/")) {
                let place = path_of(&key, disk);
                let mut path = place.path().to_owned();
                prop_assert!(path.split('/').all(|name| !name.is_empty() && name.len() <= 255));
                if !place.hashed() {
                    prop_assert_eq!(key_of(&path, disk), Some(key.clone()));
                    prop_assert!(path.split('/').all(|name| name != ".holdall" && name != VALUE));
                }
                if disk == Disk::Folding {
                    prop_assert!(path.is_ascii() && !path.contains(['A', 'E', '~', ':', '\\', '*', '\n']));
                    path.make_ascii_lowercase();
                    prop_assert!(path.split('/').all(|name| !name.ends_with(['.', ' '])));
                }
                let other = places.insert(path, key.clone());
                prop_assert!(other.is_none_or(|other| other == key));
            }
        }

        #[test]
        fn a_name_is_the_name_of_at_most_one_segment(name in "(\\.holdall[=@]?)?[%a-zA-Z0-9._ é-]{0,12}") {
            for disk in [Disk::Exact, Disk::Folding] {
                if let Some(segment) = segment_of(&name, disk) {
                    prop_assert_eq!(&*name_of(&segment, disk), &*name);
                }
            }
        }
    }
}
