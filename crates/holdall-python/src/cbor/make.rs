//! Single values, made of what CBOR says of them.

use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple, PyType, PyTypeMethods, PyTzInfo};

use super::calendar;
use super::number::{self, bad};
use crate::fresh;

/// What the fast names make; `None` for the others.
pub fn quick<'py>(
    py: Python<'py>,
    name: &str,
    arguments: &[Py<PyAny>],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let made = match (name, arguments) {
        ("datetime.datetime" | "datetime.time", [text, rest @ ..]) if rest.len() != 1 && rest.len() < 3 => {
            let text = text.bind(py).cast::<PyString>()?.to_str()?;
            let (fold, zone) = match rest {
                [fold, zone] => (fold.extract::<u8>(py)?, zone.extract::<Option<Bound<'py, PyTzInfo>>>(py)?),
                _ => (0, None),
            };
            if fold > 1 {
                return Err(bad("a fold that is neither 0 nor 1"));
            }
            if name == "datetime.time" {
                calendar::time_of_day(py, text, fold == 1, zone.as_ref())?
            } else {
                calendar::date_time(py, text, fold == 1, zone.as_ref())?
            }
        }
        ("bytearray", [bytes]) => {
            let bytes = bytes.bind(py).cast::<PyBytes>()?;
            fresh::bytearray(py, bytes.as_bytes())?.into_any()
        }
        ("decimal.Decimal", [text]) => {
            let text = text.bind(py).cast::<PyString>()?;
            decimal_class(py)?.call1((text,))?
        }
        _ => return Ok(None),
    };
    Ok(Some(made))
}

/// What `object.__new__` makes of a class.
pub fn blank<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    // SAFETY: a class whose instances `object.__new__` makes; a new reference, or null with an error.
    unsafe {
        let new = ffi::PyBaseObject_Type.tp_new;
        let Some(new) = new else { return Err(PyMemoryError::new_err("")) };
        let made = new(class.as_type_ptr(), PyTuple::empty(py).as_ptr(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, made)
    }
}

/// The text of WTF-8, lone surrogates included.
pub fn wtf8<'py>(py: Python<'py>, value: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: bytes of that length; a new reference, or null with an error.
    unsafe {
        Bound::from_owned_ptr_or_err(
            py,
            ffi::PyUnicode_DecodeUTF8(
                value.as_ptr().cast(),
                value.len() as ffi::Py_ssize_t,
                c"surrogatepass".as_ptr(),
            ),
        )
    }
}

/// The UUID of a number.
pub fn uuid(py: Python<'_>, number: u128) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static UNKNOWN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let made = blank(CLASS.import(py, "uuid", "UUID")?)?;
    let unknown = UNKNOWN.get_or_try_init(py, || {
        py.import("uuid")?.getattr("SafeUUID")?.getattr("unknown").map(Bound::unbind)
    })?;
    let unknown = unknown.bind(py).clone();
    // Its own constructor checks and converts at ten times the price; its slots are all it has.
    for (name, value) in [
        (intern!(py, "int"), fresh::integer(py, &number.to_be_bytes(), false)?),
        (intern!(py, "is_safe"), unknown),
    ] {
        // SAFETY: live objects; this is `object.__setattr__`.
        let failed =
            unsafe { ffi::PyObject_GenericSetAttr(made.as_ptr(), name.as_ptr(), value.as_ptr()) != 0 };
        if failed {
            return Err(PyErr::fetch(py));
        }
    }
    Ok(made)
}

/// The decimal of an exponent and a mantissa of any length.
pub fn decimal<'py>(
    exponent: &Bound<'py, PyAny>,
    mantissa: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = exponent.py();
    let exponent = number::exponent(exponent.extract::<i64>()?)?;
    // Others write mantissas of any length.
    let text = match mantissa.extract::<i64>() {
        Ok(mantissa) => format!("{mantissa}E{exponent}"),
        Err(_) => format!("{}E{exponent}", mantissa.cast::<PyInt>()?.str()?),
    };
    decimal_class(py)?.call1((fresh::text(py, &text)?,))
}

fn decimal_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "decimal", "Decimal")
}

/// The span of a map of its parts.
pub fn duration<'py>(span: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let span = span.cast::<PyDict>()?;
    let (mut seconds, mut micros) = (None, 0);
    for (part, number) in span {
        match part.extract::<i64>()? {
            1 => seconds = Some(number.extract::<i64>()?),
            -6 => micros = number.extract::<i64>()?,
            _ => return Err(bad("a span of parts that holdall does not write")),
        }
    }
    calendar::delta(span.py(), seconds.ok_or_else(|| bad("a span without seconds"))?, micros)
}
