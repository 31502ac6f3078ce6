//! What a type is described by.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyType, PyTypeMethods, PyWeakrefMethods, PyWeakrefReference};

/// How the walk takes instances of a type that is none of the plainest.
pub enum Kind {
    /// As what a function of `holdall.fingerprint.describe` says of them.
    Described(Py<PyAny>),
    /// As names and values whose order means nothing.
    Attributes,
    /// As an array of NumPy's.
    Array,
}

impl Kind {
    fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Described(by) => Self::Described(by.clone_ref(py)),
            Self::Attributes => Self::Attributes,
            Self::Array => Self::Array,
        }
    }
}

/// A type and its kind. The reference is weak: a class that nobody else holds may go.
struct Known {
    class: Py<PyWeakrefReference>,
    /// The interpreter's own number of the class's state, which any change of the class makes another.
    version: u32,
    kind: Kind,
}

/// Classes that are made on the way must not fill the memory.
const MOST_KNOWN: usize = 4096;

static KNOWN: LazyLock<Mutex<HashMap<usize, Known>>> = LazyLock::new(Mutex::default);

/// What the walk does with instances of a type. Asking runs Python code the first time.
pub fn kind_of(class: &Bound<'_, PyType>) -> PyResult<Kind> {
    let py = class.py();
    let address = class.as_ptr() as usize;
    if let Some(known) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&address)
        && known.version != 0
        && known.version == version_of(class)
        && known.class.bind(py).upgrade().is_some_and(|alive| alive.is(class))
    {
        return Ok(known.kind.clone_ref(py));
    }
    let kind = learn(class)?;
    // Looking something up gives a changed class its new number.
    class.hasattr(intern!(py, "__reduce_ex__"))?;
    let known = Known {
        class: PyWeakrefReference::new(class)?.unbind(),
        version: version_of(class),
        kind: kind.clone_ref(py),
    };
    let mut table = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let crowded = table.len() >= MOST_KNOWN;
    let former = if crowded { std::mem::take(&mut *table) } else { HashMap::new() };
    let replaced = table.insert(address, known);
    drop(table);
    // Letting go of these may run code, which may come here.
    drop((former, replaced));
    Ok(kind)
}

fn version_of(class: &Bound<'_, PyType>) -> u32 {
    // SAFETY: a live type; a plain number is read.
    unsafe { (*class.as_type_ptr()).tp_version_tag }
}

fn learn(class: &Bound<'_, PyType>) -> PyResult<Kind> {
    let py = class.py();
    let found = describe(py)?.call_method1(intern!(py, "describer_of"), (class,))?;
    if found.is_callable() {
        return Ok(Kind::Described(found.unbind()));
    }
    Ok(if found.extract::<&str>()? == "array" { Kind::Array } else { Kind::Attributes })
}

/// `holdall.fingerprint.describe`.
pub fn describe(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("holdall.fingerprint.describe")?.into_any().unbind())
    })?;
    Ok(module.bind(py))
}
