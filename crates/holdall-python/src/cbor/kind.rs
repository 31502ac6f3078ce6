//! What a type is written as.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyByteArray, PyComplex, PyDate, PyDateTime, PyDelta, PyString, PyTime, PyType, PyTypeMethods,
    PyWeakrefMethods, PyWeakrefReference,
};

use super::plan::Plan;

/// How an exact type is written. Types that JSON knows and the plain containers are not asked for.
#[derive(Debug)]
pub enum Kind {
    Complex,
    ByteArray,
    DateTime,
    Date,
    Time,
    Delta,
    TimeZone,
    Decimal,
    Uuid,
    Fraction,
    /// By a function of `holdall._named`.
    Named(Py<PyAny>),
    /// As an instance of its class.
    Object(Plan),
    /// Not at all.
    Other,
}

/// A type and its kind. The reference is weak: a class that nobody else holds may go.
struct Known {
    class: Py<PyWeakrefReference>,
    /// The interpreter's own number of the class's state, which any change of the class makes another.
    version: u32,
    kind: Arc<Kind>,
}

static KNOWN: LazyLock<Mutex<HashMap<usize, Known>>> = LazyLock::new(Mutex::default);

/// The kind of a type. Asking runs Python code the first time.
pub fn kind_of(class: &Bound<'_, PyType>) -> PyResult<Arc<Kind>> {
    let py = class.py();
    let address = class.as_ptr() as usize;
    if let Some(known) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&address)
        && known.version != 0
        && known.version == version_of(class)
        && known.class.bind(py).upgrade().is_some_and(|alive| alive.is(class))
    {
        return Ok(Arc::clone(&known.kind));
    }
    let kind = Arc::new(learn(class)?);
    // A class that cannot be found under its name may just be in the making.
    if !matches!(*kind, Kind::Other) || is_static(class) || is_found(class) {
        // Looking something up gives a changed class its new number.
        class.hasattr(intern!(py, "__reduce_ex__"))?;
        let version = version_of(class);
        let known =
            Known { class: PyWeakrefReference::new(class)?.unbind(), version, kind: Arc::clone(&kind) };
        let former = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(address, known);
        drop(former);
    }
    Ok(kind)
}

/// Forget what is known of classes, because one was registered.
#[pyfunction]
pub fn forget_kinds() {
    super::class::changed();
    let former = std::mem::take(&mut *KNOWN.lock().unwrap_or_else(PoisonError::into_inner));
    drop(former);
}

fn version_of(class: &Bound<'_, PyType>) -> u32 {
    // SAFETY: a live type; a plain number is read.
    unsafe { (*class.as_type_ptr()).tp_version_tag }
}

/// Whether `copyreg` was told how to pickle a class: then it goes that way.
pub fn has_reducer(class: &Bound<'_, PyType>) -> PyResult<bool> {
    static TABLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = class.py();
    let table =
        TABLE.get_or_try_init(py, || py.import("copyreg")?.getattr("dispatch_table").map(Bound::unbind))?;
    table.bind(py).contains(class)
}

fn learn(class: &Bound<'_, PyType>) -> PyResult<Kind> {
    let py = class.py();
    for (of, kind) in [
        (py.get_type::<PyComplex>(), Kind::Complex),
        (py.get_type::<PyByteArray>(), Kind::ByteArray),
        (py.get_type::<PyDateTime>(), Kind::DateTime),
        (py.get_type::<PyDate>(), Kind::Date),
        (py.get_type::<PyTime>(), Kind::Time),
        (py.get_type::<PyDelta>(), Kind::Delta),
        (imported(py, "datetime", "timezone")?, Kind::TimeZone),
        (imported(py, "decimal", "Decimal")?, Kind::Decimal),
        (imported(py, "uuid", "UUID")?, Kind::Uuid),
        (imported(py, "fractions", "Fraction")?, Kind::Fraction),
    ] {
        if class.is(&of) {
            return Ok(kind);
        }
    }
    let reducer = named(py)?.call_method1(intern!(py, "reducer_of"), (class,))?;
    if !reducer.is_none() {
        return Ok(Kind::Named(reducer.unbind()));
    }
    let plan = classes(py)?.call_method1(intern!(py, "plan"), (class,))?;
    if plan.is_none() { Ok(Kind::Other) } else { Ok(Kind::Object(Plan::new(class, &plan)?)) }
}

fn imported<'py>(py: Python<'py>, module: &str, name: &str) -> PyResult<Bound<'py, PyType>> {
    Ok(py.import(module)?.getattr(name)?.cast_into()?)
}

/// Whether a type is part of the interpreter or of an extension, and so will not change.
fn is_static(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: a live type; a plain number is read.
    unsafe { ffi::PyType_GetFlags(class.as_type_ptr()) & ffi::Py_TPFLAGS_HEAPTYPE == 0 }
}

/// Whether a type is what its module has under its name.
fn is_found(class: &Bound<'_, PyType>) -> bool {
    let place = class.getattr(intern!(class.py(), "__module__")).and_then(|module| Place::at(class, module));
    place.is_ok_and(|place| place.leads_to(class))
}

/// Where a class is: its module, and the way through it.
#[derive(Debug)]
pub struct Place {
    module: Py<PyString>,
    path: Vec<Py<PyString>>,
}

impl Place {
    /// The place of a class that is known by it; `None` for one that has a name of its own.
    pub fn of(class: &Bound<'_, PyType>, name: &str) -> PyResult<Option<Self>> {
        let module = class.getattr(intern!(class.py(), "__module__"))?;
        let same = name == format!("{module}:{}", class.qualname()?);
        if same { Self::at(class, module).map(Some) } else { Ok(None) }
    }

    fn at(class: &Bound<'_, PyType>, module: Bound<'_, PyAny>) -> PyResult<Self> {
        let py = class.py();
        let qualname = class.qualname()?.to_string();
        let path = qualname.split('.').map(|part| PyString::intern(py, part).unbind()).collect();
        Ok(Self { module: module.cast_into::<PyString>()?.unbind(), path })
    }

    /// Whether this is the class that is there now.
    pub fn leads_to(&self, class: &Bound<'_, PyType>) -> bool {
        let py = class.py();
        let found = || -> PyResult<bool> {
            // SAFETY: the table of modules lives as long as the interpreter does; borrowed.
            let modules = unsafe { Bound::from_borrowed_ptr(py, ffi::PyImport_GetModuleDict()) };
            let mut found = modules.get_item(&self.module)?;
            for name in &self.path {
                found = found.getattr(name)?;
            }
            Ok(found.is(class))
        };
        found().unwrap_or(false)
    }
}

/// `holdall._named`.
pub fn named(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    module(py, &MODULE, "holdall._named")
}

/// `holdall._classes`.
pub fn classes(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    module(py, &MODULE, "holdall._classes")
}

fn module<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
) -> PyResult<&'py Bound<'py, PyAny>> {
    let module = cell.get_or_try_init(py, || Ok::<_, PyErr>(py.import(name)?.into_any().unbind()))?;
    Ok(module.bind(py))
}
