//! Which function a task is to call: by the name that finds it, or by value.

use std::sync::Arc;

use holdall_queue::envelope::Function;
use holdall_types::{Codec, ErrorKind};
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::{Raised, Result};
use crate::key::shown;
use crate::pickle::{self, Version};
use crate::reducer::{Reducer, imported, walked};

/// A function as a message names it.
pub struct Reference<'py> {
    /// `module:qualname`: where it is found, unless it goes by value.
    pub name: Arc<str>,
    /// A pickle, and the version of Python it is bound to.
    value: Option<(Bound<'py, PyBytes>, Version)>,
}

impl Reference<'_> {
    /// What the message says.
    pub fn function(&self) -> Function<'_> {
        match &self.value {
            None => Function::Named(&self.name),
            Some((pickle, _)) => Function::Valued(Codec::Pickle, pickle.as_bytes()),
        }
    }

    /// The version of Python that can run it, if only one can.
    pub fn python(&self) -> Version {
        self.value.as_ref().and_then(|(_, python)| *python)
    }
}

/// How one function after another is named. Calls of one function mostly come together, and it is looked
/// for once then.
#[derive(Default)]
pub struct References<'py> {
    finder: Option<Reducer>,
    last: Option<(Bound<'py, PyAny>, Reference<'py>)>,
}

impl<'py> References<'py> {
    /// The reference of a function.
    pub fn of(&mut self, function: &Bound<'py, PyAny>) -> Result<&Reference<'py>> {
        let known = self.last.take().filter(|(last, _)| last.is(function));
        let found = match known {
            Some(known) => known,
            None => (function.clone(), reference(self.finder.get_or_insert_with(Reducer::new), function)?),
        };
        Ok(&self.last.insert(found).1)
    }
}

fn reference<'py>(finder: &Reducer, function: &Bound<'py, PyAny>) -> Result<Reference<'py>> {
    let py = function.py();
    if !function.is_callable() {
        let message = format!("the function of a task must be callable, not {}", shown(function));
        return Err(Raised::new(ErrorKind::Validation, message));
    }
    let function = &undecorated(function.clone())?;
    if let Some((module, name, found)) = finder.found(function, intern!(py, "__qualname__"))?
        && undecorated(found)?.is(function)
    {
        let name = format!("{}:{}", module.to_str()?, name.to_str()?);
        return Ok(Reference { name: name.into(), value: None });
    }
    let name = name_of(function);
    let (bytes, python, _) = pickle::dumps(function, false)
        .map_err(|error| error.moved(py, "$", "$.func").about(py, &format!("the function {name}")))?;
    Ok(Reference { name: name.into(), value: Some((bytes, python)) })
}

/// What a function is called where only people read it.
fn name_of(function: &Bound<'_, PyAny>) -> String {
    let py = function.py();
    let text = |of: &Bound<'_, PyAny>, name: &Bound<'_, PyString>| {
        let found = of.getattr_opt(name).ok().flatten()?;
        found.cast::<PyString>().ok().map(|text| text.to_string_lossy().into_owned())
    };
    // A partial is named for what it calls, an object for its class.
    let inner = function.getattr_opt(intern!(py, "func")).ok().flatten();
    let named = inner.as_ref().unwrap_or(function);
    let module = text(named, intern!(py, "__module__")).unwrap_or_else(|| "builtins".to_owned());
    let name = text(named, intern!(py, "__qualname__"))
        .or_else(|| text(&named.get_type(), intern!(py, "__qualname__")))
        .unwrap_or_default();
    format!("{module}:{name}")
}

/// The function that a decorated one calls, and any other as it is.
fn undecorated(function: Bound<'_, PyAny>) -> Result<Bound<'_, PyAny>> {
    let py = function.py();
    // Whoever has one has imported its class.
    let Some(module) = imported(intern!(py, "holdall.task_function")) else { return Ok(function) };
    let class = module.getattr(intern!(py, "TaskFunction"))?;
    if function.get_type().is(&class) {
        return Ok(function.getattr(intern!(py, "__wrapped__"))?);
    }
    Ok(function)
}

/// The function that a verified message names.
pub fn resolved<'py>(py: Python<'py>, function: Function<'_>, python: Version) -> Result<Bound<'py, PyAny>> {
    let found = match function {
        Function::Named(name) => named(py, name)?,
        Function::Valued(Codec::Pickle, bytes) => pickle::loads(py, bytes, python, &[], None)
            .map_err(|error| error.about(py, "the task's function"))?,
        Function::Valued(codec, _) => {
            let message = format!("the task's function has codec {:?} where pickle belongs", codec.name());
            return Err(Raised::new(ErrorKind::Serialization, message));
        }
    };
    let found = undecorated(found)?;
    if found.is_callable() {
        return Ok(found);
    }
    let name = match function {
        Function::Named(name) => name.to_owned(),
        Function::Valued(..) => name_of(&found),
    };
    let message = format!("the task's function {name} is {} here, which cannot be called", shown(&found));
    Err(Raised::new(ErrorKind::Serialization, message))
}

fn named<'py>(py: Python<'py>, reference: &str) -> Result<Bound<'py, PyAny>> {
    let missing = |cause: Option<PyErr>| {
        let why = cause.as_ref().map_or_else(
            || "there is no such name".to_owned(),
            |cause| cause.value(py).repr().map_or_else(|_| "?".to_owned(), |shown| shown.to_string()),
        );
        let message = format!(
            "the task's function {reference} cannot be imported here: {why}; start the worker where it can, or give \
             it the module by --app"
        );
        let error = Raised::new(ErrorKind::Serialization, message);
        match cause {
            Some(cause) => error.caused_by(py, cause),
            None => error,
        }
    };
    let Some((module, name)) = reference.split_once(':') else { return Err(missing(None)) };
    // What another thread has only begun to import is waited for, as an import does.
    let known = imported(&PyString::new(py, module)).filter(|module| !is_being_imported(module));
    let module = match known.map_or_else(|| py.import(module).map(Bound::into_any), Ok) {
        Ok(module) => module,
        // A module may do anything when it is imported, leave the program too.
        Err(error)
            if error.is_instance_of::<PyKeyboardInterrupt>(py)
                || error.is_instance_of::<PyMemoryError>(py) =>
        {
            return Err(error.into());
        }
        Err(error) => return Err(missing(Some(error))),
    };
    match walked(module, name) {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(missing(None)),
        Err(error) => Err(missing(Some(error))),
    }
}

fn is_being_imported(module: &Bound<'_, PyAny>) -> bool {
    let py = module.py();
    let spec = module.getattr_opt(intern!(py, "__spec__")).ok().flatten();
    let being = spec.and_then(|spec| spec.getattr_opt(intern!(py, "_initializing")).ok().flatten());
    being.is_some_and(|being| being.is_truthy().unwrap_or(false))
}
