//! A call as a task's message and a value as its result, and back.
//!
//! Nothing is read of what is not verified. What is may run code when it is opened: that is what a task
//! is for.

use std::mem;
use std::sync::Arc;

use holdall_backend::jobs::Claimed;
use holdall_backend::{Segments, Stored};
use holdall_frame::Keyset;
use holdall_queue::envelope::{Beside, Cargo, Message, open_result as verify_result, open_task};
use holdall_store::{Keyring, Signed};
use holdall_types::{Codec, ErrorKind};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use super::function::{Reference, resolved};
use super::results::{self, Results};
use crate::beside;
use crate::cbor::{self, Reading};
use crate::decode::passive;
use crate::encode::{Encoded, encode, long};
use crate::error::{Raised, Result};
use crate::key::shown;
use crate::loads::bytes_of;
use crate::memory;
use crate::mode::Mode;
use crate::pickle::{self, Version};

/// A frame on its way to a backend, which any thread may write.
pub type OwnedFrame = Signed;

/// What a task is to call, and with what.
pub struct Call<'py> {
    pub function: Bound<'py, PyAny>,
    pub args: Bound<'py, PyList>,
    pub kwargs: Bound<'py, PyDict>,
    /// The tasks whose results come first among the arguments.
    pub after: Vec<String>,
}

/// A message on its way out, its arguments written.
pub struct Written<'a, 'py> {
    reference: &'a Reference<'py>,
    arguments: Laden<'a, 'py>,
    after: &'a [String],
    beside: Beside,
}

impl<'a, 'py> Written<'a, 'py> {
    /// Writes the arguments of a call.
    pub fn new(
        reference: &'a Reference<'py>,
        args: &Bound<'py, PyAny>,
        kwargs: &Bound<'py, PyDict>,
        after: &'a [String],
        serializer: Option<&'a Serializer<'py>>,
    ) -> Result<Self> {
        let py = args.py();
        let both = PyList::new(py, [args, kwargs.as_any()])?;
        let mut arguments = Laden::new(both.as_any(), serializer)
            .map_err(|error| in_call(py, error).about(py, &format!("enqueue {}", reference.name)))?;
        let mut beside = arguments.take_beside();
        beside.python = beside.python.or(reference.python());
        Ok(Self { reference, arguments, after, beside })
    }

    fn message(&self) -> Message<'_> {
        let after = self.after.iter().map(String::as_str).collect();
        Message { function: self.reference.function(), after, arguments: self.arguments.cargo() }
    }

    /// What tells this call from others.
    pub fn digest(&self) -> String {
        format!("{}#{}", self.reference.name, self.message().digest(&self.beside))
    }

    /// The message, signed for a task.
    pub fn sign(mut self, id: &str, keyset: &Arc<Keyset>) -> Result<OwnedFrame> {
        let beside = mem::take(&mut self.beside);
        Ok(self.message().sign(beside, id, keyset)?)
    }
}

/// The call that a claimed task asks for, if its message was signed for it. Its large buffers are taken out.
pub fn open_message<'py>(
    py: Python<'py>,
    claimed: &mut Claimed,
    keyring: &Keyring,
    serializer: Option<&Serializer<'py>>,
) -> Result<Call<'py>> {
    let Claimed { task, message: Stored { bytes, segments, .. } } = claimed;
    let (id, size) = (&task.id, bytes.len());
    let frame = long(py, size, || open_task(bytes, segments, id, keyring))?;
    let Message { function, after, arguments } = Message::read(frame.payload)?;
    let python = frame.header.python;
    let function = resolved(py, function, python)?;
    let value = unladen(py, arguments, python, segments, serializer, None)
        .map_err(|error| in_call(py, error).about(py, &format!("the arguments of {}", task.name)))?;
    let (args, kwargs) = parts(&value)?;
    Ok(Call { function, args, kwargs, after: after.into_iter().map(str::to_owned).collect() })
}

/// The function that a claimed task asks for, if its message was signed for it; the rest stays closed.
pub fn open_function<'py>(
    py: Python<'py>,
    claimed: &Claimed,
    keyring: &Keyring,
) -> Result<Bound<'py, PyAny>> {
    let Claimed { task, message: Stored { bytes, segments, .. } } = claimed;
    let frame = long(py, bytes.len(), || open_task(bytes, segments, &task.id, keyring))?;
    resolved(py, Message::read(frame.payload)?.function, frame.header.python)
}

/// The frame of what a task gave at one of its starts.
pub fn write_result<'py>(
    value: &Bound<'py, PyAny>,
    id: &str,
    start: u32,
    keyring: &Arc<Keyring>,
    serializer: Option<&Serializer<'py>>,
) -> Result<OwnedFrame> {
    if let Some(results) = serializer.and_then(Serializer::results) {
        return results::write(results, value, id, start, keyring);
    }
    let mut laden = Laden::new(value, serializer)?;
    let beside = laden.take_beside();
    Ok(laden.cargo().sign(beside, id, start, &keyring.for_signing()?)?)
}

/// The frame of a result whose objects of registered types are beside it.
pub fn sign_result(mut encoded: Encoded<'_>, id: &str, start: u32, keyring: &Keyring) -> Result<OwnedFrame> {
    let beside = encoded.take_beside();
    let payload = encoded.payload();
    let cargo = Cargo::Encoded(payload.codec, payload.bytes);
    Ok(cargo.sign(beside, id, start, &keyring.for_signing()?)?)
}

/// What a task gave, if that was signed for this start of it. Its large buffers are taken out.
pub fn open_result<'py>(
    py: Python<'py>,
    stored: &mut Stored,
    id: &str,
    start: u32,
    keyring: &Keyring,
    serializer: Option<&Serializer<'py>>,
) -> Result<Bound<'py, PyAny>> {
    let Stored { bytes, segments, .. } = stored;
    let size = bytes.len();
    let frame = long(py, size, || verify_result(bytes, segments, id, start, keyring))?;
    let cargo = Cargo::read_result(frame.payload)?;
    let results = serializer.and_then(Serializer::results);
    let reading = results.map(|results| results::reading(results, id)).transpose()?;
    unladen(py, cargo, frame.header.python, segments, serializer, reading.as_ref())
        .map_err(|error| error.about(py, &format!("the result of task {id}")))
}

/// What the user serializes by, and its name.
pub struct Serializer<'py> {
    object: Bound<'py, PyAny>,
    name: String,
    /// holdall's own way, but for objects of registered types in results.
    results: Option<Bound<'py, Results>>,
}

impl<'py> Serializer<'py> {
    /// An object with `dumps` and `loads`; it is known by the name of its class.
    pub fn new(object: Bound<'py, PyAny>) -> Result<Self> {
        let results = object.cast::<Results>().ok().cloned();
        let name = match results {
            Some(_) => "the default serializer".to_owned(),
            None => object.get_type().name()?.to_string(),
        };
        Ok(Self { object, name, results })
    }

    fn results(&self) -> Option<&Bound<'py, Results>> {
        self.results.as_ref()
    }

    /// That of an option which may be left out.
    pub fn of(object: Option<&Bound<'py, PyAny>>) -> Result<Option<Self>> {
        object.map(|object| Self::new(object.clone())).transpose()
    }

    fn dumps(&self, value: &Bound<'py, PyAny>) -> Result<Bound<'py, PyBytes>> {
        let py = value.py();
        let written = self.call(intern!(py, "dumps"), value, "written")?;
        if let Ok(bytes) = written.cast::<PyBytes>() {
            return Ok(bytes.clone());
        }
        let bytes = bytes_of(&written).map_err(|_| {
            let message = format!("{}.dumps() gave {}, which are no bytes", self.name, shown(&written));
            Raised::new(ErrorKind::Serialization, message)
        })?;
        Ok(crate::fresh::bytes(py, &bytes)?)
    }

    fn loads(&self, py: Python<'py>, bytes: &[u8]) -> Result<Bound<'py, PyAny>> {
        self.call(intern!(py, "loads"), crate::fresh::bytes(py, bytes)?.as_any(), "read")
    }

    /// Errors of holdall's own say enough; any other becomes one.
    fn call(
        &self,
        verb: &Bound<'py, PyString>,
        value: &Bound<'py, PyAny>,
        done: &str,
    ) -> Result<Bound<'py, PyAny>> {
        let py = value.py();
        self.object.call_method1(verb, (value,)).map_err(|cause| {
            if !cause.is_instance_of::<pyo3::exceptions::PyException>(py) || Raised::is_ours(py, &cause) {
                return cause.into();
            }
            let kind = cause.get_type(py).name().map_or_else(|_| String::new(), |name| name.to_string());
            let message = format!("cannot be {done} by {}: {kind}: {}", self.name, cause.value(py));
            Raised::new(ErrorKind::Serialization, message).caused_by(py, cause)
        })
    }
}

/// A value as it was written, on its way into a frame.
enum Laden<'a, 'py> {
    Encoded(Encoded<'py>),
    Custom(&'a str, Bound<'py, PyBytes>),
}

impl<'a, 'py> Laden<'a, 'py> {
    fn new(value: &Bound<'py, PyAny>, serializer: Option<&'a Serializer<'py>>) -> Result<Self> {
        Ok(match serializer {
            None | Some(Serializer { results: Some(_), .. }) => Self::Encoded(encode(value, Mode::Auto)?),
            Some(serializer) => Self::Custom(&serializer.name, serializer.dumps(value)?),
        })
    }

    fn take_beside(&mut self) -> Beside {
        match self {
            Self::Encoded(encoded) => encoded.take_beside(),
            Self::Custom(..) => Beside::default(),
        }
    }

    fn cargo(&self) -> Cargo<'_> {
        match self {
            Self::Encoded(encoded) => {
                let payload = encoded.payload();
                Cargo::Encoded(payload.codec, payload.bytes)
            }
            Self::Custom(name, bytes) => Cargo::Custom(name, bytes.as_bytes()),
        }
    }
}

/// The value that arrived in a verified frame.
fn unladen<'py>(
    py: Python<'py>,
    cargo: Cargo<'_>,
    python: Version,
    segments: &mut Segments,
    serializer: Option<&Serializer<'py>>,
    reading: Option<&beside::Reading<'py>>,
) -> Result<Bound<'py, PyAny>> {
    match (cargo, serializer) {
        (Cargo::Encoded(codec, bytes), None | Some(Serializer { results: Some(_), .. })) => {
            let segments = match mem::replace(segments, Segments::none()) {
                Segments::Read(buffers) => memory::objects(py, buffers)?,
                Segments::Unread(_) => Vec::new(),
            };
            decoded(py, codec, bytes, python, segments, reading)
        }
        (Cargo::Custom(name, bytes), Some(serializer @ Serializer { results: None, .. }))
            if serializer.name == name =>
        {
            serializer.loads(py, bytes)
        }
        (cargo, serializer) => {
            let theirs = match cargo {
                Cargo::Encoded(..) => "the default serializer",
                Cargo::Custom(name, _) => name,
            };
            let ours = serializer.map_or("the default serializer", |serializer| &serializer.name);
            let message = format!(
                "written by {theirs}, and read here by {ours}; give the queue and its workers the same serializer"
            );
            Err(Raised::new(ErrorKind::Serialization, message))
        }
    }
}

fn decoded<'py>(
    py: Python<'py>,
    codec: Codec,
    bytes: &[u8],
    python: Version,
    segments: Vec<Bound<'py, PyAny>>,
    reading: Option<&beside::Reading<'py>>,
) -> Result<Bound<'py, PyAny>> {
    match codec {
        Codec::Pickle => pickle::loads(py, bytes, python, &segments, reading),
        Codec::Cbor => cbor::loads(py, bytes, Reading { trusted: true, distrust: None, segments }),
        Codec::Json | Codec::Text | Codec::Raw => {
            let value = passive(py, codec, bytes, Mode::Auto)?;
            Ok(value.unwrap_or_else(|| py.None().into_bound(py)))
        }
    }
}

/// The list of the positional arguments and the dict of the others, of which some serializers make others
/// of their kind.
fn parts<'py>(value: &Bound<'py, PyAny>) -> Result<(Bound<'py, PyList>, Bound<'py, PyDict>)> {
    let list = |value: &Bound<'py, PyAny>| -> Option<Bound<'py, PyList>> {
        if let Ok(list) = value.cast::<PyList>() {
            return Some(list.clone());
        }
        value.cast::<PyTuple>().ok().map(|tuple| tuple.to_list())
    };
    let both = list(value).filter(|both| both.len() == 2).and_then(|both| {
        let args = list(&both.get_item(0).ok()?)?;
        Some((args, both.get_item(1).ok()?.cast_into::<PyDict>().ok()?))
    });
    both.ok_or_else(|| {
        let message = "the serializer gave back something other than the list of arguments that it was given";
        Raised::new(ErrorKind::Serialization, message)
    })
}

/// An error in the list of a call's arguments, told as one in the call.
fn in_call(py: Python<'_>, error: Raised) -> Raised {
    error.moved(py, "$[0]", "$.args").moved(py, "$[1]", "$.kwargs")
}
