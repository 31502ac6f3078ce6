//! One error type for the whole engine: a kind out of a closed list, what happened and what to do
//! next. The binding turns each kind into the Python class of the same name.

use std::error::Error as StdError;
use std::fmt;

/// What every fallible call of the engine returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The closed list of what can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// No value under this key.
    DoesNotExist,
    /// The value cannot be written or read with this codec.
    Serialization,
    /// An active payload that this reader has no reason to trust.
    UntrustedPayload,
    /// Code of another Python version.
    PythonVersion,
    /// The bytes are not a frame.
    NotAFrame,
    /// The bytes began as a frame, and are damaged.
    CorruptFrame,
    /// Written by a newer holdall, or with a part that is not built.
    UnsupportedVersion,
    /// Signed or sealed under a key that the keyset does not hold.
    UnknownKey,
    /// Larger or deeper than a limit.
    LimitExceeded,
    /// The disk or the store has no room.
    StoreFull,
    /// Someone else held the store for longer than this call may wait.
    StoreBusy,
    /// An earlier write failed half-way; the store refuses writes until it is opened anew.
    StorePoisoned,
    /// The store may be read but not written.
    StoreReadOnly,
    /// The server went away.
    ConnectionLost,
    /// Someone else changed the value in between.
    Conflict,
    /// A lock or claim that is no longer ours.
    LeaseLost,
    /// A bad key, URI, option or argument.
    Validation,
    /// Anything else the operating system or the database said.
    Backend,
    /// The user or the host program ended a wait; the cause says how.
    Interrupted,
    /// No memory.
    OutOfMemory,
}

impl ErrorKind {
    /// Whether the same call may succeed later with nothing else changed.
    #[must_use]
    pub const fn retryable(self) -> bool {
        matches!(self, Self::StoreBusy | Self::ConnectionLost | Self::Conflict)
    }
}

/// What happened, to what, and what to do next.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of a kind. The message says what happened, to what, and the way out.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), cause: None }))
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The same error, its message led by what was being done: `put "a/b": no space left`.
    #[must_use]
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// An error of the operating system, sorted into the kinds by its code.
    pub fn io(error: std::io::Error, what: impl fmt::Display) -> Self {
        use std::io::ErrorKind as Io;
        let (kind, hint) = match error.kind() {
            Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => {
                (ErrorKind::StoreFull, "free some space, or keep the store on another disk")
            }
            Io::PermissionDenied | Io::ReadOnlyFilesystem => {
                (ErrorKind::StoreReadOnly, "give this user write access, or choose another place")
            }
            Io::OutOfMemory => (ErrorKind::OutOfMemory, "the machine has no memory left"),
            _ => (ErrorKind::Backend, "see the cause"),
        };
        Self::new(kind, format!("{what}: {error}; {hint}")).caused_by(error)
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message, without the kind's name.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

impl From<std::collections::TryReserveError> for Error {
    fn from(error: std::collections::TryReserveError) -> Self {
        Self::new(ErrorKind::OutOfMemory, "no memory for a value of this size").caused_by(error)
    }
}
