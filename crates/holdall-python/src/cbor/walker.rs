//! Python objects as the CBOR encoder sees them.
//!
//! Most values are looked at without running any Python code, by borrowed references. Where code may
//! run (a reducer, another thread meanwhile), the object at hand is held first; containers are held
//! as long as they are open, and one that changed its size is an error.

use std::collections::TryReserveError;
use std::ptr;
use std::sync::Arc;

use holdall_codec::Buffer;
use holdall_codec::cbor::{Source, Writer, tag};
use holdall_types::limits::{INLINE_ARRAY, MAX_SEGMENTS};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyComplex, PyComplexMethods, PyString, PyTuple, PyType};

use super::Cbor;
use super::calendar::{self, Rest};
use super::kind::{Kind, has_reducer, kind_of};
use super::number;
use super::open::{Open, Walk, What};
use super::plan::{Form, State};
use crate::beside::Writing;
use crate::error::Raised;
use crate::integer::{self, Integer};

/// A borrowed object; null is a field that is not set.
#[derive(Clone, Copy)]
pub struct Value {
    object: *mut ffi::PyObject,
    /// Made by a reducer, whose memoryviews stand for bytes.
    reduced: bool,
    /// What holds it will be hashed before anything around that is complete.
    hashed: bool,
}

impl Value {
    pub fn of(object: &Bound<'_, PyAny>) -> Self {
        Self { object: object.as_ptr(), reduced: false, hashed: false }
    }
}

/// Why the walk ended early. In a box, for most calls end well and should have little to hand back.
pub struct Stop(pub Box<Why>);

/// The reasons.
pub enum Why {
    Raised(Raised),
    Memory(TryReserveError),
    TooDeep,
    /// A container changed its size.
    Changed,
    /// An object of this type is none of CBOR's.
    Refused(String),
}

impl From<Why> for Stop {
    fn from(why: Why) -> Self {
        Self(Box::new(why))
    }
}

/// What CBOR does not take, and where.
pub struct Refusal {
    pub path: String,
    pub kind: String,
}

impl From<TryReserveError> for Stop {
    fn from(error: TryReserveError) -> Self {
        Why::Memory(error).into()
    }
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Why::Raised(error.into()).into()
    }
}

/// What became of a value.
enum Written<'py> {
    /// All of it is written.
    Whole,
    /// Its front is; what is inside comes next.
    Front(Open<'py>),
}

type Result<T> = std::result::Result<T, Stop>;

/// One walk through a value.
pub struct Walker<'py> {
    py: Python<'py>,
    /// Whether there is a place for segments.
    beside: bool,
    /// What takes the objects of registered types, which are not written here.
    writing: Option<Writing<'py>>,
    segments: Vec<Bound<'py, PyAny>>,
    /// Whether what is being written takes a segment for its bytes.
    takes_segment: bool,
    active: bool,
    /// The kinds of the types met so far.
    kinds: Vec<(*mut ffi::PyTypeObject, Arc<Kind>)>,
    /// The classes defined so far, each with its other attributes.
    classes: Vec<(*mut ffi::PyTypeObject, Vec<Py<PyString>>)>,
    /// Containers met, kept alive so that no other takes their address.
    kept: Vec<Bound<'py, PyAny>>,
    /// Open containers that nothing may refer to before they are complete.
    sealed: Vec<usize>,
    /// Open tuples: a reference may lead to one, but not from a key or a set, for until it is complete
    /// it has another hash.
    tuples: Vec<usize>,
    /// How often anybody's code may have run.
    foreign: usize,
}

impl<'py> Walker<'py> {
    pub fn new(py: Python<'py>, beside: bool, writing: Option<Writing<'py>>) -> Self {
        Self {
            py,
            beside,
            writing,
            segments: Vec::new(),
            takes_segment: false,
            active: false,
            kinds: Vec::new(),
            classes: Vec::new(),
            kept: Vec::new(),
            sealed: Vec::new(),
            tuples: Vec::new(),
            foreign: 0,
        }
    }

    pub fn into_cbor<B>(self, out: B) -> Cbor<'py, B> {
        Cbor { out, active: self.active, segments: self.segments }
    }

    fn kind(&mut self, class: *mut ffi::PyTypeObject) -> Result<Arc<Kind>> {
        if let Some((_, kind)) = self.kinds.iter().find(|(known, _)| ptr::eq(*known, class)) {
            return Ok(Arc::clone(kind));
        }
        // SAFETY: the type of a live object.
        let class_object = unsafe { Bound::from_borrowed_ptr(self.py, class.cast()) };
        let class_object = class_object.cast_into::<PyType>().map_err(PyErr::from)?;
        let registered =
            self.writing.as_ref().map(|writing| writing.covers(&class_object)).transpose()?.unwrap_or(false);
        let mut kind = if registered { Arc::new(Kind::Other) } else { kind_of(&class_object)? };
        if let Kind::Object(plan) = &*kind
            && (!plan.is_current(&class_object) || has_reducer(&class_object)?)
        {
            kind = Arc::new(Kind::Other);
        }
        self.kept.push(class_object.into_any());
        self.kinds.push((class, Arc::clone(&kind)));
        Ok(kind)
    }

    /// Meets a container; `true` if a reference to it is all there is to write.
    ///
    /// `ours` is how many references the walk itself holds.
    ///
    /// # Safety
    /// The object is alive.
    unsafe fn met<B: Buffer>(
        &mut self,
        value: Value,
        ours: ffi::Py_ssize_t,
        out: &mut Writer<B>,
    ) -> Result<bool> {
        let object = value.object;
        // SAFETY: alive, says the caller.
        unsafe {
            // Whoever holds the only reference cannot meet it again.
            if ffi::Py_REFCNT(object) <= ours + 1 {
                return Ok(false);
            }
            if out.met(object as usize)? {
                let early = value.hashed && self.tuples.contains(&(object as usize));
                if early || self.sealed.contains(&(object as usize)) {
                    return Err(self.refused(object));
                }
                return Ok(true);
            }
            self.kept.try_reserve(1)?;
            self.kept.push(hold(self.py, object));
        }
        Ok(false)
    }

    /// # Safety
    /// The object is alive.
    unsafe fn refused(&self, object: *mut ffi::PyObject) -> Stop {
        // SAFETY: alive, says the caller.
        let object = unsafe { Bound::from_borrowed_ptr(self.py, object) };
        let class = object.get_type();
        Why::Refused(
            class.fully_qualified_name().map_or_else(|_| "object".to_owned(), |name| name.to_string()),
        )
        .into()
    }

    /// Opens a tuple; says whether it is among those that may be met again.
    fn tuple(&mut self, object: *mut ffi::PyObject, ours: ffi::Py_ssize_t) -> bool {
        // SAFETY: alive, as every caller sees.
        let again = unsafe { ffi::Py_REFCNT(object) } > ours + 1;
        if again {
            self.tuples.push(object as usize);
        }
        again
    }

    fn text<B: Buffer>(&self, object: *mut ffi::PyObject, out: &mut Writer<B>) -> Result<()> {
        // SAFETY: an exact str, alive, as every caller sees; its bytes live as long as it does.
        unsafe {
            if let Some(text) = crate::utf8::of(object) {
                return Ok(out.text(text)?);
            }
            let bytes = Bound::from_owned_ptr_or_err(
                self.py,
                ffi::PyUnicode_AsEncodedString(object, c"utf-8".as_ptr(), c"surrogatepass".as_ptr()),
            )?;
            out.tag(tag::WTF8)?;
            Ok(out.bytes(bytes.cast::<pyo3::types::PyBytes>().map_err(PyErr::from)?.as_bytes())?)
        }
    }

    /// What is neither a plain scalar nor a plain container.
    fn rare<B: Buffer>(&mut self, value: Value, out: &mut Writer<B>) -> Result<Written<'py>> {
        self.foreign += 1;
        // SAFETY: the object is alive, and held from here on.
        let object = unsafe { Bound::from_borrowed_ptr(self.py, value.object) };
        if value.reduced && object.is_exact_instance_of::<pyo3::types::PyMemoryView>() {
            return self.buffer(&object, out);
        }
        let kind = self.kind(object.get_type_ptr())?;
        match &*kind {
            Kind::Complex => {
                let number = object.cast::<PyComplex>().map_err(PyErr::from)?;
                out.tag(tag::COMPLEX)?;
                out.array(2)?;
                out.float(number.real())?;
                out.float(number.imag())?;
            }
            Kind::ByteArray => {
                // SAFETY: alive.
                if unsafe { self.met(value, 1, out)? } {
                    return Ok(Written::Whole);
                }
                out.named("bytearray", 1)?;
                let bytes = object.cast::<PyByteArray>().map_err(PyErr::from)?;
                // SAFETY: nobody else runs until the bytes are copied.
                out.bytes(unsafe { bytes.as_bytes() })?;
            }
            Kind::DateTime => {
                let moment = object.cast().map_err(PyErr::from)?;
                return self.rest(calendar::write_date_time(moment, out)?, out);
            }
            Kind::Time => {
                let time = object.cast().map_err(PyErr::from)?;
                return self.rest(calendar::write_time(time, out)?, out);
            }
            Kind::Date => calendar::write_date(object.cast().map_err(PyErr::from)?, out)?,
            Kind::Delta => calendar::write_delta(object.cast().map_err(PyErr::from)?, out)?,
            Kind::TimeZone => {
                let arguments = calendar::zone_arguments(object.cast().map_err(PyErr::from)?)?;
                let arguments = arguments.cast_into::<PyTuple>().map_err(PyErr::from)?;
                out.named("datetime.timezone", arguments.len())?;
                return Ok(Written::Front(items(&arguments, 0, What::Reduced(None), false)));
            }
            Kind::Decimal => {
                let text = object.str()?;
                let text = text.to_str()?;
                match number::decimal(text) {
                    Some((exponent, mantissa)) => {
                        out.tag(tag::DECIMAL)?;
                        out.array(2)?;
                        out.int(exponent)?;
                        out.int(mantissa)?;
                    }
                    None => {
                        out.named("decimal.Decimal", 1)?;
                        out.text(text)?;
                    }
                }
            }
            Kind::Uuid => self.uuid(&object, out)?,
            Kind::Fraction => {
                let py = self.py;
                let parts = [intern!(py, "_numerator"), intern!(py, "_denominator")];
                let parts = PyTuple::new(py, [object.getattr(parts[0])?, object.getattr(parts[1])?])?;
                out.tag(tag::RATIONAL)?;
                out.array(2)?;
                return Ok(Written::Front(items(&parts, 0, What::Reduced(None), false)));
            }
            Kind::Named(reducer) => {
                // SAFETY: alive.
                if unsafe { self.met(value, 1, out)? } {
                    return Ok(Written::Whole);
                }
                return self.reduced(value, &object, reducer, out);
            }
            Kind::Object(plan) => {
                // SAFETY: alive.
                if unsafe { self.met(value, 1, out)? } {
                    return Ok(Written::Whole);
                }
                let Some(state) = plan.state(&object)? else {
                    // SAFETY: alive.
                    return Err(unsafe { self.refused(value.object) });
                };
                let open = plan.form == Form::NamedTuple && self.tuple(value.object, 1);
                return self.object(value, open, &kind, state, out);
            }
            // SAFETY: alive.
            Kind::Other => return Err(unsafe { self.refused(value.object) }),
        }
        Ok(Written::Whole)
    }

    /// What a moment's text did not say.
    fn rest<B: Buffer>(&mut self, rest: Rest<'py>, out: &mut Writer<B>) -> Result<Written<'py>> {
        let Rest::More(fold, zone) = rest else { return Ok(Written::Whole) };
        out.int(fold.into())?;
        let zone = match zone {
            Some(zone) => zone.into_any(),
            None => self.py.None().into_bound(self.py),
        };
        let one = PyTuple::new(self.py, [zone])?;
        Ok(Written::Front(items(&one, 0, What::Reduced(None), false)))
    }

    fn uuid<B: Buffer>(&self, object: &Bound<'py, PyAny>, out: &mut Writer<B>) -> Result<()> {
        let py = self.py;
        let number: u128 = object.getattr(intern!(py, "int"))?.extract()?;
        let safe = object.getattr(intern!(py, "is_safe"))?.getattr(intern!(py, "value"))?;
        // -1 and 0 are said, None is unknown.
        if safe.is_none() {
            out.tag(tag::UUID)?;
            return Ok(out.bytes(&number.to_be_bytes())?);
        }
        out.named("uuid.UUID", 2)?;
        out.bytes(&number.to_be_bytes())?;
        Ok(out.int(safe.extract()?)?)
    }

    /// The memory of an array, here or beside the payload.
    fn buffer<B: Buffer>(&mut self, view: &Bound<'py, PyAny>, out: &mut Writer<B>) -> Result<Written<'py>> {
        let buffer = pyo3::buffer::PyBuffer::<u8>::get(view)?;
        let beside = self.beside && self.takes_segment && self.segments.len() < MAX_SEGMENTS;
        if beside && buffer.len_bytes() > INLINE_ARRAY {
            out.uint(self.segments.len() as u64)?;
            self.segments.push(view.clone());
            return Ok(Written::Whole);
        }
        let cells = buffer.as_slice_ptr().ok_or_else(|| number::bad("a buffer in pieces"))?;
        // SAFETY: nobody else runs until the bytes are copied, and the export keeps them in place.
        out.bytes(unsafe {
            std::slice::from_raw_parts(cells.as_ptr().cast_const().cast::<u8>(), buffer.len_bytes())
        })?;
        Ok(Written::Whole)
    }

    /// What a function of `holdall._named` makes of an object.
    fn reduced<B: Buffer>(
        &mut self,
        value: Value,
        object: &Bound<'py, PyAny>,
        reducer: &Py<PyAny>,
        out: &mut Writer<B>,
    ) -> Result<Written<'py>> {
        let reduced = reducer.bind(self.py).call1((object,))?;
        if reduced.is_none() {
            // SAFETY: alive.
            return Err(unsafe { self.refused(object.as_ptr()) });
        }
        let reduced = reduced.cast_into::<PyTuple>().map_err(PyErr::from)?;
        let first = reduced.get_item(0)?;
        if let Ok(name) = first.cast::<PyString>() {
            out.named(name.to_str()?, reduced.len() - 1)?;
            self.takes_segment = name.to_str()? == "numpy.ndarray";
            let sealed = (!is_shell(name.to_str()?)).then_some(object.as_ptr() as usize);
            self.sealed.extend(sealed);
            return Ok(Written::Front(items(&reduced, 1, What::Reduced(sealed), value.hashed)));
        }
        out.tag(first.extract()?)?;
        Ok(Written::Front(items(&reduced, 1, What::Reduced(None), value.hashed)))
    }

    fn object<B: Buffer>(
        &mut self,
        value: Value,
        tuple: bool,
        kind: &Arc<Kind>,
        state: State<'py>,
        out: &mut Writer<B>,
    ) -> Result<Written<'py>> {
        let py = self.py;
        let Kind::Object(plan) = &**kind else { return Ok(Written::Whole) };
        // SAFETY: alive, as the caller sees.
        let class = unsafe { ffi::Py_TYPE(value.object) };
        self.active = true;
        out.tagged_array(tag::OBJECT, 1 + state.values.len())?;
        let same = |known: &[Py<PyString>]| {
            known.len() == state.extras.len()
                && known.iter().zip(&state.extras).all(|(one, two)| same_text(py, one, two))
        };
        match self.classes.iter().position(|(known, extras)| ptr::eq(*known, class) && same(extras)) {
            Some(number) => out.uint(number as u64)?,
            None => {
                plan.define(py, &state.extras, out)?;
                self.classes.push((class, state.extras.iter().map(|extra| extra.clone_ref(py)).collect()));
            }
        }
        // The hash of a tuple is that of its items; what that of others is, only they know.
        let hashed = value.hashed && plan.form == Form::NamedTuple;
        let State { values, extras } = state;
        let (values, kind) = (values.into_iter(), Arc::clone(kind));
        Ok(Written::Front(Open::State(Box::new(Walk {
            values,
            held: None,
            done: 0,
            kind,
            extras,
            tuple,
            hashed,
        }))))
    }
}

/// Puts a container on the stack.
fn push<'py>(stack: &mut Vec<Open<'py>>, open: Open<'py>) -> Result<()> {
    stack.try_reserve(1)?;
    stack.push(open);
    Ok(())
}

/// # Safety
/// The object is alive.
unsafe fn hold<'py>(py: Python<'py>, object: *mut ffi::PyObject) -> Bound<'py, PyAny> {
    // SAFETY: alive, says the caller.
    unsafe { Bound::from_borrowed_ptr(py, object) }
}

fn same_text(py: Python<'_>, one: &Py<PyString>, two: &Py<PyString>) -> bool {
    one.is(two) || one.bind(py).as_any().eq(two.bind(py)).unwrap_or(false)
}

/// Whether a named object can be referred to before it is complete.
fn is_shell(name: &str) -> bool {
    matches!(
        name,
        "collections.OrderedDict" | "collections.defaultdict" | "collections.Counter" | "collections.deque"
    )
}

fn items<'py>(tuple: &Bound<'py, PyTuple>, at: usize, what: What, hashed: bool) -> Open<'py> {
    Open::Items { items: tuple.clone().into_any(), at, length: tuple.len(), what, hashed }
}

impl<'py> Source for Walker<'py> {
    type Value = Value;
    type Open = Open<'py>;
    type Error = Stop;

    fn write<B: Buffer>(
        &mut self,
        value: Value,
        stack: &mut Vec<Open<'py>>,
        out: &mut Writer<B>,
    ) -> Result<()> {
        let object = value.object;
        if object.is_null() {
            out.undefined()?;
            return Ok(());
        }
        // SAFETY: the object is alive, being held by the container that was asked for it last; each
        // branch knows its exact type.
        unsafe {
            let class = ffi::Py_TYPE(object);
            if ptr::eq(class, &raw const ffi::PyUnicode_Type) {
                self.text(object, out)?;
            } else if ptr::eq(class, &raw const ffi::PyLong_Type) {
                match integer::read(object) {
                    Integer::Int(number) => out.int(number)?,
                    Integer::UInt(number) => out.uint(number)?,
                    Integer::Longer => {
                        let (negative, bytes) =
                            number::magnitude(&Bound::from_borrowed_ptr(self.py, object))?;
                        out.big_int(negative, &bytes)?;
                    }
                }
            } else if ptr::eq(class, &raw const ffi::PyFloat_Type) {
                out.float(ffi::PyFloat_AS_DOUBLE(object))?;
            } else if ptr::eq(object, ffi::Py_None()) {
                out.null()?;
            } else if ptr::eq(object, ffi::Py_True()) {
                out.bool(true)?;
            } else if ptr::eq(object, ffi::Py_False()) {
                out.bool(false)?;
            } else if ptr::eq(class, &raw const ffi::PyBytes_Type) {
                let length = ffi::PyBytes_Size(object).unsigned_abs();
                out.bytes(std::slice::from_raw_parts(ffi::PyBytes_AsString(object).cast::<u8>(), length))?;
            } else if ptr::eq(class, &raw const ffi::PyTuple_Type) {
                let length = ffi::PyTuple_GET_SIZE(object).unsigned_abs();
                // There is one empty tuple.
                if length > 0 && self.met(value, 0, out)? {
                    return Ok(());
                }
                out.tagged_array(tag::TUPLE, length)?;
                let open = self.tuple(object, 0);
                let items = hold(self.py, object);
                return push(
                    stack,
                    Open::Items { items, at: 0, length, what: What::Tuple(open), hashed: value.hashed },
                );
            } else if ptr::eq(class, &raw const ffi::PyDict_Type) {
                if self.met(value, 0, out)? {
                    return Ok(());
                }
                let length = ffi::PyDict_Size(object).unsigned_abs();
                out.map(length)?;
                let dict = hold(self.py, object);
                let (last, foreign) = ((0, ptr::null_mut()), self.foreign);
                return push(
                    stack,
                    Open::Dict { dict, at: 0, done: 0, length, value: None, held: None, last, foreign },
                );
            } else if ptr::eq(class, &raw const ffi::PyList_Type) {
                if self.met(value, 0, out)? {
                    return Ok(());
                }
                let length = ffi::PyList_GET_SIZE(object).unsigned_abs();
                out.array(length)?;
                let list = hold(self.py, object);
                return push(stack, Open::List { list, at: 0, length });
            } else if ptr::eq(class, &raw const ffi::PySet_Type)
                || ptr::eq(class, &raw const ffi::PyFrozenSet_Type)
            {
                self.foreign += 1;
                // Held, for making an iterator may let finalizers run.
                let set = Bound::from_borrowed_ptr(self.py, object);
                let frozen = ptr::eq(class, &raw const ffi::PyFrozenSet_Type);
                let length = ffi::PySet_Size(object).unsigned_abs();
                if (length > 0 || !frozen) && self.met(value, 0, out)? {
                    return Ok(());
                }
                let items = Bound::from_owned_ptr_or_err(self.py, ffi::PySequence_Tuple(set.as_ptr()))?;
                let items = items.cast_into::<PyTuple>().map_err(PyErr::from)?;
                out.tagged_array(if frozen { tag::FROZENSET } else { tag::SET }, items.len())?;
                let sealed = frozen.then_some(object as usize);
                self.sealed.extend(sealed);
                return push(stack, self::items(&items, 0, What::Set(sealed), true));
            } else {
                if let Written::Front(open) = self.rare(value, out)? {
                    push(stack, open)?;
                }
            }
        }
        Ok(())
    }

    fn next(&mut self, open: &mut Open<'py>) -> Result<Option<Value>> {
        let plain = |object| Ok(Some(Value { object, reduced: false, hashed: false }));
        // SAFETY: each container is held by `open`; what it gives is borrowed from it and looked at
        // before anything else runs.
        unsafe {
            match open {
                Open::List { list, at, length } => {
                    let object = list.as_ptr();
                    if ffi::PyList_GET_SIZE(object).unsigned_abs() != *length {
                        return Err(Why::Changed.into());
                    }
                    if at == length {
                        return Ok(None);
                    }
                    *at += 1;
                    plain(ffi::PyList_GET_ITEM(object, (*at - 1) as ffi::Py_ssize_t))
                }
                Open::Items { items, at, length, what, hashed } => {
                    if at == length {
                        match what {
                            What::Set(Some(_)) | What::Reduced(Some(_)) => drop(self.sealed.pop()),
                            What::Tuple(true) => drop(self.tuples.pop()),
                            _ => {}
                        }
                        return Ok(None);
                    }
                    *at += 1;
                    let object = ffi::PyTuple_GET_ITEM(items.as_ptr(), (*at - 1) as ffi::Py_ssize_t);
                    Ok(Some(Value { object, reduced: matches!(what, What::Reduced(_)), hashed: *hashed }))
                }
                Open::Dict { dict, at, done, length, value, held, last, foreign } => {
                    if let Some(waiting) = value.take() {
                        let object = waiting.as_ptr();
                        *held = Some(waiting);
                        return plain(object);
                    }
                    if ffi::PyDict_Size(dict.as_ptr()).unsigned_abs() != *length {
                        return Err(Why::Changed.into());
                    }
                    let (mut key, mut item) = (ptr::null_mut(), ptr::null_mut());
                    if *foreign != self.foreign && *done > 0 {
                        // With as many keys as before they may still be others, and have moved.
                        let mut again = last.0;
                        ffi::PyDict_Next(dict.as_ptr(), &mut again, &mut key, &mut item);
                        if key != last.1 {
                            return Err(Why::Changed.into());
                        }
                        *foreign = self.foreign;
                    }
                    last.0 = *at;
                    if ffi::PyDict_Next(dict.as_ptr(), at, &mut key, &mut item) == 0 {
                        return if done == length { Ok(None) } else { Err(Why::Changed.into()) };
                    }
                    if done == length {
                        return Err(Why::Changed.into());
                    }
                    last.1 = key;
                    *done += 1;
                    *value = Some(hold(self.py, item));
                    Ok(Some(Value { object: key, reduced: false, hashed: true }))
                }
                Open::State(walk) => {
                    let Some(next) = walk.values.next() else {
                        if walk.tuple {
                            self.tuples.pop();
                        }
                        return Ok(None);
                    };
                    walk.done += 1;
                    let object = next.as_ref().map_or(ptr::null_mut(), Bound::as_ptr);
                    walk.held = next;
                    Ok(Some(Value { object, reduced: false, hashed: walk.hashed }))
                }
            }
        }
    }

    fn too_deep(&self) -> Stop {
        Why::TooDeep.into()
    }
}
