//! The keyset: keys with ids, one of them primary. It signs and seals frames.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdall_types::{Error, ErrorKind, Result};
use serde::Deserialize;

use crate::signature::Purpose;

const FORMAT: &str = "holdall keyset";
const VERSION: u64 = 0;
const SECRET_LEN: usize = 32;

/// Which key: a random number, written as 8 hexadecimal digits. It tells nothing of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl FromStr for KeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u32::from_str_radix(text, 16) {
            Ok(number) if digits => Ok(Self(number)),
            // Not quoted: in a keyset edited by hand it may be the secret in the wrong place.
            _ => Err(Error::new(ErrorKind::Validation, "a key id is 8 hexadecimal digits, such as 9f86d081")),
        }
    }
}

/// One key of a keyset.
#[derive(Clone)]
pub struct KeyEntry {
    /// Its id.
    pub id: KeyId,
    /// Whether it verifies and opens. A disabled key is kept so that it can be enabled again.
    pub enabled: bool,
    secret: [u8; SECRET_LEN],
    subkeys: Subkeys,
}

/// Derived once with the key: deriving at each use took as long as signing a small value.
#[derive(Clone)]
struct Subkeys {
    value: [u8; 32],
    task: [u8; 32],
    result: [u8; 32],
    workflow: [u8; 32],
}

impl KeyEntry {
    fn new(id: KeyId, enabled: bool, secret: [u8; SECRET_LEN]) -> Self {
        let derive = |purpose: Purpose| {
            blake3::derive_key(&format!("holdall 2026-11 frame signature: {}", purpose.name()), &secret)
        };
        let subkeys = Subkeys {
            value: derive(Purpose::Value),
            task: derive(Purpose::Task),
            result: derive(Purpose::Result),
            workflow: derive(Purpose::Workflow),
        };
        Self { id, enabled, secret, subkeys }
    }

    pub(crate) fn subkey(&self, purpose: Purpose) -> &[u8; 32] {
        match purpose {
            Purpose::Value => &self.subkeys.value,
            Purpose::Task => &self.subkeys.task,
            Purpose::Result => &self.subkeys.result,
            Purpose::Workflow => &self.subkeys.workflow,
        }
    }

    /// Not kept: to derive it is little beside sealing.
    pub(crate) fn sealing_subkey(&self, purpose: Purpose) -> [u8; 32] {
        blake3::derive_key(&format!("holdall 2026-11 frame sealing: {}", purpose.name()), &self.secret)
    }

    fn state(&self) -> &'static str {
        if self.enabled { "enabled" } else { "disabled" }
    }
}

impl fmt::Debug for KeyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyEntry({} {})", self.id, self.state())
    }
}

/// The keys of a reader and writer. The primary, always there and enabled, signs and seals; every
/// enabled key verifies and opens. Rotation: add a key, share the keyset, promote the key, later disable the old one.
#[derive(Clone, Debug)]
pub struct Keyset {
    /// A copy of one of `keys`, so that there is one without a search that could fail. It cannot
    /// differ from its original: the primary is never disabled, and nothing else changes.
    primary: KeyEntry,
    keys: Vec<KeyEntry>,
}

impl Keyset {
    /// A keyset with one new key.
    ///
    /// # Errors
    /// `Backend` if the system gives no random bytes.
    pub fn generate() -> Result<Self> {
        let key = random_key()?;
        Ok(Self { primary: key.clone(), keys: vec![key] })
    }

    /// Reads what [`to_text`](Self::to_text) writes.
    ///
    /// # Errors
    /// `UnsupportedVersion` for a keyset of a newer version; `Validation` for any other text. No
    /// message quotes the text, since it holds secrets.
    pub fn parse(text: &str) -> Result<Self> {
        let Kind { format, version } = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        if format != FORMAT {
            return Err(invalid(&format!("its \"format\" is not \"{FORMAT}\"")));
        }
        if version > VERSION {
            return Err(Error::new(
                ErrorKind::UnsupportedVersion,
                format!(
                    "the keyset has format version {version}; this holdall reads {VERSION}, so upgrade it"
                ),
            ));
        }
        let document: Document = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        let mut keys: Vec<KeyEntry> = Vec::with_capacity(document.keys.len());
        for key in document.keys {
            let id: KeyId = key.id.parse().map_err(|error: Error| error.context("the keyset"))?;
            if keys.iter().any(|known| known.id == id) {
                return Err(invalid(&format!("it holds the key {id} twice")));
            }
            let secret = STANDARD.decode(&key.secret).ok().and_then(|bytes| bytes.try_into().ok());
            let secret = secret.ok_or_else(|| {
                invalid(&format!("the secret of the key {id} is not {SECRET_LEN} bytes in base64"))
            })?;
            keys.push(KeyEntry::new(id, matches!(key.state, State::Enabled), secret));
        }
        let primary: KeyId = document.primary.parse().map_err(|error: Error| error.context("the keyset"))?;
        match keys.iter().find(|key| key.id == primary).cloned() {
            None => Err(invalid(&format!("it does not hold its primary key {primary}"))),
            Some(key) if !key.enabled => Err(invalid(&format!("its primary key {primary} is disabled"))),
            Some(key) => Ok(Self { primary: key, keys }),
        }
    }

    /// The keyset as JSON text, secrets included: for a file that only its owner reads, or for
    /// `HOLDALL_KEYSET`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let key = |key: &KeyEntry| {
            let secret = STANDARD.encode(key.secret);
            format!(
                "    {{\"id\": \"{}\", \"state\": \"{}\", \"secret\": \"{secret}\"}}",
                key.id,
                key.state()
            )
        };
        let keys: Vec<String> = self.keys.iter().map(key).collect();
        format!(
            "{{\n  \"format\": \"{FORMAT}\",\n  \"version\": {VERSION},\n  \"primary\": \"{}\",\n  \"keys\": [\n{}\n  ]\n}}\n",
            self.primary.id,
            keys.join(",\n")
        )
    }

    /// The key that signs.
    #[must_use]
    pub fn primary(&self) -> &KeyEntry {
        &self.primary
    }

    /// The key of an id, enabled or not.
    #[must_use]
    pub fn get(&self, id: KeyId) -> Option<&KeyEntry> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// All keys, oldest first.
    #[must_use]
    pub fn keys(&self) -> &[KeyEntry] {
        &self.keys
    }

    /// Adds a new key that verifies and does not sign yet, so that the keyset can be shared before
    /// the first frame is signed with it.
    ///
    /// # Errors
    /// `Backend` if the system gives no random bytes.
    pub fn add_generated(&mut self) -> Result<KeyId> {
        loop {
            let key = random_key()?;
            if self.get(key.id).is_none() {
                let id = key.id;
                self.keys.push(key);
                return Ok(id);
            }
        }
    }

    /// Makes a key the one that signs.
    ///
    /// # Errors
    /// `UnknownKey` if the keyset does not hold it; `Validation` if it is disabled.
    pub fn promote(&mut self, id: KeyId) -> Result<()> {
        let key = self.get(id).ok_or_else(|| unknown(id))?;
        if !key.enabled {
            return Err(Error::new(
                ErrorKind::Validation,
                format!("the key {id} is disabled and cannot sign; enable it first"),
            ));
        }
        self.primary = key.clone();
        Ok(())
    }

    /// Enables or disables a key. A disabled key verifies nothing.
    ///
    /// # Errors
    /// `UnknownKey` if the keyset does not hold it; `Validation` if it is the primary and would be
    /// disabled.
    pub fn set_enabled(&mut self, id: KeyId, enabled: bool) -> Result<()> {
        if id == self.primary.id && !enabled {
            return Err(Error::new(
                ErrorKind::Validation,
                format!("the key {id} is the primary, which signs; promote another key before disabling it"),
            ));
        }
        let key = self.keys.iter_mut().find(|key| key.id == id).ok_or_else(|| unknown(id))?;
        key.enabled = enabled;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Kind {
    format: String,
    version: u64,
}

/// Unknown fields are refused: a misspelt `state` must not leave a key enabled.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u64,
    primary: String,
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    state: State,
    secret: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Enabled,
    Disabled,
}

fn random_key() -> Result<KeyEntry> {
    let mut id = [0; 4];
    let mut secret = [0; SECRET_LEN];
    getrandom::fill(&mut id).and_then(|()| getrandom::fill(&mut secret)).map_err(|error| {
        Error::new(
            ErrorKind::Backend,
            format!(
                "no new key: the system gave no random bytes ({error}); bring a keyset by HOLDALL_KEYSET"
            ),
        )
        .caused_by(error)
    })?;
    Ok(KeyEntry::new(KeyId(u32::from_le_bytes(id)), true, secret))
}

/// What serde says of a wrong field quotes the field, which may be a secret: only the place is told.
fn not_json(error: &serde_json::Error) -> Error {
    invalid(&format!(
        "line {}, column {} is not what a keyset has there (JSON with \"format\", \"version\", \"primary\" \
         and \"keys\" of \"id\", \"state\", \"secret\")",
        error.line(),
        error.column()
    ))
}

fn invalid(reason: &str) -> Error {
    Error::new(
        ErrorKind::Validation,
        format!(
            "this is not a keyset: {reason}; copy it again from a machine where it works, or make a new one"
        ),
    )
}

fn unknown(id: KeyId) -> Error {
    Error::new(ErrorKind::UnknownKey, format!("the keyset does not hold the key {id}; list its keys first"))
}
