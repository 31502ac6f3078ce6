//! The containers that the walk is inside of.

use std::sync::Arc;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFrozenSet, PyString, PyTuple};

use super::kind::Kind;

/// A container and how far it has come. It is held by a reference of its own, so that no user code
/// can take it away meanwhile.
pub enum Open<'py> {
    /// A list, which somebody may change.
    List { list: Bound<'py, PyAny>, at: usize, length: usize },
    /// A tuple, which nobody can. What is `hashed` stands in a key or a set.
    Items { items: Bound<'py, PyAny>, at: usize, length: usize, what: What, hashed: bool },
    /// `value` waits while its key is written, and is `held` while it is written itself.
    Dict {
        dict: Bound<'py, PyAny>,
        at: ffi::Py_ssize_t,
        done: usize,
        length: usize,
        value: Option<Bound<'py, PyAny>>,
        held: Option<Bound<'py, PyAny>>,
        /// The last key and where it was, to be compared only; how often code had run by then.
        last: (ffi::Py_ssize_t, *mut ffi::PyObject),
        foreign: usize,
    },
    /// An instance's state.
    State(Box<Walk<'py>>),
}

/// The way through an instance's state. In a box, for it is larger than all the others.
pub struct Walk<'py> {
    pub values: std::vec::IntoIter<Option<Bound<'py, PyAny>>>,
    pub held: Option<Bound<'py, PyAny>>,
    pub done: usize,
    pub kind: Arc<Kind>,
    /// The names of what the class did not declare.
    pub extras: Vec<Py<PyString>>,
    /// Whether it is a tuple that may be met again.
    pub tuple: bool,
    pub hashed: bool,
}

impl Walk<'_> {
    /// What the value at hand is called.
    fn name(&self) -> Option<&Py<PyString>> {
        let Kind::Object(plan) = &*self.kind else { return None };
        plan.fields.iter().chain(&self.extras).nth(self.done.checked_sub(1)?)
    }
}

/// What a row of items belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A tuple; whether it may be met again.
    Tuple(bool),
    /// The items of a set, in a list of their own. The address is that of a set that cannot be
    /// referred to before it is complete.
    Set(Option<usize>),
    /// What a reducer made of an object; likewise the address.
    Reduced(Option<usize>),
}

/// Enough to point at something, and no more than a person reads.
pub const MOST_STEPS: usize = 64;

/// The way through open containers to what the walk was at.
pub fn path(py: Python<'_>, open: &[Open<'_>]) -> String {
    let mut path = "$".to_owned();
    for container in open.iter().take(MOST_STEPS) {
        match container {
            Open::List { at, .. } | Open::Items { at, what: What::Tuple(_), .. } => {
                path.push_str(&format!("[{}]", at.saturating_sub(1)));
            }
            Open::Items { items, at, what: What::Set(_), .. } => {
                let item = items.get_item(at.saturating_sub(1));
                path.push_str(&format!("[{}]", item.map_or_else(|_| "?".to_owned(), |item| short(&item))));
            }
            Open::Items { what: What::Reduced(_), .. } => {}
            Open::Dict { dict, done, value, .. } => {
                let key = dict.cast::<PyDict>().ok().and_then(|dict| dict.iter().nth(done.saturating_sub(1)));
                let key = key.map_or_else(|| "?".to_owned(), |(key, _)| short(&key));
                // While a key is written its value still waits.
                path.push_str(&if value.is_some() { format!(".keys()[{key}]") } else { format!("[{key}]") });
            }
            Open::State(walk) => match walk.name() {
                Some(name) => path.push_str(&format!(".{}", name.bind(py).to_string_lossy())),
                None => path.push_str(".?"),
            },
        }
    }
    if open.len() > MOST_STEPS {
        path.push('…');
    }
    path
}

/// A key's repr, cut to what a path can carry.
pub fn short(key: &Bound<'_, PyAny>) -> String {
    const MOST: usize = 60;
    // Few bytes can make a tuple, of references, whose repr fills the memory.
    if key.is_exact_instance_of::<PyTuple>() || key.is_exact_instance_of::<PyFrozenSet>() {
        let short = key.py().import("holdall._path").and_then(|path| path.call_method1("short", (key,)));
        return short.map_or_else(|_| "?".to_owned(), |text| text.to_string());
    }
    let text = crate::key::shown(key);
    if text.chars().count() <= MOST {
        return text;
    }
    let cut: String = text.chars().take(MOST - 1).collect();
    format!("{cut}…")
}
