//! `Store.put_many`, `get_many`, `delete_many`.

use holdall_store::Payload;
use holdall_types::{ErrorKind, Key};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::Store;
use super::get::{Default, MISSING, Reading};
use crate::encode::Encoded;
use crate::error::{Raised, Result};
use crate::key::KeyOf;

#[pymethods]
impl Store {
    /// Keep several values, in one transaction where the backend has them.
    #[pyo3(signature = (items, *, mode=None, serialization_mode=None, ttl=None))]
    fn put_many(
        &self,
        py: Python<'_>,
        items: &Bound<'_, PyAny>,
        mode: Option<&str>,
        serialization_mode: Option<&str>,
        ttl: Option<&Bound<'_, PyAny>>,
    ) -> Result<()> {
        let mode = self.mode(mode, serialization_mode)?;
        let ttl = self.ttl(ttl)?;
        let pairs = pairs(items)?;
        let mut encoded: Vec<(Key<'_>, Encoded<'_>)> = Vec::with_capacity(pairs.len());
        let mut sides = Vec::new();
        for (name, value) in &pairs {
            let key = KeyOf::extract(name.as_borrowed())?.into_inner();
            if value.is_none() && !self.store_none_values {
                continue;
            }
            let side = self.side(py, &key)?;
            let value = self
                .encode(value, mode, None, None, side.as_ref())
                .map_err(|error| error.about(py, &format!("put {key}")))?;
            encoded.push((key, value));
            sides.extend(side);
        }
        let records: Vec<(Key<'_>, Payload<'_>)> =
            encoded.iter().map(|(key, value)| (key.clone(), value.payload())).collect();
        if self.plain {
            // A store of plain files has no transaction to lose.
            for (key, payload) in &records {
                let how = holdall_store::Put { ttl, plain: true, ..holdall_store::Put::default() };
                self.wait(py, || self.engine.put(key, payload, &how))?;
            }
            return Ok(());
        }
        self.wait(py, || self.engine.put_many(&records, ttl))
    }

    /// Return the values of several keys; a missing one is treated as by `get`.
    #[pyo3(signature = (
        keys, default=MISSING, *, mode=None, serialization_mode=None, raise_on_nonexist=None, trust=None,
    ))]
    #[pyo3(text_signature = "($self, keys, default=..., *, mode=None, serialization_mode=None, \
                             raise_on_nonexist=None, trust=None)")]
    #[expect(clippy::too_many_arguments, reason = "the keywords of the Python method")]
    fn get_many<'py>(
        &self,
        py: Python<'py>,
        keys: &Bound<'py, PyAny>,
        default: Default<'py>,
        mode: Option<&str>,
        serialization_mode: Option<&str>,
        raise_on_nonexist: Option<bool>,
        trust: Option<&str>,
    ) -> Result<Bound<'py, PyDict>> {
        let (mode, bytes) = self.reading_mode(mode, serialization_mode)?;
        let trust = self.trust(trust)?;
        let reading = Reading { mode, trust, bytes, verify: false, function: None, model: None };
        let names = names(keys)?;
        let keys = checked(&names)?;
        let found = self.wait(py, || self.engine.get_many(&keys))?;
        let values = PyDict::new(py);
        for ((name, key), loaded) in names.iter().zip(&keys).zip(found) {
            let value = match loaded {
                Some(mut loaded) => self.decode(py, key, &mut loaded, reading)?,
                None => None,
            };
            let value = match value {
                Some(value) => value,
                None => self.missing(py, key, default.0.clone(), raise_on_nonexist)?,
            };
            values.set_item(name, value)?;
        }
        Ok(values)
    }

    /// Remove several values and return how many there were.
    fn delete_many(&self, py: Python<'_>, keys: &Bound<'_, PyAny>) -> Result<u64> {
        let names = names(keys)?;
        let keys = checked(&names)?;
        self.wait(py, || self.engine.delete_many(&keys))
    }
}

/// The pairs of a mapping or of an iterable, in a list of their own: encoding may run code that
/// changes where they come from.
fn pairs<'py>(items: &Bound<'py, PyAny>) -> Result<Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    if let Ok(dict) = items.cast::<PyDict>() {
        return Ok(dict.items().extract()?);
    }
    if items.hasattr("keys")? {
        let dict = PyDict::new(items.py());
        dict.call_method1("update", (items,))?;
        return Ok(dict.items().extract()?);
    }
    let items = items.try_iter().map_err(|_| no_pairs())?;
    items.map(|item| item?.extract().map_err(|_| no_pairs())).collect()
}

fn names<'py>(keys: &Bound<'py, PyAny>) -> Result<Vec<Bound<'py, PyAny>>> {
    if let Ok(one) = keys.cast::<PyString>() {
        let message = format!("several keys are wanted, not one str; write [{}]", one.as_any().repr()?);
        return Err(Raised::new(ErrorKind::Validation, message));
    }
    let several = keys.try_iter().map_err(|_| {
        Raised::new(ErrorKind::Validation, "several keys are wanted: a list of str, or any iterable of them")
    })?;
    Ok(several.collect::<PyResult<_>>()?)
}

fn checked<'a>(names: &'a [Bound<'_, PyAny>]) -> Result<Vec<Key<'a>>> {
    names.iter().map(|name| Ok(KeyOf::extract(name.as_borrowed())?.into_inner())).collect()
}

fn no_pairs() -> Raised {
    Raised::new(ErrorKind::Validation, "put_many takes a dict, or pairs of a key and a value")
}
