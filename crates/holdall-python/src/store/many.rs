//! `Store.put_many`, `get_many`, `delete_many`.

use holdall_store::Payload;
use holdall_types::Key;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::Store;
use super::get::{Default, MISSING, Reading};
use crate::encode::Encoded;
use crate::error::Result;
use crate::key::key_of;

#[pymethods]
impl Store {
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
        let items = match items.cast::<PyDict>() {
            Ok(dict) => dict.clone(),
            Err(_) => {
                let dict = PyDict::new(py);
                dict.call_method1("update", (items,))?;
                dict
            }
        };
        // The dict's own copy of its pairs: encoding may run code that changes the dict.
        let pairs: Vec<(Bound<'_, PyString>, Bound<'_, PyAny>)> = items.items().extract()?;
        let mut encoded: Vec<(Key<'_>, Encoded<'_>)> = Vec::with_capacity(pairs.len());
        for (name, value) in &pairs {
            let key = key_of(name)?;
            if value.is_none() && !self.store_none_values {
                continue;
            }
            let value = self
                .encode(value, mode, None, None)
                .map_err(|error| error.about(py, &format!("put {key}")))?;
            encoded.push((key, value));
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
        let mode = self.mode(mode, serialization_mode)?;
        let reading = Reading { mode, trust: self.trust(trust)?, function: None, model: None };
        let names = names(keys)?;
        let keys = checked(&names)?;
        let found = self.wait(py, || self.engine.get_many(&keys))?;
        let values = PyDict::new(py);
        for ((name, key), loaded) in names.iter().zip(&keys).zip(found) {
            let value = match loaded {
                Some(loaded) => self.decode(py, key, &loaded, reading)?,
                None => self.missing(py, key, default.0.clone(), raise_on_nonexist)?,
            };
            values.set_item(name, value)?;
        }
        Ok(values)
    }

    fn delete_many(&self, py: Python<'_>, keys: &Bound<'_, PyAny>) -> Result<u64> {
        let names = names(keys)?;
        let keys = checked(&names)?;
        self.wait(py, || self.engine.delete_many(&keys))
    }
}

fn names<'py>(keys: &Bound<'py, PyAny>) -> Result<Vec<Bound<'py, PyString>>> {
    if let Ok(one) = keys.cast::<PyString>() {
        let message = format!("several keys are wanted, not one str; write [{}]", one.as_any().repr()?);
        return Err(crate::error::Raised::new(holdall_types::ErrorKind::Validation, message));
    }
    keys.try_iter()?.map(|key| Ok(key?.cast_into::<PyString>().map_err(PyErr::from)?)).collect()
}

fn checked<'a>(names: &'a [Bound<'_, PyString>]) -> Result<Vec<Key<'a>>> {
    names.iter().map(key_of).collect()
}
