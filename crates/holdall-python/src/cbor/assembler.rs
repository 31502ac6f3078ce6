//! Python objects, built from CBOR.

use std::sync::Arc;

use holdall_codec::cbor::{Shell, Sink, Step, tag};
use holdall_types::ErrorKind;
use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyComplex, PyDict, PyList, PyString, PyTuple, PyTypeMethods};

use super::calendar;
use super::class::{self, Class};
use super::kind::{classes, named};
use super::make;
use super::number::{self, bad};
use super::open::{MOST_STEPS, short};
use super::stack::Stack;
use crate::error::{Raised, Result};
use crate::fresh;

/// What a payload is read with.
pub struct Reading<'py> {
    /// Whether the reader trusts whoever wrote it: else only registered classes are built.
    pub trusted: bool,
    /// Why not, where there is a signature that says more.
    pub distrust: Option<Raised>,
    /// The buffers that the payload refers to by their numbers.
    pub segments: Vec<Bound<'py, PyAny>>,
}

enum Share {
    /// Nothing to refer to yet.
    Begun,
    /// Not complete, but there.
    Shell(Py<PyAny>),
    Complete(Py<PyAny>),
}

/// Values in postfix order.
pub struct Assembler<'py> {
    base: Stack<'py>,
    reading: Reading<'py>,
    segments: Option<Bound<'py, PyTuple>>,
    shares: Vec<Share>,
    /// The shell that the container which ends next has to fill.
    filling: Option<Py<PyAny>>,
    classes: Vec<Arc<Class>>,
    /// The bytes of the definition that is being read.
    defining: Vec<u8>,
}

impl<'py> Assembler<'py> {
    pub fn new(py: Python<'py>, reading: Reading<'py>) -> Self {
        Self {
            base: Stack::new(py),
            reading,
            segments: None,
            shares: Vec::new(),
            filling: None,
            classes: Vec::new(),
            defining: Vec::new(),
        }
    }

    /// The one value that a complete payload leaves.
    pub fn finish(self) -> Result<Bound<'py, PyAny>> {
        self.base.finish().ok_or_else(|| Raised::new(ErrorKind::Serialization, "the payload is empty"))
    }

    /// The way that an error tells, in Python's words.
    pub fn path(&self, steps: &[Step]) -> String {
        let py = self.base.py;
        let mut path = "$".to_owned();
        let mut keys = 0;
        for step in steps.iter().take(MOST_STEPS) {
            match *step {
                Step::Item(index) => path.push_str(&format!("[{index}]")),
                Step::Pair(index) => {
                    let key = self.base.keys.get(keys + index);
                    let key = key.map_or_else(|| "?".to_owned(), |key| short(key.bind(py)));
                    path.push_str(&format!("[{key}]"));
                    keys += index + 1;
                }
                Step::Key(index) => {
                    path.push_str(&format!(".keys()[{index}]"));
                    keys += index;
                }
                Step::Field(class, index) => {
                    let name = self.classes.get(class).and_then(|class| class.names.get(index));
                    path.push_str(&name.map_or_else(
                        || ".?".to_owned(),
                        |name| format!(".{}", name.bind(py).to_string_lossy()),
                    ));
                }
                Step::Argument(_) => {}
                Step::Definition => path.push_str(".__class__"),
            }
        }
        if steps.len() > MOST_STEPS {
            path.push('…');
        }
        path
    }

    fn push(&mut self, value: Bound<'_, PyAny>) -> Result<()> {
        self.base.put(value.unbind())
    }

    /// Takes the last so many values.
    fn take(&mut self, length: usize) -> std::vec::Drain<'_, Py<PyAny>> {
        let start = self.base.values.len().saturating_sub(length);
        self.base.values.drain(start..)
    }

    fn top(&mut self) -> Result<Bound<'py, PyAny>> {
        let py = self.base.py;
        let top = self.base.values.pop().map(|value| value.into_bound(py));
        top.ok_or_else(|| Raised::new(ErrorKind::Serialization, "a value is missing"))
    }

    fn shell_of(&mut self) -> Option<Bound<'py, PyAny>> {
        let py = self.base.py;
        self.filling.take().map(|shell| shell.into_bound(py))
    }

    fn segments(&mut self) -> Result<Bound<'py, PyTuple>> {
        if let Some(segments) = &self.segments {
            return Ok(segments.clone());
        }
        let segments = PyTuple::new(self.base.py, &self.reading.segments)?;
        self.segments = Some(segments.clone());
        Ok(segments)
    }

    fn rebuilt_tag(&mut self, tag: u64, content: &Bound<'py, PyAny>) -> Result<()> {
        let py = self.base.py;
        let value = named(py)?
            .call_method1(intern!(py, "rebuild_tag"), (tag, content))
            .map_err(|error| refused(py, error))?;
        self.push(value)
    }

    /// The two numbers of a pair.
    fn pair(&mut self) -> Result<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let pair = self.top()?;
        let pair = pair.cast_into::<PyList>().ok().filter(|pair| pair.len() == 2);
        let pair = pair
            .ok_or_else(|| refused(self.base.py, bad("a tag with something else than the pair it takes")))?;
        Ok((pair.get_item(0)?, pair.get_item(1)?))
    }

    /// A frozen or other set of the last so many values.
    fn fill_set(&mut self, set: Bound<'py, PyAny>, length: usize) -> Result<()> {
        for item in self.take(length) {
            // SAFETY: a set, or a frozenset that nobody else has seen.
            let failed = unsafe { ffi::PySet_Add(set.as_ptr(), item.as_ptr()) } != 0;
            if failed {
                let py = set.py();
                return Err(refused(py, PyErr::fetch(py)));
            }
        }
        self.push(set)
    }

    /// A new instance without a state.
    fn blank(&self, class: &Class, length: usize) -> Result<Bound<'py, PyAny>> {
        let py = self.base.py;
        if class.is_tuple {
            return blank_tuple(py, class.class.as_ptr().cast(), length);
        }
        make::blank(class.class.bind(py)).map_err(|error| refused(py, error))
    }
}

static UNHASHABLE: PyOnceLock<Py<PyList>> = PyOnceLock::new();

/// A tuple to be filled. Until then it holds what has no hash: a key, or an item of a set, would have
/// the wrong one ever after.
fn blank_tuple<'py>(
    py: Python<'py>,
    class: *mut ffi::PyTypeObject,
    length: usize,
) -> Result<Bound<'py, PyAny>> {
    // SAFETY: tuple or a class derived from it; the new object is filled at once, before anything
    // else can run.
    unsafe {
        let length = length as ffi::Py_ssize_t;
        let made = if std::ptr::eq(class, &raw const ffi::PyTuple_Type) {
            ffi::PyTuple_New(length)
        } else {
            match (*class).tp_alloc {
                Some(alloc) => alloc(class, length),
                None => std::ptr::null_mut(),
            }
        };
        if made.is_null() {
            return Err(PyErr::fetch(py).into());
        }
        let made = Bound::from_owned_ptr(py, made);
        let filler = UNHASHABLE.get_or_init(py, || PyList::empty(py).unbind());
        for at in 0..length {
            ffi::PyTuple_SET_ITEM(made.as_ptr(), at, ffi::Py_NewRef(filler.as_ptr()));
        }
        Ok(made)
    }
}

/// Puts items into a tuple made by [`blank_tuple`].
fn fill_tuple(tuple: &Bound<'_, PyAny>, items: impl Iterator<Item = Py<PyAny>>) {
    for (at, item) in items.enumerate() {
        // SAFETY: as many items as the tuple was made for; a tuple keeps no hash, so that changing
        // one which others may hold already is only odd. What it held was never null.
        unsafe {
            let at = at as ffi::Py_ssize_t;
            let former = ffi::PyTuple_GET_ITEM(tuple.as_ptr(), at);
            ffi::PyTuple_SET_ITEM(tuple.as_ptr(), at, item.into_ptr());
            ffi::Py_DECREF(former);
        }
    }
}

/// What content that its tag does not take is answered with. Errors of ours and those that end
/// things stay what they are.
fn refused(py: Python<'_>, error: PyErr) -> Raised {
    let passes = error.is_instance_of::<PyMemoryError>(py)
        || !error.is_instance_of::<pyo3::exceptions::PyException>(py)
        || py
            .import(intern!(py, "holdall.errors"))
            .and_then(|module| module.getattr(intern!(py, "HoldallError")))
            .and_then(|ours| error.value(py).is_instance(&ours))
            .unwrap_or(false);
    if passes {
        return error.into();
    }
    let reason = error.value(py).to_string();
    let message = format!("cannot be rebuilt: {reason}; read the bytes with mode=\"raw\"");
    Raised::new(ErrorKind::Serialization, message).caused_by(py, error)
}

impl Sink for Assembler<'_> {
    type Error = Raised;

    fn null(&mut self) -> Result<()> {
        self.base.null()
    }

    fn undefined(&mut self) -> Result<()> {
        let py = self.base.py;
        let unset = classes(py)?.getattr(intern!(py, "UNSET"))?;
        self.push(unset)
    }

    fn bool(&mut self, value: bool) -> Result<()> {
        self.base.bool(value)
    }

    fn int(&mut self, value: i64) -> Result<()> {
        self.base.int(value)
    }

    fn big_int(&mut self, negative: bool, magnitude: &[u8]) -> Result<()> {
        let value = number::integer(self.base.py, negative, magnitude)?;
        self.push(value)
    }

    fn float(&mut self, value: f64) -> Result<()> {
        self.base.float(value)
    }

    fn text(&mut self, value: &str) -> Result<()> {
        self.base.str(value)
    }

    fn bytes(&mut self, value: &[u8]) -> Result<()> {
        let py = self.base.py;
        let bytes = PyBytes::new_with(py, value.len(), |out| {
            out.copy_from_slice(value);
            Ok(())
        })?;
        self.push(bytes.into_any())
    }

    fn key(&mut self, value: &str) -> Result<()> {
        self.base.key(value)
    }

    fn as_key(&mut self) -> Result<()> {
        let key = self.top()?;
        self.base.put_key(key.unbind())
    }

    fn list(&mut self, length: usize) -> Result<()> {
        let Some(shell) = self.shell_of() else { return self.base.list(length) };
        let list = shell.cast_into::<PyList>().map_err(PyErr::from)?;
        let py = self.base.py;
        for item in self.take(length) {
            list.append(item.into_bound(py))?;
        }
        self.push(list.into_any())
    }

    fn tuple(&mut self, length: usize) -> Result<()> {
        let py = self.base.py;
        if let Some(shell) = self.shell_of() {
            fill_tuple(&shell, self.take(length));
            return self.push(shell);
        }
        // SAFETY: a new tuple is filled before anyone can see it; the items' references move in, and
        // are no longer ours.
        let tuple = unsafe {
            let tuple = Bound::from_owned_ptr_or_err(py, ffi::PyTuple_New(length as ffi::Py_ssize_t))?;
            let values = &mut self.base.values;
            let start = values.len().saturating_sub(length);
            for (at, item) in values.iter().skip(start).enumerate() {
                ffi::PyTuple_SET_ITEM(tuple.as_ptr(), at as ffi::Py_ssize_t, item.as_ptr());
            }
            values.set_len(start);
            tuple
        };
        self.push(tuple)
    }

    fn set(&mut self, length: usize) -> Result<()> {
        let py = self.base.py;
        let set = match self.shell_of() {
            Some(shell) => shell,
            // SAFETY: a new reference, or null with an error.
            None => unsafe { Bound::from_owned_ptr_or_err(py, ffi::PySet_New(std::ptr::null_mut()))? },
        };
        self.fill_set(set, length)
    }

    fn frozenset(&mut self, length: usize) -> Result<()> {
        let py = self.base.py;
        self.filling = None;
        // SAFETY: a new reference, or null with an error.
        let set = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyFrozenSet_New(std::ptr::null_mut()))? };
        self.fill_set(set, length)
    }

    fn map(&mut self, length: usize) -> Result<()> {
        let py = self.base.py;
        let dict = match self.shell_of() {
            Some(shell) => shell.cast_into::<PyDict>().map_err(PyErr::from)?,
            None => fresh::dict(py)?,
        };
        let values = self.base.values.len().saturating_sub(length);
        let keys = self.base.keys.len().saturating_sub(length);
        for (key, value) in self.base.keys.drain(keys..).zip(self.base.values.drain(values..)) {
            dict.set_item(key, value).map_err(|error| refused(py, error))?;
        }
        self.push(dict.into_any())
    }

    fn named(&mut self, length: usize) -> Result<()> {
        let py = self.base.py;
        let shell = self.shell_of();
        let start = self.base.values.len().saturating_sub(length);
        let Some((name, arguments)) = self.base.values.get(start..).and_then(<[_]>::split_first) else {
            return Ok(());
        };
        let name =
            name.bind(py).cast::<PyString>().map_err(|_| refused(py, bad("a name that is no text")))?;
        let quick = make::quick(py, name.to_str()?, arguments).map_err(|error| refused(py, error))?;
        if let Some(made) = quick {
            self.base.values.truncate(start);
            return self.push(made);
        }
        let (name, list) =
            (name.clone(), fresh::list(py, arguments.iter().map(|argument| argument.clone_ref(py)))?);
        self.base.values.truncate(start);
        let made = match shell {
            Some(shell) => named(py)?.call_method1(intern!(py, "fill"), (shell, list)),
            None => {
                let segments = self.segments()?;
                named(py)?.call_method1(intern!(py, "rebuild"), (name, list, segments))
            }
        };
        self.push(made.map_err(|error| refused(py, error))?)
    }

    fn named_text(&mut self, name: &str, text: &str) -> Result<bool> {
        let py = self.base.py;
        let made = match name {
            "datetime.datetime" => calendar::date_time(py, text, false, None),
            "datetime.time" => calendar::time_of_day(py, text, false, None),
            _ => return Ok(false),
        };
        self.push(made.map_err(|error| refused(py, error))?)?;
        Ok(true)
    }

    fn known_class(&mut self, definition: &[u8]) -> Result<bool> {
        match class::known(self.base.py, definition, self.reading.trusted) {
            Some(class) => {
                self.classes.push(class);
                Ok(true)
            }
            None => {
                self.defining = definition.to_vec();
                Ok(false)
            }
        }
    }

    fn define(&mut self) -> Result<()> {
        let py = self.base.py;
        let definition = self.top()?;
        let bytes = std::mem::take(&mut self.defining);
        let class = class::learn(&definition, bytes, self.reading.trusted).map_err(|error| {
            match self.reading.distrust.take() {
                // A signature that does not fit says more than that there is no trust.
                Some(distrust) if is_untrusted(py, &error) => distrust,
                _ => refused(py, error),
            }
        })?;
        self.classes.push(class);
        Ok(())
    }

    fn object(&mut self, number: usize, length: usize) -> Result<()> {
        let py = self.base.py;
        let shell = self.shell_of();
        let mut values: Vec<Py<PyAny>> = Vec::new();
        values.try_reserve_exact(length.min(self.base.values.len()))?;
        values.extend(self.take(length));
        let Some(class) = self.classes.get(number) else { return Ok(()) };
        if let Some(build) = &class.build {
            let values = fresh::list(py, values.into_iter())?;
            let made = match (shell, &class.fill) {
                (Some(shell), Some(fill)) => fill.bind(py).call1((&shell, values)).map(|_| shell),
                _ => build.bind(py).call1((values,)),
            };
            return self.push(made.map_err(|error| refused(py, error))?);
        }
        if class.names.len() != length {
            return Err(refused(py, bad("an instance with another number of values than its class has")));
        }
        let made = match shell {
            Some(shell) => shell,
            None => self.blank(class, length)?,
        };
        let unset = classes(py)?.getattr(intern!(py, "UNSET"))?;
        if class.is_tuple {
            if values.iter().any(|value| value.is(&unset)) {
                return Err(refused(py, bad("a tuple without one of its items")));
            }
            fill_tuple(&made, values.into_iter());
        } else {
            for (name, value) in class.names.iter().zip(&values) {
                if value.is(&unset) {
                    continue;
                }
                // SAFETY: live objects; this is `object.__setattr__`, past what the class makes of it.
                let failed = unsafe {
                    ffi::PyObject_GenericSetAttr(made.as_ptr(), name.as_ptr(), value.as_ptr()) != 0
                };
                if failed {
                    return Err(refused(py, PyErr::fetch(py)));
                }
            }
        }
        self.push(made)
    }

    fn tagged_text(&mut self, number: u64, value: &str) -> Result<()> {
        let py = self.base.py;
        let made = match number {
            tag::DATE_TIME => calendar::date_time(py, value, false, None),
            tag::DATE => calendar::date(py, value),
            _ => return self.rebuilt_tag(number, fresh::text(py, value)?.as_any()),
        };
        self.push(made.map_err(|error| refused(py, error))?)
    }

    fn tagged_bytes(&mut self, number: u64, value: &[u8]) -> Result<()> {
        let py = self.base.py;
        let made = match number {
            tag::UUID => match value.try_into() {
                Ok(bytes) => make::uuid(py, u128::from_be_bytes(bytes)),
                Err(_) => Err(bad("a UUID has 16 bytes")),
            },
            tag::WTF8 => make::wtf8(py, value),
            _ => return self.rebuilt_tag(number, fresh::bytes(py, value)?.as_any()),
        };
        self.push(made.map_err(|error| refused(py, error))?)
    }

    fn tagged(&mut self, number: u64) -> Result<()> {
        let py = self.base.py;
        let made = match number {
            tag::DECIMAL => {
                let (exponent, mantissa) = self.pair()?;
                make::decimal(&exponent, &mantissa)
            }
            tag::COMPLEX => {
                let (real, imaginary) = self.pair()?;
                real.extract::<f64>().and_then(|real| {
                    Ok(PyComplex::from_doubles(py, real, imaginary.extract::<f64>()?).into_any())
                })
            }
            tag::DURATION => {
                let span = self.top()?;
                make::duration(&span)
            }
            _ => {
                let content = self.top()?;
                return self.rebuilt_tag(number, &content);
            }
        };
        self.push(made.map_err(|error| refused(py, error))?)
    }

    fn share(&mut self) -> Result<()> {
        self.shares.try_reserve(1)?;
        self.shares.push(Share::Begun);
        Ok(())
    }

    fn shell(&mut self, number: usize, shell: Shell) -> Result<()> {
        let py = self.base.py;
        let made = match shell {
            Shell::List => fresh::list(py, std::iter::empty())?.into_any(),
            Shell::Map => fresh::dict(py)?.into_any(),
            Shell::Tuple(0) => return Ok(()),
            Shell::Tuple(length) => blank_tuple(py, &raw mut ffi::PyTuple_Type, length)?,
            // SAFETY: a new reference, or null with an error.
            Shell::Set => unsafe { Bound::from_owned_ptr_or_err(py, ffi::PySet_New(std::ptr::null_mut()))? },
            Shell::Object(class) => match self.classes.get(class) {
                Some(class) if class.build.is_none() || class.fill.is_some() => {
                    self.blank(class, class.names.len())?
                }
                _ => return Ok(()),
            },
            Shell::Named => {
                let Some(name) = self.base.values.last() else { return Ok(()) };
                // What else stands there is refused when the object is complete.
                let Ok(name) = name.bind(py).cast_exact::<PyString>() else { return Ok(()) };
                let shell = named(py)?.call_method1(intern!(py, "shell"), (name,))?;
                if shell.is_none() {
                    return Ok(());
                }
                shell
            }
        };
        if let Some(share) = self.shares.get_mut(number) {
            *share = Share::Shell(made.unbind());
        }
        Ok(())
    }

    fn fill(&mut self, number: usize) {
        self.filling = match self.shares.get(number) {
            Some(Share::Shell(shell)) => Some(shell.clone_ref(self.base.py)),
            _ => None,
        };
    }

    fn shared(&mut self, number: usize) -> Result<()> {
        let value = self.base.values.last().map(|value| value.clone_ref(self.base.py));
        if let (Some(share), Some(value)) = (self.shares.get_mut(number), value) {
            *share = Share::Complete(value);
        }
        Ok(())
    }

    fn reference(&mut self, number: usize) -> Result<()> {
        let py = self.base.py;
        let value = match self.shares.get(number) {
            Some(Share::Shell(value) | Share::Complete(value)) => value.clone_ref(py),
            _ => {
                let message = "it refers to something that is not complete here and cannot be made in advance; read \
                               the bytes with mode=\"raw\"";
                return Err(Raised::new(ErrorKind::Serialization, message));
            }
        };
        self.base.put(value)
    }
}

fn is_untrusted(py: Python<'_>, error: &PyErr) -> bool {
    error.get_type(py).name().is_ok_and(|name| name == "UntrustedPayloadError")
}
