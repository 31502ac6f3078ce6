//! Entries as bytes, for storages that keep them elsewhere than in files.

use std::sync::Arc;

use holdall_flow::entry::{self, Whose};
use holdall_flow::shelf;
use holdall_flow::shelf::name::{self, Named};
use holdall_store::{Keyring, Trust};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::kept::{About, Kept, check_key};
use crate::encode::long;
use crate::error::Result;
use crate::fresh;
use crate::options::{keyset_of, trust_of};

/// Writes and reads entries under one keyset.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Entries {
    keyring: Arc<Keyring>,
    trust: Trust,
}

#[pymethods]
impl Entries {
    #[new]
    #[pyo3(signature = (*, trust=None, keyset=None))]
    fn new(trust: Option<&str>, keyset: Option<&Bound<'_, PyAny>>) -> Result<Self> {
        let keyring = Arc::new(Keyring::new(keyset_of(keyset)?));
        Ok(Self { keyring, trust: trust_of(trust)?.unwrap_or_default() })
    }

    /// Return the bytes before a value's frame, and what they say.
    #[pyo3(signature = (workflow, name, key, frame, *, result, items, parts, seconds, side))]
    #[expect(clippy::too_many_arguments, reason = "all that is said of a result")]
    fn write<'py>(
        &self,
        py: Python<'py>,
        workflow: &str,
        name: &str,
        key: &str,
        frame: &[u8],
        result: Option<&str>,
        items: &Bound<'_, PyDict>,
        parts: &Bound<'_, PyDict>,
        seconds: f64,
        side: Option<&str>,
    ) -> Result<(Bound<'py, PyBytes>, Kept)> {
        let mut said = About { workflow, name, key, result, items, parts, seconds, side }.said()?;
        long(py, frame.len(), || said.measure(frame));
        let front = said.front(&self.keyring)?;
        Ok((fresh::bytes(py, &front)?, Kept { kept: shelf::Kept::new(said) }))
    }

    /// Return how many bytes stand before the value's frame, by the first eight.
    #[staticmethod]
    fn length(start: &[u8]) -> Result<usize> {
        Ok(entry::length_of(start)?)
    }

    /// Raise ValidationError unless a key is one.
    #[staticmethod]
    fn check(key: &str) -> Result<()> {
        check_key(key)
    }

    /// Return what the beginning of an entry says, on nobody's word.
    #[staticmethod]
    fn peek(start: &[u8]) -> Result<Kept> {
        Ok(Kept { kept: shelf::Kept::new(entry::said_in(start)?) })
    }

    /// Return the name of the file, or the key, of a workflow or a name.
    #[staticmethod]
    fn file(name: &str) -> String {
        name::file_of(name)
    }

    /// Return the name that a file says, or None.
    #[staticmethod]
    fn name(file: &str) -> Option<String> {
        match name::name_of(file)? {
            Named::Name(name) => Some(name),
            Named::Hash => None,
        }
    }

    /// Say whether a file's name is the hash of a name, which the entry says.
    #[staticmethod]
    fn is_hash(file: &str) -> bool {
        name::name_of(file) == Some(Named::Hash)
    }

    /// Return what is said at the beginning of an entry, with the value if that is there, too.
    ///
    /// key: None for any. size: how long the whole entry is.
    #[pyo3(signature = (start, size, workflow, name, key, *, foreign=false))]
    fn read(
        &self,
        start: &[u8],
        size: u64,
        workflow: &str,
        name: &str,
        key: Option<&str>,
        foreign: bool,
    ) -> Result<Kept> {
        key.map(check_key).transpose()?;
        let whose = Whose { workflow, name, key };
        let kept = entry::read(start, whose, &self.keyring, self.trust)
            .and_then(|front| {
                front.check_length(size)?;
                let rest = start.get(front.length..).filter(|_| start.len() as u64 == size);
                let kept = shelf::Kept::from(front);
                Ok(match rest {
                    Some(rest) => kept.with_frame(rest.to_vec()),
                    None => kept,
                })
            })
            .map_err(|error| error.context(whose))?;
        Kept::vouched(kept, foreign)
    }
}
