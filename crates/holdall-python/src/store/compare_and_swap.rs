//! `Store.compare_and_swap`.

use holdall_store::{Condition, Put};
use pyo3::intern;
use pyo3::prelude::*;

use super::Store;
use super::get::Reading;
use crate::error::Result;
use crate::key::KeyOf;
use crate::mode::Mode;

#[pymethods]
impl Store {
    /// Replace a value if it still is the expected one, and say whether it was.
    // The values are compared as Python compares them, type by type; the write then happens only
    // if the stored state is still the one that was compared.
    #[pyo3(signature = (key, expected, new, *, ttl=None))]
    fn compare_and_swap(
        &self,
        key: KeyOf<'_>,
        expected: &Bound<'_, PyAny>,
        new: &Bound<'_, PyAny>,
        ttl: Option<&Bound<'_, PyAny>>,
    ) -> Result<bool> {
        let py = new.py();
        let ttl = self.ttl(ttl)?;
        let mode = if self.mode == Mode::Raw { Mode::Raw } else { Mode::Auto };
        let reading =
            Reading { mode, trust: self.trust, bytes: false, verify: false, function: None, model: None };
        let side = self.side(py, &key)?;
        let encoded = self.encode(new, self.mode, None, None, side.as_ref())?;
        let payload = encoded.payload();
        let same = py.import(intern!(py, "holdall._equal"))?.getattr(intern!(py, "same"))?;
        loop {
            let Some(mut loaded) = self.wait(py, || self.engine.get(&key))? else { return Ok(false) };
            let Some(value) = self.decode(py, &key, &mut loaded, reading)? else { return Ok(false) };
            if !same.call1((value, expected))?.extract::<bool>()? {
                return Ok(false);
            }
            let condition = Condition::Matches(loaded.version());
            let how = Put { ttl, condition, plain: self.plain };
            if self.wait(py, || self.engine.put(&key, &payload, &how))? {
                return Ok(true);
            }
        }
    }
}
