//! What went wrong inside a value, with the path to it.

use std::fmt;

use holdall_types::{Error, ErrorKind};
use serde::{de, ser};

use crate::MAX_DEPTH;
use crate::value::Value;

/// An error on its way out of nested calls, each of which adds the step it took.
#[derive(Debug)]
pub(crate) struct Fault {
    kind: ErrorKind,
    reason: String,
    /// Innermost first.
    steps: Vec<String>,
}

impl Fault {
    pub(crate) fn new(kind: ErrorKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), steps: Vec::new() }
    }

    pub(crate) fn serialization(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Serialization, reason)
    }

    pub(crate) fn too_deep() -> Self {
        let reason = format!(
            "nested deeper than {MAX_DEPTH} levels, which is as deep as serde goes here; flatten it, or keep the \
             inner part as bytes of its own"
        );
        Self::new(ErrorKind::LimitExceeded, reason)
    }

    pub(crate) fn at_index(mut self, index: usize) -> Self {
        self.steps.push(format!("[{index}]"));
        self
    }

    pub(crate) fn at_field(mut self, name: &str) -> Self {
        self.steps.push(format!(".{name}"));
        self
    }

    /// At the value of a key, which is written as Python does.
    pub(crate) fn at_key(mut self, key: &Value) -> Self {
        self.steps.push(format!("[{}]", shown(key)));
        self
    }
}

fn shown(key: &Value) -> String {
    match key {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Text(text) => format!("'{}'", text.escape_debug().to_string().replace("\\\"", "\"")),
        Value::Bytes(bytes) => format!("b'{}'", bytes.escape_ascii()),
        Value::Shared(value) => shown(value),
        Value::List(_) | Value::Tuple(_) | Value::Map(_) => "…".into(),
        Value::Foreign(what) => what.clone(),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.steps.iter().rev().try_for_each(|step| f.write_str(step))?;
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for Fault {}

impl ser::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::serialization(message.to_string())
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::serialization(format!("{message}; read it into a type that takes what was written"))
    }
}

impl From<std::collections::TryReserveError> for Fault {
    fn from(error: std::collections::TryReserveError) -> Self {
        let error = Error::from(error);
        Self::new(error.kind(), error.message())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::new(fault.kind, fault.to_string())
    }
}
