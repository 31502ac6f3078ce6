//! Why a task did not succeed, as data.

use std::fmt;

use holdall_backend::jobs::State;
use holdall_types::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::policy::seconds;

/// An exception as text, or what else ended a task. No object of the worker travels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// The exception's class, `module.qualname`; empty if nothing was raised.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// What it said.
    pub message: String,
    /// Where it was raised.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub traceback: String,
    /// The names of its class and of all classes above that. Not kept: only the decision needs them.
    #[serde(skip)]
    pub bases: Vec<String>,
    /// Whether another run could do no better. Not kept.
    #[serde(skip)]
    pub fatal: bool,
}

/// A message or a traceback keeps so many bytes of its beginning, and as many of its end: rows stay small,
/// and what an endless recursion says stands at both ends.
const HALF: usize = 32 * 1024;

impl Failure {
    /// What no exception tells.
    pub fn plain(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// The timeout of a run, which is an exception like any other.
    #[must_use]
    pub fn timeout(limit_ms: Option<u64>) -> Self {
        let bases = ["TimeoutError", "OSError", "Exception", "BaseException", "object"];
        let message = limit_ms.map_or_else(
            || "it ran for longer than its timeout".to_owned(),
            |limit| format!("it ran for longer than its timeout of {} s", seconds::of(limit)),
        );
        Self {
            kind: "builtins.TimeoutError".into(),
            message,
            bases: bases.map(|name| format!("builtins.{name}")).into(),
            ..Self::default()
        }
    }

    /// Whether it is an exception of this class, or of one below it.
    #[must_use]
    pub fn is(&self, class: &str) -> bool {
        self.kind == class || self.bases.iter().any(|base| base == class)
    }

    /// The failure of a row.
    ///
    /// # Errors
    /// `Validation` if the text is not one.
    pub fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            let message =
                format!("the failure of a task cannot be read: {error}; the row was changed by others");
            Error::new(ErrorKind::Validation, message).caused_by(error)
        })
    }

    /// As the row keeps it.
    #[must_use]
    pub fn write(&self) -> String {
        let short = Self {
            kind: self.kind.clone(),
            message: shorten(&self.message),
            traceback: shorten(&self.traceback),
            ..Self::default()
        };
        // Nothing in it can fail to be written.
        serde_json::to_string(&short).unwrap_or_default()
    }

    /// What a result says of an ended task: the state's name, then why: `failed: ValueError: boom`.
    /// `None` if it completed or has not ended.
    #[must_use]
    pub fn error(state: State, failure: Option<&Self>) -> Option<String> {
        if !state.ended() || state == State::Completed {
            return None;
        }
        Some(failure.map_or_else(|| state.name().to_owned(), |why| format!("{}: {why}", state.name())))
    }
}

/// As the last line of a Python traceback has it.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.kind.strip_prefix("builtins.").unwrap_or(&self.kind);
        match (class, self.message.as_str()) {
            ("", message) => f.write_str(message),
            (class, "") => f.write_str(class),
            (class, message) => write!(f, "{class}: {message}"),
        }
    }
}

fn shorten(text: &str) -> String {
    if text.len() <= 2 * HALF {
        return text.to_owned();
    }
    let head = (0..=HALF).rev().find_map(|end| text.get(..end)).unwrap_or_default();
    let tail = (text.len() - HALF..).find_map(|start| text.get(start..)).unwrap_or_default();
    let left = text.len() - head.len() - tail.len();
    format!("{head}\n[{left} bytes left out]\n{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boom() -> Failure {
        Failure {
            kind: "builtins.ValueError".into(),
            message: "boom".into(),
            traceback: "Traceback ...".into(),
            bases: vec!["builtins.ValueError".into(), "builtins.Exception".into()],
            fatal: true,
        }
    }

    #[test]
    fn a_row_keeps_type_message_and_traceback() {
        let text = boom().write();
        assert_eq!(text, r#"{"type":"builtins.ValueError","message":"boom","traceback":"Traceback ..."}"#);
        let read = Failure::read(&text).unwrap();
        assert_eq!(read, Failure { bases: vec![], fatal: false, ..boom() });
        assert_eq!(Failure::plain("gone").write(), r#"{"message":"gone"}"#);
        assert_eq!(Failure::read("x").unwrap_err().kind(), ErrorKind::Validation);
    }

    #[test]
    fn a_long_text_keeps_both_ends() {
        let message = format!("{}{}{}", "ä".repeat(HALF), "x".repeat(3 * HALF), "ö".repeat(HALF));
        let read = Failure::read(&Failure::plain(message).write()).unwrap();
        assert!(read.message.len() < 2 * HALF + 100, "{}", read.message.len());
        assert!(read.message.starts_with('ä') && read.message.ends_with('ö'));
        assert!(read.message.contains("bytes left out]"), "and says so");
    }

    #[test]
    fn an_error_begins_with_the_state() {
        let dead = Failure::plain("its worker was lost 3 times");
        let own = Failure { kind: "app.Broken".into(), ..Failure::default() };
        for (state, failure, error) in [
            (State::Failed, Some(&boom()), Some("failed: ValueError: boom")),
            (State::Failed, Some(&own), Some("failed: app.Broken")),
            (State::Dead, Some(&dead), Some("dead: its worker was lost 3 times")),
            (State::Cancelled, None, Some("cancelled")),
            (State::Completed, None, None),
            (State::Retryable, Some(&boom()), None),
        ] {
            assert_eq!(Failure::error(state, failure).as_deref(), error);
        }
    }

    #[test]
    fn a_timeout_is_an_exception() {
        let timeout = Failure::timeout(Some(1_050));
        assert!(timeout.is("builtins.TimeoutError") && timeout.is("builtins.Exception"));
        assert_eq!(timeout.to_string(), "TimeoutError: it ran for longer than its timeout of 1.05 s");
    }
}
