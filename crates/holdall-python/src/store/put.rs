//! `Store.put`.

use std::time::Duration;

use holdall_store::{Condition, Put};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};

use super::Store;
use super::beside::Side;
use crate::encode::{Encoded, encode, encode_later};
use crate::error::Result;
use crate::key::KeyOf;
use crate::mode::Mode;
use crate::options::{is_model, modelled, span};

#[pymethods]
impl Store {
    /// Keep a value under a key, in place of any other, and say whether it was written.
    #[pyo3(signature = (
        key, value, *, mode=None, serialization_mode=None, serialization_func=None, model=None, ttl=None,
        if_absent=false,
    ))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of the Python method")]
    pub(super) fn put(
        &self,
        key: KeyOf<'_>,
        value: &Bound<'_, PyAny>,
        mode: Option<&str>,
        serialization_mode: Option<&str>,
        serialization_func: Option<&Bound<'_, PyAny>>,
        model: Option<&Bound<'_, PyAny>>,
        ttl: Option<&Bound<'_, PyAny>>,
        if_absent: bool,
    ) -> Result<bool> {
        let py = value.py();
        let mode = self.mode(mode, serialization_mode)?;
        if value.is_none() && !self.store_none_values {
            return Ok(false);
        }
        let ttl = self.ttl(ttl)?;
        let side = self.side(py, &key)?;
        let encoded = self
            .encode(value, mode, serialization_func, model, side.as_ref())
            .map_err(|error| error.about(py, &format!("put {}", *key)))?;
        let payload = encoded.payload();
        let condition = if if_absent { Condition::Absent } else { Condition::Any };
        let how = Put { ttl, condition, plain: self.plain };
        self.wait(py, || self.engine.put(&key, &payload, &how))
    }

    /// Keep bytes as `open` does: in a folder, as a plain file.
    fn put_plain(&self, py: Python<'_>, key: KeyOf<'_>, value: &Bound<'_, PyBytes>) -> Result<()> {
        let encoded = encode(value.as_any(), Mode::Raw)?;
        let payload = encoded.payload();
        let how = Put { ttl: self.default_ttl, plain: true, ..Put::default() };
        self.wait(py, || self.engine.put(&key, &payload, &how))?;
        Ok(())
    }
}

impl Store {
    pub(super) fn ttl(&self, ttl: Option<&Bound<'_, PyAny>>) -> Result<Option<Duration>> {
        match ttl {
            None => Ok(self.default_ttl),
            Some(ttl) => Ok(Some(span("ttl", ttl)?).filter(|ttl| !ttl.is_zero())),
        }
    }

    /// The function, then the model, then the codec; each at most once.
    pub(super) fn encode<'py>(
        &self,
        value: &Bound<'py, PyAny>,
        mode: Mode,
        serialization_func: Option<&Bound<'py, PyAny>>,
        model: Option<&Bound<'py, PyAny>>,
        side: Option<&Side<'py>>,
    ) -> Result<Encoded<'py>> {
        let py = value.py();
        let encode = |value: &Bound<'py, PyAny>, mode| match side {
            None => encode(value, mode),
            Some(side) => {
                let encoded = encode_later(value, mode, side.everyday()?, || side.writing().cloned())?;
                side.finish()?;
                Ok(encoded)
            }
        };
        if let Some(function) = serialization_func {
            return encode(&function.call1((value,))?, mode);
        }
        if let Some(model) = model {
            return encode(&modelled(value, Some(model))?, mode);
        }
        if let Some(function) = &self.serialization_func {
            return encode(&function.bind(py).call1((value,))?, mode);
        }
        if let Some(model) = &self.model {
            return encode(&modelled(value, Some(model.bind(py)))?, mode);
        }
        let as_data = !self.instances && matches!(mode, Mode::Auto | Mode::Json);
        if as_data && !is_everyday(value) && is_model(value) && !covers(side, value)? {
            return encode(&modelled(value, None)?, mode);
        }
        encode(value, mode)
    }
}

/// Whether a value as a whole is written beside what names it.
fn covers<'py>(side: Option<&Side<'py>>, value: &Bound<'py, PyAny>) -> Result<bool> {
    let Some(side) = side else { return Ok(false) };
    Ok(side.writing()?.covers(&value.get_type())?)
}

/// Spares the everyday types a question about attributes.
fn is_everyday(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyDict>()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyList>()
        || value.is_exact_instance_of::<PyBytes>()
}
