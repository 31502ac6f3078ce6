//! The containers that the walk is inside of.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::cbor::{MOST_STEPS, short};

/// A container and how far the walk has come. It is held by a reference of its own, so that nobody can
/// take it away meanwhile; whoever changes it gets the fingerprint of something in between.
pub enum Open<'py> {
    List {
        list: Bound<'py, PyAny>,
        at: ffi::Py_ssize_t,
    },
    /// A tuple, the items of a set, or what describes an object.
    Items {
        items: Bound<'py, PyTuple>,
        at: usize,
        of: Of,
        owner: Bound<'py, PyAny>,
    },
    /// A dict. The value at hand waits while its key is told.
    Dict(Box<Pairs<'py>>),
    /// Names and values, in the order of the names.
    Attributes(Box<Named<'py>>),
}

/// What a row of items belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Tuple,
    Set,
    Object,
}

/// The way through a dict.
pub struct Pairs<'py> {
    dict: Bound<'py, PyAny>,
    at: ffi::Py_ssize_t,
    key: Option<Bound<'py, PyAny>>,
    value: Option<Bound<'py, PyAny>>,
}

/// The way through the attributes of an object.
pub struct Named<'py> {
    dict: Bound<'py, PyAny>,
    rest: std::vec::IntoIter<(String, Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    name: String,
    value: Option<Bound<'py, PyAny>>,
}

/// What comes next in a container.
pub enum Next<'py> {
    Value(Bound<'py, PyAny>),
    /// The first value of an item whose place means nothing.
    Item(Bound<'py, PyAny>),
    End,
}

impl<'py> Open<'py> {
    pub fn items(items: Bound<'py, PyTuple>, of: Of, owner: &Bound<'py, PyAny>) -> Self {
        Self::Items { items, at: 0, of, owner: owner.clone() }
    }

    pub fn pairs(dict: &Bound<'py, PyAny>) -> Self {
        Self::Dict(Box::new(Pairs { dict: dict.clone(), at: 0, key: None, value: None }))
    }

    /// Names have an order of their own, so that what was met under one may be referred to from the next.
    pub fn attributes(attributes: &Bound<'py, PyAny>) -> PyResult<Self> {
        let named = |(name, value): (Bound<'py, PyAny>, _)| Ok((name.extract()?, name, value));
        let mut items =
            attributes.cast::<PyDict>()?.iter().map(named).collect::<PyResult<Vec<(String, _, _)>>>()?;
        items.sort_unstable_by(|(one, ..), (other, ..)| one.cmp(other));
        let (dict, rest) = (attributes.clone(), items.into_iter());
        Ok(Self::Attributes(Box::new(Named { dict, rest, name: String::new(), value: None })))
    }

    /// What comes next.
    #[inline]
    pub fn next(&mut self) -> Next<'py> {
        match self {
            Self::List { list, at } => {
                // SAFETY: a list, whose length is asked every time; the item is held at once.
                unsafe {
                    if *at >= ffi::PyList_GET_SIZE(list.as_ptr()) {
                        return Next::End;
                    }
                    let item = ffi::PyList_GET_ITEM(list.as_ptr(), *at);
                    *at += 1;
                    Next::Value(Bound::from_borrowed_ptr(list.py(), item))
                }
            }
            Self::Items { items, at, of, .. } => match items.get_item(*at) {
                Ok(item) => {
                    *at += 1;
                    if *of == Of::Set { Next::Item(item) } else { Next::Value(item) }
                }
                Err(_) => Next::End,
            },
            Self::Dict(pairs) => pairs.next(),
            Self::Attributes(named) => named.next(),
        }
    }

    /// The object that is open.
    pub fn into_owner(self) -> Bound<'py, PyAny> {
        match self {
            Self::List { list, .. } => list,
            Self::Items { owner, .. } => owner,
            Self::Dict(pairs) => pairs.dict,
            Self::Attributes(named) => named.dict,
        }
    }

    fn step(&self) -> String {
        match self {
            Self::List { at, .. } => format!("[{}]", at.saturating_sub(1)),
            Self::Items { of: Of::Object, .. } => String::new(),
            Self::Items { items, at, of: Of::Set, .. } => {
                let item = items.get_item(at.saturating_sub(1));
                format!("[{}]", item.map_or_else(|_| "?".to_owned(), |item| short(&item)))
            }
            Self::Items { at, .. } => format!("[{}]", at.saturating_sub(1)),
            Self::Dict(pairs) => pairs.step(),
            Self::Attributes(named) => format!(".{}", named.name),
        }
    }
}

impl<'py> Pairs<'py> {
    fn next(&mut self) -> Next<'py> {
        if let Some(value) = self.value.take() {
            return Next::Value(value);
        }
        let (mut key, mut value) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: a dict. A place in it that is none any more, because the dict was changed meanwhile, is
        // looked for within what it has now; what is found is held at once.
        let (key, value) = unsafe {
            if ffi::PyDict_Next(self.dict.as_ptr(), &mut self.at, &mut key, &mut value) == 0 {
                return Next::End;
            }
            let py = self.dict.py();
            (Bound::from_borrowed_ptr(py, key), Bound::from_borrowed_ptr(py, value))
        };
        self.value = Some(value);
        self.key = Some(key.clone());
        Next::Value(key)
    }

    fn step(&self) -> String {
        let Some(key) = &self.key else { return "[?]".to_owned() };
        let key = short(key);
        // While a key is told its value still waits.
        if self.value.is_some() { format!(".keys()[{key}]") } else { format!("[{key}]") }
    }
}

impl<'py> Named<'py> {
    fn next(&mut self) -> Next<'py> {
        if let Some(value) = self.value.take() {
            return Next::Value(value);
        }
        let Some((name, key, value)) = self.rest.next() else { return Next::End };
        self.name = name;
        self.value = Some(value);
        Next::Value(key)
    }
}

/// The way from `root` through open containers to what the walk was at.
pub fn path(root: &str, open: &[Open<'_>]) -> String {
    let mut path = root.to_owned();
    path.extend(open.iter().take(MOST_STEPS).map(Open::step));
    if open.len() > MOST_STEPS {
        path.push('…');
    }
    path
}
