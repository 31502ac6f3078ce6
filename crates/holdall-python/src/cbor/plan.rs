//! How the instances of a class are written.

use super::kind::Place;
use holdall_codec::cbor::Writer;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple, PyType};

/// The form of a class: what an instance's state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Dataclass,
    NamedTuple,
    Enum,
    Flag,
}

/// What `holdall._classes.plan` says of a class, laid out for speed.
#[derive(Debug)]
pub struct Plan {
    pub form: Form,
    /// The declared fields, in order.
    pub fields: Vec<Py<PyString>>,
    /// Fields that live in slots, and what reads them.
    slots: Vec<(Py<PyString>, Py<PyAny>)>,
    has_dict: bool,
    /// The definition's items but for the extra attributes: form, name, version, fields.
    front: Vec<u8>,
    /// The copy of a class of the script, and its Python version.
    back: Vec<u8>,
    /// `None` for a class that is kept under a name of its own.
    place: Option<Place>,
}

/// An instance's state: the values of the declared fields, then those of other attributes.
pub struct State<'py> {
    /// `None` is a field that is not set.
    pub values: Vec<Option<Bound<'py, PyAny>>>,
    /// The names of the other attributes.
    pub extras: Vec<Py<PyString>>,
}

impl Plan {
    pub fn new(class: &Bound<'_, PyType>, plan: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = plan.py();
        let form: String = plan.getattr(intern!(py, "form"))?.extract()?;
        let name: String = plan.getattr(intern!(py, "name"))?.extract()?;
        let version: i64 = plan.getattr(intern!(py, "version"))?.extract()?;
        let fields: Vec<Py<PyString>> = plan.getattr(intern!(py, "fields"))?.extract()?;
        let copy = plan.getattr(intern!(py, "copy"))?;
        let place = Place::of(class, &name)?.filter(|place| place.leads_to(class));

        let mut front = Writer::new(Vec::new());
        front.text(&form).map_err(memory)?;
        front.text(&name).map_err(memory)?;
        front.int(version).map_err(memory)?;
        front.array(fields.len()).map_err(memory)?;
        for field in &fields {
            front.text(field.bind(py).to_str()?).map_err(memory)?;
        }
        let mut back = Writer::new(Vec::new());
        if !copy.is_none() {
            let version = py.version_info();
            back.bytes(copy.cast::<PyBytes>()?.as_bytes()).map_err(memory)?;
            back.int(version.major.into()).map_err(memory)?;
            back.int(version.minor.into()).map_err(memory)?;
        }
        Ok(Self {
            form: match form.as_str() {
                "namedtuple" => Form::NamedTuple,
                "enum" => Form::Enum,
                "flag" => Form::Flag,
                _ => Form::Dataclass,
            },
            fields,
            slots: plan.getattr(intern!(py, "slots"))?.extract()?,
            has_dict: plan.getattr(intern!(py, "has_dict"))?.extract()?,
            front: front.finish().map_err(memory)?,
            back: back.finish().map_err(memory)?,
            place,
        })
    }

    /// Writes the definition of the class, for instances with such other attributes.
    pub fn define(
        &self,
        py: Python<'_>,
        extras: &[Py<PyString>],
        out: &mut Writer<impl holdall_codec::Buffer>,
    ) -> PyResult<()> {
        out.array(if self.back.is_empty() { 5 } else { 8 }).map_err(memory)?;
        out.items(&self.front).map_err(memory)?;
        out.array(extras.len()).map_err(memory)?;
        for extra in extras {
            out.text(extra.bind(py).to_str()?).map_err(memory)?;
        }
        out.items(&self.back).map_err(memory)
    }

    /// Whether the class is still what its module has under its name.
    pub fn is_current(&self, class: &Bound<'_, PyType>) -> bool {
        self.place.as_ref().is_none_or(|place| place.leads_to(class))
    }

    /// The state of an instance. `None` if it has something that cannot be kept so.
    pub fn state<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Option<State<'py>>> {
        match self.form {
            Form::Dataclass => self.attributes(value),
            Form::NamedTuple => {
                let items = value.cast::<PyTuple>()?;
                let values = items.iter().map(Some).collect();
                Ok((items.len() == self.fields.len()).then_some(State { values, extras: Vec::new() }))
            }
            Form::Enum | Form::Flag => {
                let py = value.py();
                let state = super::kind::classes(py)?.call_method1(intern!(py, "state_of"), (value,))?;
                if state.is_none() {
                    return Ok(None);
                }
                let [first, second]: [Bound<'py, PyAny>; 2] = state.extract()?;
                Ok(Some(State { values: vec![Some(first), Some(second)], extras: Vec::new() }))
            }
        }
    }

    fn attributes<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Option<State<'py>>> {
        let py = value.py();
        let dict = if self.has_dict { Some(attributes_of(value)?) } else { None };
        let mut values = Vec::with_capacity(self.fields.len());
        let mut found = 0;
        for field in &self.fields {
            let mut item = None;
            if let Some((_, slot)) = self.slots.iter().find(|(name, _)| name.is(field)) {
                item = slot_of(slot.bind(py), value)?;
            } else if let Some(dict) = &dict {
                item = dict.get_item(field)?;
                found += usize::from(item.is_some());
            }
            values.push(item);
        }
        let mut extras = Vec::new();
        for (name, slot) in &self.slots {
            if !self.fields.iter().any(|field| field.is(name))
                && let Some(item) = slot_of(slot.bind(py), value)?
            {
                extras.push(name.clone_ref(py));
                values.push(Some(item));
            }
        }
        if let Some(dict) = dict
            && dict.len() > found
        {
            for (name, item) in dict.iter() {
                let Ok(name) = name.cast_into_exact::<PyString>() else { return Ok(None) };
                // What a slot's name leads to in the dict is hidden by the slot.
                let hidden =
                    self.slots.iter().any(|(slot, _)| slot.bind(py).as_any().eq(&name).unwrap_or(true));
                if hidden || name.to_str().is_err() {
                    return Ok(None);
                }
                if self.fields.iter().all(|field| !field.bind(py).as_any().eq(&name).unwrap_or(false)) {
                    extras.push(name.unbind());
                    values.push(Some(item));
                }
            }
        }
        Ok(Some(State { values, extras }))
    }
}

/// An instance's `__dict__`, past whatever its class makes of that name.
pub fn attributes_of<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    // SAFETY: a live object whose class has a dict, or an error is set; a new reference.
    let dict = unsafe {
        let dict = ffi::PyObject_GenericGetDict(value.as_ptr(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(value.py(), dict)?
    };
    Ok(dict.cast_into()?)
}

/// What a slot holds, if it is set.
fn slot_of<'py>(slot: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = value.py();
    match slot.call_method1(intern!(py, "__get__"), (value,)) {
        Ok(item) => Ok(Some(item)),
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyAttributeError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

fn memory(error: std::collections::TryReserveError) -> PyErr {
    crate::error::Raised::from(error).into()
}
