//! What a task's owner wants done when it does not go well.

use holdall_types::{Error, ErrorKind, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::failure::Failure;

const SECOND: u64 = 1000;
const LONGEST: u64 = 3600 * SECOND;

/// A task's own rules, kept in its row as JSON. What is left out has its default.
///
/// A key that this reader does not know is passed over: a writer whose option must be understood raises
/// the envelope's oldest reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// How often it runs again after an exception or a timeout.
    #[serde(skip_serializing_if = "is_zero")]
    pub retries: u32,
    /// How often it runs again after its worker was lost.
    #[serde(skip_serializing_if = "is_default_lost")]
    pub max_lost: u32,
    /// How long it waits before a retry.
    #[serde(skip_serializing_if = "Backoff::is_default")]
    pub backoff: Backoff,
    /// How long one run may take.
    #[serde(rename = "timeout", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How long it is kept after it ended.
    #[serde(rename = "result_ttl", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub result_ttl_ms: Option<u64>,
    /// Only exceptions of these classes are retried; `None` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_on: Option<Vec<String>>,
    /// Exceptions of these classes never are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fail_on: Vec<String>,
}

const MAX_LOST: u32 = 2;

impl Default for Policy {
    fn default() -> Self {
        Self {
            retries: 0,
            max_lost: MAX_LOST,
            backoff: Backoff::Exponential,
            timeout_ms: None,
            result_ttl_ms: None,
            retry_on: None,
            fail_on: Vec::new(),
        }
    }
}

impl Policy {
    /// The policy of a row.
    ///
    /// # Errors
    /// `Validation` if the text is not a policy.
    pub fn read(text: Option<&str>) -> Result<Self> {
        let Some(text) = text else { return Ok(Self::default()) };
        serde_json::from_str(text).map_err(|error| {
            let message =
                format!("these options of a task cannot be read: {text}: {error}; enqueue the task again");
            Error::new(ErrorKind::Validation, message).caused_by(error)
        })
    }

    /// As the row keeps it; the default needs no text.
    #[must_use]
    pub fn write(&self) -> Option<String> {
        // Nothing in it can fail to be written.
        (*self != Self::default()).then(|| serde_json::to_string(self).ok()).flatten()
    }

    /// Whether a failure is of a kind that is worth another run, if any are left.
    #[must_use]
    pub fn retries(&self, failure: &Failure) -> bool {
        let listed = |names: &[String]| names.iter().any(|name| failure.is(name));
        !failure.fatal && !listed(&self.fail_on) && self.retry_on.as_deref().is_none_or(listed)
    }
}

/// How long a task waits before it runs again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Backoff {
    /// One second, doubled each time up to an hour; up to a quarter longer, so that what failed together
    /// does not come back together.
    #[default]
    Exponential,
    /// One second more each time, up to an hour.
    Linear,
    /// These milliseconds, the last again and again.
    List(Vec<u64>),
}

impl Backoff {
    /// Milliseconds before retry number `retry`, the first of which is 0. It follows from its arguments
    /// alone: a decision that is made again comes out the same.
    #[must_use]
    pub fn delay(&self, id: &str, retry: u32) -> u64 {
        match self {
            Self::Exponential => {
                let delay = SECOND.saturating_mul(2_u64.saturating_pow(retry)).min(LONGEST);
                delay + xxh3_64_with_seed(id.as_bytes(), retry.into()) % (delay / 4)
            }
            Self::Linear => SECOND.saturating_mul(u64::from(retry) + 1).min(LONGEST),
            Self::List(delays) => {
                let place = usize::try_from(retry).unwrap_or(usize::MAX);
                delays.get(place).or(delays.last()).copied().unwrap_or_default()
            }
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::Exponential
    }
}

/// As JSON has it: a word, a number of seconds, or a list of them.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Word(String),
    One(f64),
    Several(Vec<f64>),
}

impl Serialize for Backoff {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let written = match self {
            Self::Exponential => Written::Word("exponential".into()),
            Self::Linear => Written::Word("linear".into()),
            Self::List(delays) => Written::Several(delays.iter().map(|delay| seconds::of(*delay)).collect()),
        };
        written.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Backoff {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        const WAYS: &str = "\"exponential\", \"linear\", a number of seconds or a list of them";
        let written = Written::deserialize(from)
            .map_err(|_| D::Error::custom(format_args!("the backoff must be {WAYS}")))?;
        match written {
            Written::Word(word) if word == "exponential" => Ok(Self::Exponential),
            Written::Word(word) if word == "linear" => Ok(Self::Linear),
            Written::Word(word) => {
                Err(D::Error::custom(format_args!("the backoff must be {WAYS}, not {word:?}")))
            }
            Written::One(delay) => Ok(Self::List(vec![seconds::milliseconds(delay)?])),
            Written::Several(delays) if delays.is_empty() => {
                Err(D::Error::custom("the list of a backoff must have at least one number of seconds"))
            }
            Written::Several(delays) => {
                Ok(Self::List(delays.into_iter().map(seconds::milliseconds).collect::<Result<_, _>>()?))
            }
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_default_lost(number: &u32) -> bool {
    *number == MAX_LOST
}

/// Times as people write them: seconds, in JSON.
pub(crate) mod seconds {
    use super::{Deserialize, Deserializer, SECOND, Serializer};

    #[expect(clippy::cast_precision_loss, reason = "nobody waits for 285,000 years to the millisecond")]
    pub(crate) fn of(milliseconds: u64) -> f64 {
        milliseconds as f64 / SECOND as f64
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is not negative, and what is too large becomes the largest"
    )]
    pub(super) fn milliseconds<E: serde::de::Error>(seconds: f64) -> Result<u64, E> {
        if seconds.is_nan() || seconds < 0.0 {
            return Err(E::custom(format_args!("a time must be 0 seconds or more, not {seconds}")));
        }
        let rounded = (seconds * 1000.0).round() as u64;
        // A little time is not none.
        Ok(if seconds > 0.0 { rounded.max(1) } else { rounded })
    }

    #[expect(clippy::ref_option, reason = "serde gives a reference")]
    pub(super) fn serialize<S: Serializer>(time: &Option<u64>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_some(&of(*time)),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
        Option::<f64>::deserialize(from)?.map(milliseconds).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Policy {
        Policy::read(Some(text)).unwrap()
    }

    #[test]
    fn the_default_needs_no_text() {
        assert_eq!(Policy::default().write(), None);
        assert_eq!(Policy::read(None).unwrap(), Policy::default());
        assert_eq!(read("{}"), Policy::default());
    }

    #[test]
    fn what_is_written_is_read() {
        let policy = Policy {
            retries: 3,
            max_lost: 0,
            backoff: Backoff::List(vec![0, 1500, u64::from(u32::MAX)]),
            timeout_ms: Some(250),
            result_ttl_ms: Some(86_400_000),
            retry_on: Some(vec!["builtins.OSError".into()]),
            fail_on: vec!["builtins.KeyError".into()],
        };
        let text = policy.write().unwrap();
        assert_eq!(
            text,
            r#"{"retries":3,"max_lost":0,"backoff":[0.0,1.5,4294967.295],"timeout":0.25,"result_ttl":86400.0,"retry_on":["builtins.OSError"],"fail_on":["builtins.KeyError"]}"#
        );
        assert_eq!(read(&text), policy);
        let linear = Policy { backoff: Backoff::Linear, ..Policy::default() };
        assert_eq!(linear.write().unwrap(), r#"{"backoff":"linear"}"#);
        assert_eq!(read(r#"{"backoff":"linear"}"#), linear);
        assert_eq!(read(r#"{"backoff":"exponential","timeout":null,"of later":1}"#), Policy::default());
    }

    #[test]
    fn one_number_is_a_list_of_one() {
        assert_eq!(read(r#"{"backoff":2}"#).backoff, Backoff::List(vec![2000]));
        assert_eq!(read(r#"{"backoff":0.0001}"#).backoff, Backoff::List(vec![1]));
        assert_eq!(read(r#"{"timeout":1e300}"#).timeout_ms, Some(u64::MAX));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for (text, reason) in [
            ("", "EOF"),
            ("[", "EOF"),
            (r#"{"retries":-1}"#, "-1"),
            (r#"{"timeout":-0.5}"#, "0 seconds or more, not -0.5"),
            (r#"{"backoff":"fast"}"#, r#"not "fast""#),
            (r#"{"backoff":[]}"#, "at least one"),
            (r#"{"backoff":[1,-1]}"#, "not -1"),
            (r#"{"backoff":{}}"#, r#"must be "exponential""#),
            (r#"{"retry_on":"ValueError"}"#, "retry_on"),
        ] {
            let error = Policy::read(Some(text)).err();
            // serde names no field, so the message quotes the whole text.
            let error = error.unwrap_or_else(|| panic!("{text} was read"));
            assert_eq!(error.kind(), ErrorKind::Validation);
            assert!(error.message().contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn exponential_doubles_up_to_an_hour() {
        for (retry, least) in
            [(0, 1000), (1, 2000), (5, 32_000), (11, 2_048_000), (12, LONGEST), (13, LONGEST)]
        {
            let delay = Backoff::Exponential.delay("task", retry);
            assert!((least..least + least / 4).contains(&delay), "{retry}: {delay}");
        }
        assert!(Backoff::Exponential.delay("task", u32::MAX) < LONGEST + LONGEST / 4);
    }

    #[test]
    fn what_failed_together_comes_back_apart() {
        let delays = |retry| (0..100).map(|id| Backoff::Exponential.delay(&id.to_string(), retry)).collect();
        let (one, two): (Vec<u64>, std::collections::BTreeSet<u64>) =
            (delays(3), (delays(3) as Vec<u64>).into_iter().collect());
        assert!(two.len() > 90, "{}", two.len());
        assert_eq!(one, delays(3), "and each at a time of its own");
    }

    #[test]
    fn linear_and_lists() {
        let delays = |backoff: &Backoff| [0, 1, 2, u32::MAX].map(|retry| backoff.delay("task", retry));
        assert_eq!(delays(&Backoff::Linear), [1000, 2000, 3000, LONGEST]);
        assert_eq!(delays(&Backoff::List(vec![5, 7])), [5, 7, 7, 7]);
        assert_eq!(delays(&Backoff::List(vec![])), [0; 4]);
        assert_eq!(delays(&Backoff::List(vec![u64::MAX])), [u64::MAX; 4]);
    }

    #[test]
    fn which_exceptions_are_retried() {
        let raised = |bases: &[&str]| Failure {
            kind: bases.first().copied().unwrap_or_default().to_owned(),
            bases: bases.iter().map(|name| (*name).to_owned()).collect(),
            ..Failure::default()
        };
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let connection = raised(&["builtins.ConnectionError", "builtins.OSError", "builtins.Exception"]);
        let value = raised(&["builtins.ValueError", "builtins.Exception"]);
        let all = Policy::default();
        assert!(all.retries(&value));
        assert!(!all.retries(&Failure { fatal: true, ..value.clone() }));
        let only = Policy { retry_on: Some(list(&["builtins.OSError"])), ..Policy::default() };
        assert!(only.retries(&connection) && !only.retries(&value));
        let none = Policy { retry_on: Some(vec![]), ..Policy::default() };
        assert!(!none.retries(&value));
        let not = Policy { fail_on: list(&["builtins.OSError"]), ..Policy::default() };
        assert!(!not.retries(&connection) && not.retries(&value));
        let both = Policy {
            retry_on: Some(list(&["builtins.Exception"])),
            fail_on: list(&["builtins.ConnectionError"]),
            ..Policy::default()
        };
        assert!(!both.retries(&connection), "fail_on wins");
        assert!(both.retries(&value));
    }
}
