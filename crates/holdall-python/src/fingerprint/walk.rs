//! The walk through a value.

use holdall_flow::digest::{Digest, Digester, Recall, Tag};
use holdall_types::ErrorKind;
use pyo3::exceptions::{PyException, PyMemoryError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyDict, PyFrozenSet, PyList, PySet, PyTuple, PyType};

use super::kind::{Kind, describe, kind_of};
use super::leaf::leaf;
use super::open::{Next, Of, Open, path};
use super::{array, buffer};
use crate::error::{Raised, Result};

/// The deepest nesting: beyond it something makes new objects without end.
const DEEPEST: usize = 500_000;

/// After so many containers Ctrl-C is looked for.
const PAUSE: usize = 1 << 16;

/// The fingerprint of a value that is to be found at `root`.
pub fn walk(value: &Bound<'_, PyAny>, root: &str) -> Result<Digest> {
    let mut walker =
        Walker { py: value.py(), out: Digester::default(), open: Vec::new(), kept: Vec::new(), opened: 0 };
    // Like any other value it is held by the walk, and once by where it comes from.
    let held = value.clone();
    match walker.run(&held) {
        Ok(()) => Ok(walker.out.finish()),
        Err(raised) => Err(raised.at(value.py(), &path(root, &walker.open))),
    }
}

struct Walker<'py> {
    py: Python<'py>,
    out: Digester,
    open: Vec<Open<'py>>,
    /// What was met, kept alive so that no other takes its address.
    kept: Vec<Bound<'py, PyAny>>,
    opened: usize,
}

impl<'py> Walker<'py> {
    fn run(&mut self, value: &Bound<'py, PyAny>) -> Result<()> {
        self.value(value)?;
        while let Some(open) = self.open.last_mut() {
            match open.next() {
                Next::Value(value) => self.value(&value)?,
                Next::Item(value) => {
                    self.out.item()?;
                    self.value(&value)?;
                }
                Next::End => self.close()?,
            }
        }
        Ok(())
    }

    #[inline]
    fn value(&mut self, value: &Bound<'py, PyAny>) -> Result<()> {
        if leaf(value, &mut self.out)? { Ok(()) } else { self.container(value) }
    }

    fn container(&mut self, value: &Bound<'py, PyAny>) -> Result<()> {
        let id = value.as_ptr() as usize;
        let again = may_come_again(value);
        if again && self.out.met(id) {
            return Ok(());
        }
        let (id, recall) = if again { (Some(id), Recall::IfLong) } else { (None, Recall::Nothing) };
        if value.is_exact_instance_of::<PyList>() {
            self.open(Tag::List, id, recall, Open::List { list: value.clone(), at: 0 })
        } else if let Ok(items) = value.cast_exact::<PyTuple>() {
            self.open(Tag::Tuple, id, recall, Open::items(items.clone(), Of::Tuple, value))
        } else if value.is_exact_instance_of::<PyDict>() {
            self.open(Tag::Dict, id, recall, Open::pairs(value))
        } else if value.is_exact_instance_of::<PySet>() {
            self.open(Tag::Set, id, recall, Open::items(snapshot(value)?, Of::Set, value))
        } else if value.is_exact_instance_of::<PyFrozenSet>() {
            self.open(Tag::FrozenSet, id, recall, Open::items(snapshot(value)?, Of::Set, value))
        } else if value.is_exact_instance_of::<PyByteArray>() {
            self.out.stream(&buffer::stream(Tag::ByteArray, value)?);
            Ok(())
        } else {
            self.rare(value)
        }
    }

    /// A value that Python describes, or a part of such a description.
    fn rare(&mut self, value: &Bound<'py, PyAny>) -> Result<()> {
        // Always known by its address, for what describes it may lead back to it without a reference.
        let id = value.as_ptr() as usize;
        if self.out.met(id) {
            return Ok(());
        }
        let described = match kind_of(&value.get_type())? {
            Kind::Array if array::array(value, &mut self.out)? => return Ok(()),
            Kind::Array => array::describe(value),
            Kind::Attributes => {
                return self.open(Tag::Attributes, None, Recall::Nothing, Open::attributes(value)?);
            }
            Kind::Described(by) => by.bind(value.py()).call1((value,)),
        };
        let parts = described.map_err(|error| refusal(value, error))?;
        let parts = parts.cast_into::<PyTuple>().map_err(PyErr::from)?;
        let recall = if may_come_again(value) { Recall::Always } else { Recall::Nothing };
        self.open(Tag::Object, Some(id), recall, Open::items(parts, Of::Object, value))
    }

    fn open(&mut self, tag: Tag, id: Option<usize>, recall: Recall, open: Open<'py>) -> Result<()> {
        if self.open.len() >= DEEPEST {
            let message = format!(
                "nested deeper than {DEEPEST} levels; if `__holdall_fingerprint__` is part of it, see that \
                 it comes to an end"
            );
            return Err(Raised::new(ErrorKind::Serialization, message));
        }
        self.out.open(tag, id, recall);
        self.open.push(open);
        self.opened += 1;
        if self.opened.is_multiple_of(PAUSE) {
            self.py.check_signals()?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let is_kept = self.out.close()?;
        if let Some(open) = self.open.pop()
            && is_kept
        {
            self.kept.push(open.into_owner());
        }
        Ok(())
    }
}

/// Whether there may be a second way to a value: the walk has one reference to it, and where it was found
/// another.
fn may_come_again(value: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object; a plain number is read.
    unsafe { ffi::Py_REFCNT(value.as_ptr()) > 2 }
}

/// The items of a set as they are now: a set that changes cannot be gone through.
fn snapshot<'py>(set: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    // SAFETY: a live object; a new reference, or null with an error.
    unsafe {
        let items = ffi::PySequence_Tuple(set.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(set.py(), items)?.cast_into_unchecked())
    }
}

/// What to say of a value that could not be described.
fn refusal(value: &Bound<'_, PyAny>, error: PyErr) -> Raised {
    let py = value.py();
    let is_other = !error.is_instance_of::<PyException>(py) || error.is_instance_of::<PyMemoryError>(py);
    if is_other || Raised::is_ours(py, &error) {
        return error.into();
    }
    let class: Bound<'_, PyType> = value.get_type();
    let made = describe(py)
        .and_then(|describe| describe.call_method1(intern!(py, "refusal"), (class, error.value(py))));
    match made {
        Ok(made) => Raised::from(PyErr::from_value(made)).caused_by(py, error),
        Err(broken) => broken.into(),
    }
}
