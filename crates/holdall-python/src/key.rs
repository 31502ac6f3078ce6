//! A key, or another name, as a call gives it.

use std::ops::Deref;

use holdall_types::{ErrorKind, Key};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::error::{Raised, Result};

/// The checked key that an argument gives.
pub struct KeyOf<'a>(Key<'a>);

impl<'a> KeyOf<'a> {
    pub fn into_inner(self) -> Key<'a> {
        self.0
    }
}

impl<'a> Deref for KeyOf<'a> {
    type Target = Key<'a>;

    fn deref(&self) -> &Key<'a> {
        &self.0
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for KeyOf<'a> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match object.extract::<&'a str>() {
            Ok(text) => Ok(Self(Key::new(text).map_err(Raised::from)?)),
            Err(_) => Err(no_text("key", &object).into()),
        }
    }
}

/// A text that an argument other than a key gives: a lock's name, a prefix.
pub fn text_of(what: &str, name: &Bound<'_, PyAny>) -> Result<String> {
    name.extract::<String>().map_err(|_| no_text(what, name))
}

fn no_text(what: &str, name: &Bound<'_, PyAny>) -> Raised {
    let shown = shown(name);
    if name.is_instance_of::<PyString>() {
        let message =
            format!("the {what} {shown} has a lone surrogate, which is no text; leave it out or escape it");
        return Raised::new(ErrorKind::Validation, message);
    }
    let kind = name.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
    Raised::wrong_type(
        name.py(),
        format!("the {what} {shown} is of type {kind}; give a str, as str() makes one"),
    )
}

/// What `repr` says, whatever it does.
pub fn shown(object: &Bound<'_, PyAny>) -> String {
    object.repr().map_or_else(|_| "?".to_owned(), |shown| shown.to_string_lossy().into_owned())
}
