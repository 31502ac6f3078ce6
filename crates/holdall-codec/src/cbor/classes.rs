//! The classes that a payload names, found without building anything.

use std::collections::HashSet;

use super::reader::{Head, Reader};
use super::tag;

/// What a payload says of classes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Classes<'a> {
    /// Whether there are instances in it.
    pub active: bool,
    /// Their classes by name, each once, as the payload has them in order. What hides a name is in
    /// parentheses.
    pub names: Vec<&'a str>,
}

/// Where the scan is within `[[form, name, ...], values...]`.
enum Place {
    Elsewhere,
    Instance,
    Definition,
    Form,
    Name,
}

/// Lists the classes of a payload.
///
/// An item is one head behind the other, so the nesting need not be followed: a definition always
/// begins with the same ones. A name is listed even where the rest is damaged.
#[must_use]
pub fn classes(bytes: &[u8]) -> Classes<'_> {
    let mut found = Classes::default();
    let mut seen = HashSet::new();
    let mut name = |name| {
        if seen.insert(name) {
            found.names.push(name);
        }
    };
    let mut reader = Reader::new(bytes);
    let mut place = Place::Elsewhere;
    while reader.left() > 0 {
        let Ok(head) = reader.head() else {
            name("(damaged CBOR)");
            break;
        };
        place = match (place, head) {
            (Place::Instance, Head::Array(_)) => Place::Definition,
            (Place::Definition, Head::Array(_)) => Place::Form,
            (Place::Form, Head::Text(_)) => Place::Name,
            (Place::Name, Head::Text(text)) => {
                name(text);
                Place::Elsewhere
            }
            (place, head) => {
                // Written by somebody who means to: what stands here may yet turn into a text.
                if matches!(place, Place::Form | Place::Name) {
                    name("(hidden)");
                }
                if head == Head::Tag(tag::OBJECT) {
                    found.active = true;
                    Place::Instance
                } else {
                    Place::Elsewhere
                }
            }
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> (bool, Vec<&str>) {
        let Classes { active, names } = classes(bytes);
        (active, names)
    }

    #[test]
    fn each_class_is_named_once() {
        assert_eq!(names(b"\x82\x01\x61a"), (false, vec![]));
        let one = b"\x83\xd9\xc1\x4a\x82\x82\x61f\x61a\x01\xd9\xc1\x4a\x82\x00\x02";
        assert_eq!(names(&[&one[..], b"\xd9\xc1\x4a\x82\x82\x61f\x61a\x01"].concat()), (true, vec!["a"]));
        let nested = b"\xd9\xc1\x4a\x82\x82\x61f\x61a\xd9\xc1\x4a\x82\x82\x61f\x61b\x01";
        assert_eq!(names(nested), (true, vec!["a", "b"]));
    }

    #[test]
    fn a_name_that_hides_is_said_to() {
        // As shared text, by a reference to one, and behind another instance.
        assert_eq!(names(b"\xd9\xc1\x4a\x82\x82\x61f\xd8\x1c\x61a\x01"), (true, vec!["(hidden)"]));
        assert_eq!(names(b"\xd9\xc1\x4a\x82\x82\x61f\xd8\x1d\x00\x01"), (true, vec!["(hidden)"]));
        let form = b"\xd9\xc1\x4a\x82\x82\xd9\xc1\x4a\x82\x82\x61f\x61b\x01\x61a\x01";
        assert_eq!(names(form), (true, vec!["(hidden)", "b"]));
    }

    #[test]
    fn damage_is_said_and_hides_nothing_before_it() {
        assert_eq!(names(b"\x81\x1c"), (false, vec!["(damaged CBOR)"]));
        assert_eq!(names(b"\xd9\xc1\x4a\x82\x82\x61f\x61a\xff\x1c"), (true, vec!["a", "(damaged CBOR)"]));
    }
}
