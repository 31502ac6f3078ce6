//! `Store.get`.

use holdall_store::{Loaded, Trust};
use holdall_types::Key;
use pyo3::prelude::*;

use super::Store;
use crate::decode::decode_with;
use crate::error::Result;
use crate::key::KeyOf;
use crate::memory;
use crate::mode::{Mode, either};
use crate::options::validated;

/// What a call says about reading, before the store's own options are asked.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a, 'py> {
    pub mode: Mode,
    pub trust: Trust,
    /// Whether the call itself asks for the bytes: the store's own function is for values.
    pub bytes: bool,
    /// Whether segments that were not read are checked.
    pub verify: bool,
    pub function: Option<&'a Bound<'py, PyAny>>,
    pub model: Option<&'a Bound<'py, PyAny>>,
}

#[pymethods]
impl Store {
    /// Return the value of a key.
    #[pyo3(signature = (
        key, default=MISSING, *, mode=None, serialization_mode=None, deserialization_func=None, model=None,
        raise_on_nonexist=None, trust=None, mmap=false, verify=false,
    ))]
    #[pyo3(text_signature = "($self, key, default=..., *, mode=None, serialization_mode=None, \
                             deserialization_func=None, model=None, raise_on_nonexist=None, trust=None, \
                             mmap=False, verify=False)")]
    #[expect(clippy::too_many_arguments, reason = "the keywords of the Python method")]
    pub(super) fn get<'py>(
        &self,
        py: Python<'py>,
        key: KeyOf<'_>,
        default: Default<'py>,
        mode: Option<&str>,
        serialization_mode: Option<&str>,
        deserialization_func: Option<&Bound<'py, PyAny>>,
        model: Option<&Bound<'py, PyAny>>,
        raise_on_nonexist: Option<bool>,
        trust: Option<&str>,
        mmap: bool,
        verify: bool,
    ) -> Result<Bound<'py, PyAny>> {
        let (mode, bytes) = self.reading_mode(mode, serialization_mode)?;
        let reading =
            Reading { mode, trust: self.trust(trust)?, bytes, verify, function: deserialization_func, model };
        let loaded =
            self.wait(py, || if mmap { self.engine.get_unread(&key) } else { self.engine.get(&key) })?;
        if let Some(mut loaded) = loaded
            && let Some(value) = self.decode(py, &key, &mut loaded, reading)?
        {
            return Ok(value);
        }
        self.missing(py, &key, default.0, raise_on_nonexist)
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: KeyOf<'_>) -> Result<Bound<'py, PyAny>> {
        self.get(py, key, MISSING, None, None, None, None, Some(true), None, false, false)
    }
}

impl Store {
    /// The mode, and whether the call itself asks for the bytes.
    pub(super) fn reading_mode(
        &self,
        mode: Option<&str>,
        serialization_mode: Option<&str>,
    ) -> Result<(Mode, bool)> {
        let asked = either(mode, serialization_mode)?;
        Ok((asked.unwrap_or(self.mode), asked == Some(Mode::Raw)))
    }

    /// The value; `None` if it went while it was read. What is beside a value goes with it, so whoever finds
    /// that changed reads the value again.
    pub(super) fn decode<'py>(
        &self,
        py: Python<'py>,
        key: &Key<'_>,
        loaded: &mut Loaded,
        reading: Reading<'_, 'py>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        loop {
            let Some(beside) = self.reading(py, key, loaded)? else {
                return self.opened(py, key, loaded, reading, None).map(Some);
            };
            let error = match self.opened(py, key, loaded, reading, Some(&beside)) {
                Ok(value) => return Ok(Some(value)),
                Err(error) => error,
            };
            match self.wait(py, || self.engine.get(key))? {
                Some(again) if again.version() == loaded.version() => return Err(error),
                Some(again) => *loaded = again,
                None => return Ok(None),
            }
        }
    }

    /// The codec, then the function or the model; each at most once. An error of the codec names the
    /// key.
    pub(super) fn opened<'py>(
        &self,
        py: Python<'py>,
        key: &Key<'_>,
        loaded: &mut Loaded,
        reading: Reading<'_, 'py>,
        beside: Option<&crate::beside::Reading<'py>>,
    ) -> Result<Bound<'py, PyAny>> {
        let check = reading.verify || loaded.must_check(reading.trust);
        let value = memory::take(py, loaded, check)
            .and_then(|segments| {
                let (keyring, Reading { mode, trust, .. }) = (self.engine.keyring(), reading);
                decode_with(py, loaded, segments, mode, keyring, trust, beside)
            })
            .map_err(|error| error.about(py, &format!("get {key}")))?;
        if let Some(function) = reading.function {
            return Ok(function.call1((value,))?);
        }
        let instance =
            |model| validated(&value, model).map_err(|error| error.about(py, &format!("get {key}")));
        if let Some(model) = reading.model {
            return instance(model);
        }
        if let Some(function) = &self.deserialization_func
            && !reading.bytes
        {
            return Ok(function.bind(py).call1((value,))?);
        }
        if let Some(model) = &self.model
            && reading.mode != Mode::Raw
        {
            return instance(model.bind(py));
        }
        Ok(value)
    }
}

/// A default that was given or not; `None` is one that can be given.
pub(super) struct Default<'py>(pub Option<Bound<'py, PyAny>>);

pub(super) const MISSING: Default<'static> = Default(None);

impl<'py> FromPyObject<'_, 'py> for Default<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(Some(object.to_owned())))
    }
}
