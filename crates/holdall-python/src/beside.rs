//! Registered serializers, as the codecs see them: what takes the objects of their types, and what gives
//! them again. Both are Python's (`holdall.serializers._beside`); here is what is asked for every object.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use holdall_store::beside::{self, SideFile};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyModule, PyType};
use pyo3::{ffi, intern};

use crate::error::{Raised, Result};

/// What takes the objects of registered types in one value.
#[derive(Clone)]
pub struct Writing<'py>(Bound<'py, PyAny>);

impl<'py> Writing<'py> {
    pub fn new(writing: &Bound<'py, PyAny>) -> Self {
        Self(writing.clone())
    }

    pub fn as_python(&self) -> &Bound<'py, PyAny> {
        &self.0
    }

    /// Whether even lists and texts must be looked at.
    pub fn everyday(&self) -> Result<bool> {
        Ok(self.0.getattr(intern!(self.0.py(), "everyday"))?.is_truthy()?)
    }

    /// Whether objects of a type are written beside the value.
    pub fn covers(&self, class: &Bound<'py, PyType>) -> PyResult<bool> {
        self.0.call_method1(intern!(self.0.py(), "covers"), (class,))?.extract()
    }

    /// What stands before the pickle of the value.
    pub fn front(&self) -> Result<Bound<'py, PyBytes>> {
        let front = self.0.call_method0(intern!(self.0.py(), "front"))?;
        Ok(front.cast_into().map_err(PyErr::from)?)
    }

    /// Whether any was.
    pub fn refers(&self) -> Result<bool> {
        Ok(self.0.getattr(intern!(self.0.py(), "references"))?.is_truthy()?)
    }
}

/// What gives the objects of one value again.
pub struct Reading<'py>(Bound<'py, PyAny>);

impl<'py> Reading<'py> {
    pub fn new(reading: &Bound<'py, PyAny>) -> Self {
        Self(reading.clone())
    }

    pub fn as_python(&self) -> &Bound<'py, PyAny> {
        &self.0
    }
}

impl Reading<'_> {
    /// Whether an object was read that may still need its files.
    pub fn is_lazy(&self) -> Result<bool> {
        Ok(self.0.getattr(intern!(self.0.py(), "lazy"))?.is_truthy()?)
    }
}

/// The `persistent_id` of one pickle. C pickle asks it for every object, texts and numbers too, so a type
/// that is not registered is told by a comparison of pointers.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Finder {
    writing: Py<PyAny>,
    /// Types that are not registered, each in the place of its address. `met` keeps them, so that no other
    /// type takes such an address.
    others: [AtomicPtr<ffi::PyTypeObject>; 16],
    met: Mutex<HashMap<usize, (Py<PyType>, bool)>>,
}

#[pymethods]
impl Finder {
    #[new]
    fn new(writing: Py<PyAny>) -> Self {
        Self { writing, others: Default::default(), met: Mutex::default() }
    }

    /// Return the number that stands for an object beside the pickle, or None of one that is in it.
    #[pyo3(signature = (value, /))]
    fn number<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = value.py();
        let kind = value.get_type_ptr();
        let [.., other] = &self.others;
        let other = self.others.get(kind.addr() / 64 % self.others.len()).unwrap_or(other);
        if kind == other.load(Relaxed) {
            return Ok(None);
        }
        let known = self.met().get(&kind.addr()).map(|(_, covered)| *covered);
        let covered = match known {
            Some(covered) => covered,
            None => {
                let class = value.get_type();
                let covered = Writing::new(self.writing.bind(py)).covers(&class)?;
                self.met().insert(kind.addr(), (class.unbind(), covered));
                covered
            }
        };
        if !covered {
            other.store(kind, Relaxed);
            return Ok(None);
        }
        self.writing.bind(py).call_method1(intern!(py, "write"), (value,)).map(Some)
    }
}

impl Finder {
    fn met(&self) -> std::sync::MutexGuard<'_, HashMap<usize, (Py<PyType>, bool)>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a payload that looks like it does refer to something beside it.
pub fn refers(payload: &Bound<'_, PyBytes>) -> Result<bool> {
    let found = module(payload.py())?.call_method1(intern!(payload.py(), "references_of"), (payload,))?;
    Ok(!found.is_none())
}

/// Says which serializer a reader without any is missing.
pub fn missing(payload: &Bound<'_, PyBytes>) -> Raised {
    let py = payload.py();
    let said = module(py).and_then(|module| module.call_method1(intern!(py, "missing_for"), (payload,)));
    match said {
        Ok(error) => PyErr::from_value(error).into(),
        Err(error) => error.into(),
    }
}

/// Return name, size and hash of every file in a folder, sorted by name; none if there is no folder.
#[pyfunction]
#[pyo3(signature = (folder, *, sync=false))]
pub fn side_files(py: Python<'_>, folder: PathBuf, sync: bool) -> Result<Vec<(String, u64, String)>> {
    let files = py.detach(|| beside::files(&folder, sync))?;
    Ok(files.into_iter().map(|SideFile { name, size, hash }| (name, size, hash)).collect())
}

/// Raise CorruptFrame unless a folder holds just these files.
#[pyfunction]
pub fn check_side_files(py: Python<'_>, folder: PathBuf, files: Vec<(String, u64, String)>) -> Result<()> {
    let files: Vec<_> = files.into_iter().map(|(name, size, hash)| SideFile { name, size, hash }).collect();
    Ok(py.detach(|| beside::check(&folder, &files))?)
}

fn module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module =
        MODULE.get_or_try_init(py, || py.import("holdall.serializers._beside").map(Bound::unbind))?;
    Ok(module.bind(py))
}
