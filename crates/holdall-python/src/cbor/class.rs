//! The classes that payloads define, as instances of them are made.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyType};

use super::kind::{Place, classes};

/// What `holdall._classes.resolve` says of a definition.
pub struct Class {
    pub class: Py<PyType>,
    pub is_tuple: bool,
    /// Makes an instance of a list of values; `None` where they are simply set.
    pub build: Option<Py<PyAny>>,
    /// Fills an instance that was made in advance, where `build` would come too late.
    pub fill: Option<Py<PyAny>>,
    pub names: Vec<Py<PyString>>,
    /// Opened by registration: then no signature is asked for.
    registered: bool,
    place: Option<Place>,
    changes: u64,
}

/// By the bytes of the definition: looking one over costs many times what making an instance does.
static KNOWN: LazyLock<Mutex<HashMap<Vec<u8>, Arc<Class>>>> = LazyLock::new(Mutex::default);
const MOST_KNOWN: usize = 1024;
const LONGEST: usize = 16 * 1024;

/// How many registrations there were.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Notes that a class was registered.
pub fn changed() {
    CHANGES.fetch_add(1, Ordering::Relaxed);
}

/// The class of a definition that was met before, if all is as it was then.
pub fn known(py: Python<'_>, definition: &[u8], trusted: bool) -> Option<Arc<Class>> {
    let class = Arc::clone(KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(definition)?);
    let is_current = (trusted || class.registered)
        && class.changes == CHANGES.load(Ordering::Relaxed)
        && class.place.as_ref().is_none_or(|place| place.leads_to(class.class.bind(py)));
    is_current.then_some(class)
}

/// The class of a definition, looked over.
pub fn learn(definition: &Bound<'_, PyAny>, bytes: Vec<u8>, trusted: bool) -> PyResult<Arc<Class>> {
    let py = definition.py();
    let changes = CHANGES.load(Ordering::Relaxed);
    let recipe = classes(py)?.call_method1(intern!(py, "resolve"), (definition, trusted))?;
    let definition = definition.cast::<PyList>()?;
    let mut names: Vec<Py<PyString>> = definition.get_item(3)?.extract()?;
    names.extend(definition.get_item(4)?.extract::<Vec<Py<PyString>>>()?);
    let class = recipe.getattr(intern!(py, "kind"))?.cast_into::<PyType>()?;
    let (mut build, mut fill) = (None, None);
    if !recipe.getattr(intern!(py, "direct"))?.extract::<bool>()? {
        build = Some(recipe.getattr(intern!(py, "build"))?.unbind());
        fill = Some(recipe.getattr(intern!(py, "fill"))?).filter(|fill| !fill.is_none()).map(Bound::unbind);
    }
    let name = definition.get_item(1)?.cast_into::<PyString>()?;
    let registered = classes(py)?.call_method1(intern!(py, "named"), (&name,))?;
    let learnt = Arc::new(Class {
        is_tuple: definition.get_item(0)?.eq("namedtuple")?,
        build,
        fill,
        names,
        registered: !registered.is_none(),
        place: Place::of(&class, name.to_str()?)?,
        changes,
        class: class.unbind(),
    });
    // What is under no place of its own may be another class the next time: not worth the risk.
    if bytes.len() <= LONGEST && !bytes.is_empty() && (learnt.place.is_some() || learnt.registered) {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let crowded = known.len() >= MOST_KNOWN;
        let former = if crowded { std::mem::take(&mut *known) } else { HashMap::new() };
        let replaced = known.insert(bytes, Arc::clone(&learnt));
        drop(known);
        drop((former, replaced));
    }
    Ok(learnt)
}
