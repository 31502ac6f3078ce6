//! A key as a call gives it.

use std::ops::Deref;

use holdall_types::{ErrorKind, Key};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::error::{Raised, Result};

/// The checked key that an argument gives.
pub struct KeyOf<'a>(Key<'a>);

impl<'a> Deref for KeyOf<'a> {
    type Target = Key<'a>;

    fn deref(&self) -> &Key<'a> {
        &self.0
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for KeyOf<'a> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        // What is no str is the TypeError that Python gives for any argument.
        let name: Borrowed<'a, 'py, PyString> = object.cast()?;
        let text: std::result::Result<&'a str, _> = object.extract();
        match text {
            Ok(text) => Ok(Self(Key::new(text).map_err(Raised::from)?)),
            Err(_) => Err(no_text(&name).into()),
        }
    }
}

/// The checked key of a str.
pub fn key_of<'a>(name: &'a Bound<'_, PyString>) -> Result<Key<'a>> {
    match name.to_str() {
        Ok(text) => Ok(Key::new(text)?),
        Err(_) => Err(no_text(name)),
    }
}

fn no_text(name: &Bound<'_, PyString>) -> Raised {
    let shown = name.repr().map_or_else(|_| "?".to_owned(), |shown| shown.to_string());
    let message =
        format!("the key {shown} has a lone surrogate, which is no text; leave it out or escape it");
    Raised::new(ErrorKind::Validation, message)
}
