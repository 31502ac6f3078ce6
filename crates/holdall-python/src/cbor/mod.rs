//! The `cbor` codec over Python objects.
//!
//! [`walker`](self::walker) looks into values, [`open`](self::open) holds the containers it is in,
//! [`kind`](self::kind) knows what a type is written as. [`assembler`](self::assembler) builds values
//! again, on a [`stack`](self::stack). What is rare is reduced and rebuilt by Python: `holdall._named` and `holdall._classes`.

mod assembler;
mod calendar;
mod class;
mod inspect;
mod kind;
mod make;
mod number;
mod open;
mod plan;
mod stack;
mod walker;

use holdall_codec::Buffer;
use holdall_codec::cbor::{self, Writer};
use holdall_types::ErrorKind;
use holdall_types::limits::MAX_DEPTH;
use pyo3::prelude::*;

use crate::beside::Writing;
use crate::error::{Raised, Result};

pub use assembler::Reading;
pub use inspect::inspect_cbor;
pub use kind::forget_kinds;
pub use open::{MOST_STEPS, short};
pub use walker::Refusal;
use walker::Why;

/// A value as CBOR, in the buffer it was written to.
pub struct Cbor<'py, B> {
    pub out: B,
    /// Whether there are instances of classes in it.
    pub active: bool,
    /// The buffers that the payload refers to by their numbers.
    pub segments: Vec<Bound<'py, PyAny>>,
}

/// Writes a value as CBOR, if it is one of CBOR's; its large arrays may be `beside` it. Nothing of a
/// registered type is CBOR's.
pub fn dumps<'py, B: Buffer>(
    value: &Bound<'py, PyAny>,
    beside: bool,
    writing: Option<&Writing<'py>>,
    out: B,
) -> Result<std::result::Result<Cbor<'py, B>, Refusal>> {
    let mut walker = walker::Walker::new(value.py(), beside, writing.cloned());
    let mut writer = Writer::new(out);
    let stopped = match cbor::encode(&mut walker, walker::Value::of(value), &mut writer) {
        Ok(()) => {
            let out = writer.finish()?;
            return Ok(Ok(walker.into_cbor(out)));
        }
        Err(stopped) => stopped,
    };
    let py = value.py();
    let path = || open::path(py, &stopped.open);
    match *stopped.error.0 {
        // To say where would take memory.
        Why::Raised(error) if error.is_memory(py) => Err(error),
        Why::Memory(error) => Err(error.into()),
        Why::Raised(error) => Err(error.at(py, &path())),
        Why::TooDeep => {
            let message = format!(
                "the value is nested deeper than {MAX_DEPTH} levels; flatten it, or keep its parts one by one"
            );
            Err(Raised::new(ErrorKind::LimitExceeded, message))
        }
        Why::Changed => {
            let message = "changed while it was written; keep other threads from it meanwhile";
            Err(Raised::new(ErrorKind::Serialization, message).at(py, &path()))
        }
        Why::Refused(kind) => Ok(Err(Refusal { path: path(), kind })),
    }
}

/// The value of a CBOR payload.
pub fn loads<'py>(py: Python<'py>, payload: &[u8], reading: Reading<'py>) -> Result<Bound<'py, PyAny>> {
    let mut assembler = assembler::Assembler::new(py, reading);
    match cbor::decode(payload, &mut assembler) {
        Ok(()) => assembler.finish(),
        Err(cbor::DecodeError { fault: cbor::Fault::Sink(raised), .. }) if raised.is_memory(py) => {
            Err(raised)
        }
        Err(error) => {
            let path = assembler.path(&error.path);
            Err(match error.fault {
                cbor::Fault::Sink(raised) => raised.at(py, &path),
                cbor::Fault::TooDeep => {
                    let message = format!(
                        "the CBOR is nested deeper than {MAX_DEPTH} levels; read its bytes with mode=\"raw\""
                    );
                    Raised::new(ErrorKind::LimitExceeded, message)
                }
                cbor::Fault::Syntax(reason) => {
                    let message = format!(
                        "not CBOR that holdall reads: {reason} at byte {}; read the bytes with mode=\"raw\"",
                        error.offset
                    );
                    Raised::new(ErrorKind::Serialization, message).at(py, &path)
                }
            })
        }
    }
}
