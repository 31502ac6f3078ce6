//! What a schedule makes each time: all of a task but its id, its message and its time.

use holdall_types::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// The template of a [`Cron`](holdall_backend::jobs::Cron), kept in its row as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Template {
    /// The queue's name.
    pub queue: String,
    /// The function's name, to be shown.
    pub name: String,
    /// Higher is claimed sooner.
    #[serde(skip_serializing_if = "is_zero")]
    pub priority: i16,
    /// The [`Policy`](crate::policy::Policy), as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
    /// With a key a firing is passed over while the task of a former one is unfinished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<String>,
    /// For how long after its time a task may still be started, in milliseconds.
    #[serde(rename = "expires", skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
}

impl Template {
    /// The template of a row.
    ///
    /// # Errors
    /// `Validation` if the text is not one.
    pub fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            let message =
                format!("the template of a schedule cannot be read: {error}; set the schedule again");
            Error::new(ErrorKind::Validation, message).caused_by(error)
        })
    }

    /// As the row keeps it.
    #[must_use]
    pub fn write(&self) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What the message of a schedule's template is signed for: nothing that is the id of a task, so that a
/// template is never taken for a message, nor a message for a template. A firing's id ends with a digit,
/// and nobody may give an id that begins so.
#[must_use]
pub fn context(name: &str) -> String {
    format!("{RESERVED}{name}:template")
}

/// Ids that begin so are those of firings.
pub const RESERVED: &str = "cron:";

/// The id of the task that a schedule makes at one of its times: the same whoever makes it.
#[must_use]
pub fn firing(name: &str, due: u64) -> String {
    format!("{RESERVED}{name}:{due}")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &i16) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let least = Template { queue: "q".into(), name: "app:work".into(), ..Template::default() };
        assert_eq!(least.write(), r#"{"queue":"q","name":"app:work"}"#);
        let most = Template {
            priority: -3,
            options: Some(r#"{"retries":2}"#.into()),
            unique: Some("k".into()),
            expires_ms: Some(60_000),
            ..least.clone()
        };
        for template in [least, most] {
            assert_eq!(Template::read(&template.write()).unwrap(), template);
        }
        assert_eq!(Template::read("").unwrap_err().kind(), ErrorKind::Validation);
    }
}
