//! The options of a store and of a call, and what a model makes of a value.

use std::time::Duration;

use holdall_store::Trust;
use holdall_types::ErrorKind;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDelta, PyDeltaAccess};

use crate::error::{Raised, Result};
use crate::key::shown;

/// A keyset as it is given: its text, or its path as a str or a path.
pub fn keyset_of(keyset: Option<&Bound<'_, PyAny>>) -> Result<Option<String>> {
    let Some(keyset) = keyset else { return Ok(None) };
    if let Ok(text) = keyset.extract::<String>() {
        return Ok(Some(text));
    }
    let path = keyset.extract::<std::path::PathBuf>().ok();
    match path.as_deref().and_then(std::path::Path::to_str) {
        Some(path) => Ok(Some(path.to_owned())),
        None => {
            let message = format!("keyset={} is neither a keyset's text nor its path", shown(keyset));
            Err(Raised::new(ErrorKind::Validation, message))
        }
    }
}

/// The reader's trust, as users name it.
pub fn trust_of(name: Option<&str>) -> Result<Option<Trust>> {
    match name {
        None => Ok(None),
        Some("keyset") => Ok(Some(Trust::Keyset)),
        Some("all") => Ok(Some(Trust::All)),
        Some(name) => {
            let message = format!("trust={name:?} is neither 'keyset' nor 'all'");
            Err(Raised::new(ErrorKind::Validation, message))
        }
    }
}

/// A span of time given as seconds or as a timedelta.
pub fn span(name: &str, value: &Bound<'_, PyAny>) -> Result<Duration> {
    let bad = || {
        let message = format!("{name} takes seconds or a timedelta, zero or more, not {value:?}");
        Raised::new(ErrorKind::Validation, message)
    };
    if let Ok(delta) = value.cast::<PyDelta>() {
        let days = u64::try_from(delta.get_days()).map_err(|_| bad())?;
        let seconds = days * 86_400 + u64::try_from(delta.get_seconds()).map_err(|_| bad())?;
        let micros = u64::try_from(delta.get_microseconds()).map_err(|_| bad())?;
        return Ok(Duration::from_secs(seconds) + Duration::from_micros(micros));
    }
    let seconds: f64 = value.extract().map_err(|_| bad())?;
    let span = Duration::try_from_secs_f64(seconds).map_err(|_| bad())?;
    // Nothing at all means for ever; the least bit of time does not.
    Ok(if seconds > 0.0 { span.max(Duration::from_nanos(1)) } else { span })
}

/// The data of a model's instance: what `put` keeps of one at the top of a value.
pub fn modelled<'py>(
    value: &Bound<'py, PyAny>,
    model: Option<&Bound<'py, PyAny>>,
) -> Result<Bound<'py, PyAny>> {
    let py = value.py();
    let module = py.import(intern!(py, "holdall._model"))?;
    Ok(module.call_method1(intern!(py, "data"), (value, model))?)
}

/// Whether a value is a pydantic model's instance.
pub fn is_model(value: &Bound<'_, PyAny>) -> bool {
    let py = value.py();
    value.get_type().hasattr(intern!(py, "__pydantic_validator__")).unwrap_or(false)
        && value.hasattr(intern!(py, "model_dump")).unwrap_or(false)
}

/// The instance that a model makes of data.
pub fn validated<'py>(value: &Bound<'py, PyAny>, model: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
    let py = value.py();
    let module = py.import(intern!(py, "holdall._model"))?;
    Ok(module.call_method1(intern!(py, "instance"), (value, model))?)
}
