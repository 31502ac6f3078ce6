//! What is said of a kept result, and what is to be said of one.

use holdall_flow::entry::{Pairs, Said};
use holdall_flow::shelf;
use holdall_frame::Frame;
use holdall_types::{Clock, ErrorKind, SystemClock};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::encode::long;
use crate::error::{Raised, Result};
use crate::fresh;

/// An entry that is there.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Kept {
    pub(super) kept: shelf::Kept,
}

impl Kept {
    /// An entry that whoever asks may rely on: one of another keyset only if it is to be read all the same.
    pub(super) fn vouched(mut kept: shelf::Kept, foreign: bool) -> Result<Self> {
        match kept.doubt.take() {
            Some(doubt) if !foreign => Err(doubt.context(kept.said.whose()).into()),
            doubt => {
                kept.doubt = doubt;
                Ok(Self { kept })
            }
        }
    }

    pub(super) const fn said(&self) -> &Said {
        &self.kept.said
    }
}

/// What `Entry` begins with, in its order.
type Fields<'py> =
    (&'py str, &'py str, &'py str, Option<&'py str>, Bound<'py, PyDict>, Bound<'py, PyDict>, f64, f64, u64);

#[pymethods]
impl Kept {
    /// Return workflow, name, key, result, items, parts, seconds, created and size.
    fn fields<'a>(&'a self, py: Python<'a>) -> Result<Fields<'a>> {
        let said = self.said();
        #[expect(clippy::cast_precision_loss, reason = "a time of this age of the world")]
        let created = said.created as f64 / 1000.0;
        let (items, parts) = (dict(py, &said.items)?, dict(py, &said.parts)?);
        let result = said.result.as_deref();
        Ok((&said.workflow, &said.name, &said.key, result, items, parts, said.seconds, created, said.size))
    }

    /// The folder of its side data, by the end of its name.
    #[getter]
    fn side(&self) -> Option<&str> {
        self.said().side.as_deref()
    }

    /// Whether it is signed with a key that the keyset does not hold.
    #[getter]
    fn foreign(&self) -> bool {
        self.kept.doubt.is_some()
    }

    /// Whether reading a value's frame can run code.
    #[staticmethod]
    fn is_active(frame: &[u8]) -> Result<bool> {
        Ok(Frame::read(frame)?.header.is_active())
    }

    /// Return the value's frame, checked, or None if it was not read.
    fn known<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyBytes>>> {
        let Some(frame) = self.kept.frame() else { return Ok(None) };
        let said = self.said();
        let checked = long(py, frame.len(), || said.check(frame));
        checked.map_err(|error| error.context(said.whose()))?;
        Ok(Some(fresh::bytes(py, frame)?))
    }

    /// Return the payload of the value's frame if that was read, for whoever looks for references in it.
    fn payload<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyBytes>>> {
        let Some(frame) = self.kept.frame() else { return Ok(None) };
        self.said().check(frame)?;
        Ok(Some(fresh::bytes(py, Frame::read(frame)?.payload)?))
    }

    /// Whether two entries hold one value.
    fn is_same(&self, other: &Self) -> bool {
        self.said().key == other.said().key && self.said().hash == other.said().hash
    }
}

fn dict<'py>(py: Python<'py>, pairs: &Pairs) -> Result<Bound<'py, PyDict>> {
    let dict = fresh::dict(py)?;
    for (name, value) in &pairs.0 {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}

/// What is to be said of a result.
pub(super) struct About<'a, 'py> {
    pub workflow: &'a str,
    pub name: &'a str,
    pub key: &'a str,
    pub result: Option<&'a str>,
    pub items: &'a Bound<'py, PyDict>,
    pub parts: &'a Bound<'py, PyDict>,
    pub seconds: f64,
    pub side: Option<&'a str>,
}

impl About<'_, '_> {
    pub(super) fn said(&self) -> Result<Said> {
        check_key(self.key)?;
        Ok(Said {
            workflow: self.workflow.to_owned(),
            name: self.name.to_owned(),
            key: self.key.to_owned(),
            result: self.result.map(str::to_owned),
            items: pairs("items", self.items)?,
            parts: pairs("parts", self.parts)?,
            seconds: self.seconds,
            created: SystemClock.wall_ms(),
            side: self.side.map(str::to_owned),
            size: 0,
            hash: String::new(),
        })
    }
}

/// A key becomes part of a file's name, so it is digits only.
pub(super) fn check_key(key: &str) -> Result<()> {
    let digits = key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if key.is_empty() || (key.len() == 64 && digits) {
        return Ok(());
    }
    let message = format!("the key {key:?} is neither empty nor 64 hexadecimal digits; give a fingerprint");
    Err(Raised::new(ErrorKind::Validation, message))
}

fn pairs(what: &str, dict: &Bound<'_, PyDict>) -> Result<Pairs> {
    let text = |value: &Bound<'_, PyAny>| match value.cast::<PyString>().map(|text| text.to_str()) {
        Ok(Ok(text)) => Ok(text.to_owned()),
        _ => {
            let message = format!("about={{{what:?}: ...}} takes a dict of texts");
            Err(Raised::new(ErrorKind::Validation, message))
        }
    };
    let pairs = dict.iter().map(|(name, value)| Ok((text(&name)?, text(&value)?)));
    Ok(Pairs(pairs.collect::<Result<_>>()?))
}
