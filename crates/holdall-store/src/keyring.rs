//! Where the reader's keys come from, and what they decide.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind as Io, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use holdall_backend::{Segments, os::fork};
use holdall_frame::{Frame, Header, Keyset, Purpose, Signer};
use holdall_types::{Error, ErrorKind, Result};

use crate::get::Loaded;
use crate::notice::notice;

/// The environment variable that holds a keyset's path, or the keyset itself.
pub const VARIABLE: &str = "HOLDALL_KEYSET";

/// What a reader does with active payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Opens those that a key of its keyset signed.
    #[default]
    Keyset,
    /// Opens them all: whoever may write to the store may run code here.
    All,
}

/// A keyset, found when it is first needed: the one given, else the one `HOLDALL_KEYSET` names,
/// else the user's own file, which is made at the first signature.
#[derive(Debug, Default)]
pub struct Keyring {
    given: Option<String>,
    found: Mutex<Option<Found>>,
}

#[derive(Clone, Debug)]
struct Found {
    source: String,
    stamp: Option<Stamp>,
    looked: Instant,
    keyset: Arc<Keyset>,
}

/// How long a file counts as it was: to look at it cost more than to sign or verify a small value.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What changes when a file is replaced.
type Stamp = (SystemTime, u64);

impl Keyring {
    /// A keyring of a keyset given as a path or as text.
    #[must_use]
    pub fn new(given: Option<String>) -> Self {
        Self { given, found: Mutex::default() }
    }

    /// The keys to sign with; the user's own file is made if there is none yet.
    ///
    /// # Errors
    /// `Validation` when there is no keyset and no place to keep one, or when it cannot be read.
    pub fn for_signing(&self) -> Result<Arc<Keyset>> {
        if let Some(keyset) = self.find()? {
            return Ok(keyset);
        }
        let path = own_file()?;
        let keyset = make(&path)?;
        let _calm = fork::calm();
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(keyset)
    }

    /// Whether an active payload may be opened; a passive one always may.
    ///
    /// # Errors
    /// `UntrustedPayload` and `UnknownKey` when it may not.
    pub fn check(&self, loaded: &Loaded, trust: Trust) -> Result<()> {
        if loaded.header.is_active() { self.verify(loaded, trust) } else { Ok(()) }
    }

    /// Whether whoever wrote a value may have code run by it.
    ///
    /// # Errors
    /// `UntrustedPayload` and `UnknownKey` when not.
    pub fn verify(&self, loaded: &Loaded, trust: Trust) -> Result<()> {
        if trust == Trust::All {
            return Ok(());
        }
        if loaded.bare {
            return Err(Error::new(
                ErrorKind::UntrustedPayload,
                "bytes without a frame are never unpickled, for anyone may have written them; if you trust \
                 whoever did, say both mode=\"pickle\" and trust=\"all\"",
            ));
        }
        self.vouch(&Frame::read_front(&loaded.bytes)?)
    }

    /// Whether a key of this keyset signed a frame as a value.
    ///
    /// # Errors
    /// `UntrustedPayload` and `UnknownKey` when not.
    pub fn vouch(&self, frame: &Frame<'_>) -> Result<()> {
        self.vouch_for(frame, Purpose::Value, b"")
    }

    /// Whether a key of this keyset signed a frame for this purpose and context.
    ///
    /// # Errors
    /// `UntrustedPayload` and `UnknownKey` when not.
    pub fn vouch_for(&self, frame: &Frame<'_>, purpose: Purpose, context: &[u8]) -> Result<()> {
        if let Some(keyset) = self.find()? {
            return frame.verify(&Signer { keyset: &keyset, purpose, context });
        }
        let what = purpose.what(frame.header.codec);
        let or_else = purpose.or_else();
        Err(Error::new(
            ErrorKind::UnknownKey,
            format!(
                "this {what} can run code, and there is no keyset here to verify who wrote it; share the keyset \
                 of the writing machine by {VARIABLE}{or_else}"
            ),
        ))
    }

    /// A sealed value, opened: a key of this keyset sealed it, so that it may run code when it is read.
    ///
    /// # Errors
    /// `UnknownKey` and `UntrustedPayload` when it does not open; `CorruptFrame`.
    pub fn open(&self, loaded: &Loaded) -> Result<Loaded> {
        let frame = Frame::read_front(&loaded.bytes)?;
        let keyset = self.find()?.ok_or_else(|| {
            let codec = frame.header.codec.name();
            let message = format!(
                "this {codec} payload is sealed, and there is no keyset here to open it; share the keyset of the \
                 writing machine by {VARIABLE}"
            );
            Error::new(ErrorKind::UnknownKey, message)
        })?;
        let payload = frame.open(&Signer { keyset: &keyset, purpose: Purpose::Value, context: b"" })?;
        let header = Header { sealed: None, ..frame.header };
        Ok(Loaded { bytes: payload.into(), segments: Segments::none(), header, start: 0, bare: false })
    }

    /// The keyset, if there is one.
    ///
    /// # Errors
    /// `Validation` when the one that was named cannot be read.
    pub fn find(&self) -> Result<Option<Arc<Keyset>>> {
        let (source, own) = match &self.given {
            Some(given) => (given.clone(), false),
            None => match std::env::var(VARIABLE) {
                Ok(value) if !value.is_empty() => (value, false),
                _ => match own_file() {
                    Ok(path) => (path.display().to_string(), true),
                    Err(_) => return Ok(None),
                },
            },
        };
        // No child is to inherit the lock held, by whom it does not have.
        let _calm = fork::calm();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = found.as_mut().filter(|found| found.source == source);
        if let Some(known) = &known
            && known.looked.elapsed() < LOOK_AGAIN
        {
            return Ok(Some(Arc::clone(&known.keyset)));
        }
        if own && !Path::new(&source).exists() {
            return Ok(None);
        }
        let (stamp, looked) = (stamp(&source), Instant::now());
        if let Some(known) = &mut known
            && known.stamp == stamp
        {
            known.looked = looked;
            return Ok(Some(Arc::clone(&known.keyset)));
        }
        let keyset = Arc::new(read(&source)?);
        *found = Some(Found { source, stamp, looked, keyset: Arc::clone(&keyset) });
        Ok(Some(keyset))
    }

    /// Where the keyset is, for people: a path, or the name of what holds it.
    ///
    /// # Errors
    /// `Validation` when there is no place for the user's own file.
    pub fn place(&self) -> Result<String> {
        let inline = |text: &str| text.trim_start().starts_with('{');
        if let Some(given) = &self.given {
            return Ok(if inline(given) { "the keyset argument".into() } else { given.clone() });
        }
        match std::env::var(VARIABLE) {
            Ok(value) if inline(&value) => Ok(format!("{VARIABLE} in the environment")),
            Ok(value) if !value.is_empty() => Ok(value),
            _ => own_file().map(|path| path.display().to_string()),
        }
    }
}

/// The user's own keyset file: `holdall/keyset.json` under `XDG_CONFIG_HOME`, `APPDATA` or
/// `~/.config`.
fn own_file() -> Result<PathBuf> {
    // A relative one is to be ignored, says the XDG base directory specification.
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = variable("XDG_CONFIG_HOME")
        .or_else(|| variable("APPDATA"))
        .or_else(|| variable("HOME").map(|home| home.join(".config")));
    folder.map(|folder| folder.join("holdall").join("keyset.json")).ok_or_else(|| {
        let message = format!(
            "this value can only be kept as code, which must be signed, and there is no home folder to keep a \
             keyset in; set {VARIABLE} to a path or to the text of a keyset (`holdall key new` makes one)"
        );
        Error::new(ErrorKind::Validation, message)
    })
}

fn read(source: &str) -> Result<Keyset> {
    if source.trim_start().starts_with('{') {
        return Keyset::parse(source);
    }
    let text = fs::read_to_string(source).map_err(|error| {
        let message = format!(
            "cannot read the keyset {source}: {error}; name a keyset file in {VARIABLE} or keyset=, or make one \
             with `holdall key new`"
        );
        Error::new(ErrorKind::Validation, message).caused_by(error)
    })?;
    Keyset::parse(&text).map_err(|error| error.context(format_args!("the keyset {source}")))
}

fn stamp(source: &str) -> Option<Stamp> {
    if source.trim_start().starts_with('{') {
        return None;
    }
    let metadata = fs::metadata(source).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Makes the user's own file. Of several processes one wins and all use its keyset: the file comes
/// into being whole, by a hard link that fails if there is one.
fn make(path: &Path) -> Result<Arc<Keyset>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let failed = |error: std::io::Error| {
        let message = format!(
            "this value can only be kept as code, which must be signed, and no keyset can be kept in {}: {error}; \
             set {VARIABLE} to a path or to the text of a keyset (`holdall key new` makes one)",
            path.display()
        );
        Error::new(ErrorKind::Validation, message).caused_by(error)
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let keyset = Keyset::generate()?;
    let unique = keyset.primary().id;
    let draft = folder.join(format!(".keyset-{}-{unique}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(keyset.to_text().as_bytes())?;
        file.sync_all()?;
        fs::hard_link(&draft, path)
    });
    let _ = fs::remove_file(&draft);
    match written {
        Ok(()) => {
            notice(&format!(
                "made a keyset for signing at {}; machines that share a store share it",
                path.display()
            ));
            Ok(Arc::new(keyset))
        }
        Err(error) if error.kind() == Io::AlreadyExists => Ok(Arc::new(read(&path.display().to_string())?)),
        Err(error) => Err(failed(error)),
    }
}
