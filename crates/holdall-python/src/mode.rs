//! The modes, as users name them.

use holdall_types::ErrorKind;
use pyo3::prelude::*;

use crate::error::{Raised, Result};

/// How a value is written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Auto,
    Raw,
    Text,
    Json,
    Cbor,
    Pickle,
}

impl Mode {
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "auto" => Self::Auto,
            "raw" => Self::Raw,
            "text" => Self::Text,
            "json" => Self::Json,
            "pickle" => Self::Pickle,
            "cbor" => Self::Cbor,
            _ => {
                let message =
                    format!("mode={name:?} is none of 'auto', 'raw', 'text', 'json', 'cbor', 'pickle'");
                return Err(Raised::new(ErrorKind::Validation, message));
            }
        })
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Raw => "raw",
            Self::Text => "text",
            Self::Json => "json",
            Self::Cbor => "cbor",
            Self::Pickle => "pickle",
        }
    }
}

/// The two spellings of the keyword, of which a call gives one at most.
pub fn either(mode: Option<&str>, serialization_mode: Option<&str>) -> Result<Option<Mode>> {
    match (mode, serialization_mode) {
        (Some(mode), Some(other)) if mode != other => {
            let message =
                format!("mode={mode:?} and serialization_mode={other:?} are one option; give one of them");
            Err(Raised::new(ErrorKind::Validation, message))
        }
        (Some(name), _) | (None, Some(name)) => Mode::parse(name).map(Some),
        (None, None) => Ok(None),
    }
}

impl FromPyObject<'_, '_> for Mode {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(Self::parse(object.extract::<&str>()?)?)
    }
}
