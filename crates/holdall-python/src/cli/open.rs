//! The store that a command is about.

use holdall_store::Uri;
use holdall_types::ErrorKind;
use pyo3::prelude::*;

use super::stop::{Done, Stop};
use crate::error::Raised;

/// A store to write to, made if need be.
pub fn open<'py>(py: Python<'py>, uri: Option<&str>) -> Done<Bound<'py, PyAny>> {
    Ok(py.import("holdall")?.call_method1("get_store", (uri,))?)
}

/// A store to read. Opening makes a store, so that a slip in its name would leave an empty one behind
/// and tell nothing.
pub fn existing<'py>(py: Python<'py>, uri: Option<&str>) -> Done<Bound<'py, PyAny>> {
    let place = match uri {
        Some(uri) => uri.to_owned(),
        None => {
            py.import("holdall")?.getattr("Settings")?.call_method0("from_env")?.getattr("uri")?.extract()?
        }
    };
    if let Some(path) = Uri::parse(&place)?.path()
        && !path.try_exists().unwrap_or(true)
    {
        let message = format!(
            "there is no store at {}; name another with --store or HOLDALL_URI, or make this one with \
             `holdall put`",
            path.display()
        );
        return Err(Raised::new(ErrorKind::DoesNotExist, message).into());
    }
    open(py, uri)
}

/// Does something with a store and closes it, whatever came of it.
pub fn with<'py, T>(
    store: Done<Bound<'py, PyAny>>,
    work: impl FnOnce(&Bound<'py, PyAny>) -> Done<T>,
) -> Done<T> {
    let store = store?;
    let done = work(&store);
    let closed = store.call_method0("close");
    let done = done?;
    closed?;
    Ok(done)
}

/// A missing key told of in the words of the command line: the API's name its keywords.
pub fn found<'py, T>(store: &Bound<'py, PyAny>, key: &str, answer: PyResult<T>) -> Done<T> {
    answer.map_err(|error| {
        let py = store.py();
        let missing =
            || Ok::<_, PyErr>(error.is_instance(py, &py.import("holdall")?.getattr("DoesNotExist")?));
        if !missing().unwrap_or(false) {
            return Stop::Error(error);
        }
        let place = store.getattr("uri").map(|uri| uri.to_string()).unwrap_or_default();
        let message =
            format!("no value under the key {key:?} in {place}; `holdall keys` lists what is there");
        Raised::new(ErrorKind::DoesNotExist, message).into()
    })
}
