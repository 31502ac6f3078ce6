//! NumPy arrays.

use holdall_flow::digest::{Digester, Recall, Stream, Tag};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PySlice;

use super::buffer::feed;
use crate::error::Result;

/// About how much of an array with gaps is copied at a time.
const SLAB: usize = 4 * 1024 * 1024;

/// A dtype whose items are their bytes, and what it is called.
type Plain = (Py<PyAny>, String);

/// Tells an array, if its items are their bytes.
pub fn array(array: &Bound<'_, PyAny>, out: &mut Digester) -> Result<bool> {
    let py = array.py();
    if let Some(name) = plain(array)? {
        return told(array, name, out);
    }
    // A dtype that was read from somewhere is equal to the one that everybody uses, and not the same.
    let usual = numpy(py)?.call_method1(intern!(py, "usual"), (array,))?;
    match plain(&usual)? {
        Some(name) => told(&usual, name, out),
        None => Ok(false),
    }
}

/// What the dtype of an array is called, if its items are their bytes.
fn plain(array: &Bound<'_, PyAny>) -> PyResult<Option<&'static str>> {
    static PLAIN: PyOnceLock<Vec<Plain>> = PyOnceLock::new();
    let py = array.py();
    let known = PLAIN.get_or_try_init(py, || numpy(py)?.getattr("PLAIN")?.extract())?;
    let dtype = array.getattr(intern!(py, "dtype"))?;
    Ok(known.iter().find(|(known, _)| known.is(&dtype)).map(|(_, name)| name.as_str()))
}

fn told(array: &Bound<'_, PyAny>, name: &str, out: &mut Digester) -> Result<bool> {
    let py = array.py();
    // NumPy exports no shape where there are no dimensions, and PyO3 insists on one.
    let point = array.getattr(intern!(py, "ndim"))?.extract::<usize>()? == 0;
    let buffer = if point {
        PyUntypedBuffer::get(&array.call_method1(intern!(py, "reshape"), (1,))?)?
    } else {
        PyUntypedBuffer::get(array)?
    };
    out.open(Tag::Array, None, Recall::Nothing);
    out.bytes(Tag::Text, name.as_bytes());
    for length in buffer.shape().iter().filter(|_| !point) {
        out.integer(*length as i64);
    }
    let mut stream = Stream::new(Tag::Content, buffer.len_bytes());
    if buffer.is_c_contiguous() {
        feed(py, &mut stream, &buffer)?;
    } else {
        slabs(array, &mut stream, &buffer)?;
    }
    out.stream(&stream);
    out.close()?;
    Ok(true)
}

/// Adds the items of an array that lie in another order, or with gaps.
fn slabs(array: &Bound<'_, PyAny>, stream: &mut Stream, buffer: &PyUntypedBuffer) -> Result<()> {
    let py = array.py();
    let count = buffer.shape().first().copied().unwrap_or_default();
    let step = (count * SLAB / buffer.len_bytes().max(1)).max(1);
    let contiguous = numpy(py)?.getattr(intern!(py, "contiguous"))?;
    for from in (0..count).step_by(step) {
        let slab = array.get_item(PySlice::new(py, from as isize, count.min(from + step) as isize, 1))?;
        feed(py, stream, &PyUntypedBuffer::get(&contiguous.call1((slab,))?)?)?;
    }
    Ok(())
}

/// What Python says of an array of any other dtype.
pub fn describe<'py>(array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    numpy(array.py())?.call_method1(intern!(array.py(), "array"), (array,))
}

/// `holdall.fingerprint.describe_numpy`.
fn numpy(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("holdall.fingerprint.describe_numpy")?.into_any().unbind())
    })?;
    Ok(module.bind(py))
}
