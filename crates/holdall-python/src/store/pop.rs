//! `Store.pop`.

use holdall_store::Condition;
use pyo3::prelude::*;

use super::Store;
use super::get::{Default, MISSING, Reading};
use crate::error::Result;
use crate::key::KeyOf;

#[pymethods]
impl Store {
    /// Return the value of a key and remove it; the keywords are those of `get`.
    // Removed only once it was read: a value that cannot be read stays. Of several callers one
    // gets it.
    #[pyo3(signature = (
        key, default=MISSING, *, mode=None, serialization_mode=None, deserialization_func=None, model=None,
        raise_on_nonexist=None, trust=None,
    ))]
    #[pyo3(text_signature = "($self, key, default=..., *, mode=None, serialization_mode=None, \
                             deserialization_func=None, model=None, raise_on_nonexist=None, trust=None)")]
    #[expect(clippy::too_many_arguments, reason = "the keywords of the Python method")]
    fn pop<'py>(
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
    ) -> Result<Bound<'py, PyAny>> {
        let (mode, bytes) = self.reading_mode(mode, serialization_mode)?;
        let reading = Reading {
            mode,
            trust: self.trust(trust)?,
            bytes,
            verify: false,
            function: deserialization_func,
            model,
        };
        loop {
            let Some(mut loaded) = self.wait(py, || self.engine.get(&key))? else {
                return self.missing(py, &key, default.0, raise_on_nonexist);
            };
            let seen = loaded.version();
            let taken = self.take(py, &key, &loaded)?;
            let beside = taken.as_ref().map(|(_, beside)| beside);
            let value = match self.opened(py, &key, &mut loaded, reading, beside) {
                Ok(value) => value,
                // What is beside a value goes with it: this may have been another one by then.
                Err(error) if beside.is_some() => match self.wait(py, || self.engine.get(&key))? {
                    Some(again) if again.version() == seen => return Err(error),
                    _ => continue,
                },
                Err(error) => return Err(error),
            };
            if self.wait(py, || self.engine.delete(&key, Condition::Matches(seen)))? {
                if let Some((taken, beside)) = taken {
                    taken.keep(&beside)?;
                }
                return Ok(value);
            }
        }
    }
}
