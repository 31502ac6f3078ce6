//! What C pickle asks before it writes an object that is of no built-in type.
//!
//! It asks for every instance, so this is above all the shortest way to "as you would": a few
//! comparisons of pointers. What C pickle cannot write, or would change, goes to `holdall._reduce`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering::Relaxed};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule, PyNotImplemented, PyString, PyTuple, PyType};
use pyo3::{ffi, intern};

/// Modules whose names mean another module in another process: the script, and the script as
/// multiprocessing's children see it.
const MAIN: [&str; 2] = ["__main__", "__mp_main__"];

/// A module's name, a name in it, and what is there.
pub type Found<'py> = (Bound<'py, PyString>, Bound<'py, PyString>, Bound<'py, PyAny>);

/// The `reducer_override` of one pickle.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Reducer {
    /// Types whose objects went C pickle's way, each in the place of its address. Compared, never
    /// followed; and no other type takes such an address meanwhile, for the pickler's memo keeps the
    /// objects.
    ordinary: [AtomicPtr<ffi::PyTypeObject>; 16],
    by_value: AtomicBool,
    rest: PyOnceLock<Py<PyAny>>,
    registered: OnceLock<bool>,
}

#[pymethods]
impl Reducer {
    #[new]
    pub fn new() -> Self {
        Self {
            ordinary: Default::default(),
            by_value: AtomicBool::new(false),
            rest: PyOnceLock::new(),
            registered: OnceLock::new(),
        }
    }

    /// Whether code went by value, which no other version of Python can run.
    #[getter]
    fn by_value(&self) -> bool {
        self.by_value.load(Relaxed)
    }

    /// Return how to write an object, or NotImplemented where C pickle does it.
    #[pyo3(signature = (value, /))]
    fn reduce<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let kind = value.get_type_ptr();
        let [.., ordinary] = &self.ordinary;
        let ordinary = self.ordinary.get(kind.addr() / 64 % self.ordinary.len()).unwrap_or(ordinary);
        if kind == ordinary.load(Relaxed) {
            return Ok(as_pickle_does(value));
        }
        if is_class(value) || kind == &raw mut ffi::PyFunction_Type {
            return self.named(value);
        }
        let kinds = Kinds::get(value.py())?;
        if kinds.special.iter().any(|special| special.as_ptr().cast() == kind) {
            return self.special(value, kinds);
        }
        if is_array(value) {
            let exact = kind == array_type(value.py());
            return if is_lost(value, exact)? { self.rest(value) } else { Ok(as_pickle_does(value)) };
        }
        if is_subtype(kind, &kinds.cached) || kind == record_type(value.py()) {
            return self.rest(value);
        }
        ordinary.store(kind, Relaxed);
        Ok(as_pickle_does(value))
    }
}

impl Reducer {
    /// A class or a function: by its name where that finds it, else by value.
    fn named<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if self.is_importable(value, intern!(value.py(), "__qualname__"))? {
            return Ok(as_pickle_does(value));
        }
        let reduced = self.rest(value)?;
        // More than a function to call and its arguments: the copy and what it is made of.
        if reduced.cast::<PyTuple>().is_ok_and(|parts| parts.len() > 2) {
            self.by_value.store(true, Relaxed);
        }
        Ok(reduced)
    }

    fn special<'py>(&self, value: &Bound<'py, PyAny>, kinds: &Kinds) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        let kind = value.get_type_ptr();
        let found = if kind.cast() == kinds.method.as_ptr() {
            self.is_found_method(value)?
        } else if kind.cast() == kinds.type_var.as_ptr() {
            self.is_importable(value, intern!(py, "__name__"))?
        } else {
            false
        };
        if found {
            return Ok(as_pickle_does(value));
        }
        if kind == &raw mut ffi::PyCode_Type {
            self.by_value.store(true, Relaxed);
        }
        self.rest(value)
    }

    fn rest<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        let rest = self.rest.get_or_try_init(py, || {
            py.import(intern!(py, "holdall._reduce"))?.call_method0(intern!(py, "Rest")).map(Bound::unbind)
        })?;
        rest.bind(py).call_method1(intern!(py, "reduce"), (value,))
    }

    /// Whether the module and the name of a thing lead to it, in another process too.
    fn is_importable(&self, value: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> PyResult<bool> {
        Ok(self.found(value, name)?.is_some_and(|(.., found)| found.is(value)))
    }

    /// The module and the name of a thing, and what they lead to in another process too, if they lead
    /// anywhere.
    pub fn found<'py>(
        &self,
        value: &Bound<'py, PyAny>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Option<Found<'py>>> {
        let py = value.py();
        let (Some(module), Some(name)) = (text(value, intern!(py, "__module__"))?, text(value, name)?) else {
            return Ok(None);
        };
        if MAIN.iter().any(|main| module == *main) || self.registered(py)? {
            return Ok(None);
        }
        // Made inside a function, or a lambda: looking for it would cost more than all else here.
        let Some(in_module) =
            imported(&module).filter(|_| !name.to_str().is_ok_and(|name| name.contains('<')))
        else {
            return Ok(None);
        };
        let found = walked(in_module, name.to_str()?)?;
        Ok(found.map(|found| (module, name, found)))
    }

    /// Whether the program has told cloudpickle of modules that go by value: then cloudpickle decides.
    fn registered(&self, py: Python<'_>) -> PyResult<bool> {
        if let Some(known) = self.registered.get() {
            return Ok(*known);
        }
        let some = match imported(intern!(py, "cloudpickle")) {
            Some(module) => module.call_method0(intern!(py, "list_registry_pickle_by_value"))?.is_truthy()?,
            None => false,
        };
        Ok(*self.registered.get_or_init(|| some))
    }

    /// Whether a bound method is what its owner has under its name, as C pickle writes it. The owner
    /// must be of an importable class: a copy of a class has its methods only once it is filled.
    fn is_found_method(&self, method: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = method.py();
        let owner = method.getattr(intern!(py, "__self__"))?;
        let function = method.getattr(intern!(py, "__func__"))?;
        let class = if is_class(&owner) { owner.clone() } else { owner.get_type().into_any() };
        let Some(name) = text(&function, intern!(py, "__name__"))? else { return Ok(false) };
        if !self.is_importable(&class, intern!(py, "__qualname__"))? {
            return Ok(false);
        }
        let Some(found) = owner.getattr_opt(&name)? else { return Ok(false) };
        Ok(found.get_type_ptr() == method.get_type_ptr()
            && found.getattr(intern!(py, "__func__"))?.is(&function)
            && found.getattr(intern!(py, "__self__"))?.is(&owner))
    }
}

/// The types that are looked for, kept for good so that their addresses stay theirs.
struct Kinds {
    special: Vec<Py<PyType>>,
    method: Py<PyType>,
    type_var: Py<PyType>,
    cached: Py<PyType>,
}

impl Kinds {
    fn get(py: Python<'_>) -> PyResult<&'static Self> {
        static KINDS: PyOnceLock<Kinds> = PyOnceLock::new();
        KINDS.get_or_try_init(py, || {
            Ok(Self {
                special: py.import("holdall._reduce")?.getattr("SPECIAL")?.extract()?,
                method: py.import("types")?.getattr("MethodType")?.extract()?,
                type_var: py.import("typing")?.getattr("TypeVar")?.extract()?,
                cached: py.import("holdall.anycache")?.getattr("Cached")?.extract()?,
            })
        })
    }
}

fn as_pickle_does<'py>(value: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
    PyNotImplemented::get(value.py()).to_owned().into_any()
}

/// By the flag: `isinstance` would ask a value for its `__class__`, which may be anything.
fn is_class(value: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the object is alive, and so is its type.
    unsafe { ffi::PyType_Check(value.as_ptr()) != 0 }
}

fn is_subtype(kind: *mut ffi::PyTypeObject, of: &Py<PyType>) -> bool {
    // SAFETY: both types are alive: one is that of an object in hand, the other is kept for good.
    unsafe { ffi::PyType_IsSubtype(kind, of.as_ptr().cast()) != 0 }
}

/// NumPy's class of arrays; null as long as it is not imported.
fn array_type(py: Python<'_>) -> *mut ffi::PyTypeObject {
    static ARRAY: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    numpy_type(py, &ARRAY, intern!(py, "ndarray"))
}

/// That of single records.
fn record_type(py: Python<'_>) -> *mut ffi::PyTypeObject {
    static RECORD: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    numpy_type(py, &RECORD, intern!(py, "void"))
}

fn numpy_type(
    py: Python<'_>,
    known: &'static PyOnceLock<Py<PyType>>,
    name: &Bound<'_, PyString>,
) -> *mut ffi::PyTypeObject {
    let found = known.get_or_try_init(py, || {
        let numpy = imported(intern!(py, "numpy")).ok_or(())?;
        numpy.getattr(name).and_then(|found| Ok(found.extract()?)).map_err(|_| ())
    });
    found.map_or(std::ptr::null_mut(), |found| found.as_ptr().cast())
}

fn is_array(value: &Bound<'_, PyAny>) -> bool {
    let array = array_type(value.py());
    // SAFETY: both types are alive: one is that of an object in hand, the other is kept for good.
    !array.is_null() && unsafe { ffi::PyType_IsSubtype(value.get_type_ptr(), array) != 0 }
}

/// Whether NumPy's own pickle would lose something of an array: the byte order of what it cannot write
/// as it lies in memory; what lies between the fields of records in pieces, instead of which it writes
/// whatever was in memory.
fn is_lost(array: &Bound<'_, PyAny>, exact: bool) -> PyResult<bool> {
    let py = array.py();
    let dtype = array.getattr(intern!(py, "dtype"))?;
    let native = dtype.getattr(intern!(py, "isnative"))?.is_truthy()?;
    let records = !dtype.getattr(intern!(py, "names"))?.is_none();
    if native && !(records && exact) || dtype.getattr(intern!(py, "hasobject"))?.is_truthy()? {
        return Ok(false);
    }
    let letter = dtype.getattr(intern!(py, "char"))?;
    if letter.cast::<PyString>()?.to_str().is_ok_and(|letter| matches!(letter, "M" | "m" | "g" | "G")) {
        return Ok(true);
    }
    let flags = array.getattr(intern!(py, "flags"))?;
    let in_order = |name| flags.getattr(name)?.is_truthy();
    Ok(!in_order(intern!(py, "c_contiguous"))? && !in_order(intern!(py, "f_contiguous"))?)
}

fn text<'py>(
    value: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    Ok(value.getattr_opt(name)?.and_then(|found| found.cast_into().ok()))
}

/// What a qualified name leads to from a module on.
pub fn walked<'py>(module: Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let mut found = module;
    for part in name.split('.') {
        let Some(next) = member(&found, part)? else { return Ok(None) };
        found = next;
    }
    Ok(Some(found))
}

/// What a module or a class has under a name. A module is asked without an error to be made and dropped.
fn member<'py>(of: &Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = of.py();
    if let Ok(module) = of.cast_exact::<PyModule>() {
        let names = module.dict();
        let found = names.get_item(name)?;
        if found.is_some() || !names.contains(intern!(py, "__getattr__"))? {
            return Ok(found);
        }
    }
    of.getattr_opt(name)
}

/// A module that is imported already.
pub fn imported<'py>(name: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
    // SAFETY: a borrowed reference to the interpreter's own `sys.modules`, held at once.
    let modules = unsafe { Bound::from_borrowed_ptr_or_opt(name.py(), ffi::PyImport_GetModuleDict()) };
    modules?.cast_into::<PyDict>().ok()?.get_item(name).ok()?
}
