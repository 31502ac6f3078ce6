//! Waiting for somebody else, without ever hanging.
//!
//! Every wait of a backend is a loop round [`Wait::pause`], so that Ctrl-C ends it within 100 ms
//! and a limit ends it in any case.

use std::cell::Cell;
use std::fmt::Display;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use holdall_types::{Error, ErrorKind, Result};

/// What the host program wants checked while a thread waits: fails to end the wait.
pub type Interrupt = fn() -> Result<()>;

static INTERRUPT: OnceLock<Interrupt> = OnceLock::new();

thread_local! {
    static UNATTENDED: Cell<bool> = const { Cell::new(false) };
}

const LONGEST_PAUSE: Duration = Duration::from_millis(2);
const CHECK_EVERY: Duration = Duration::from_millis(50);

/// Sets the check. The first one stays.
pub fn on_interrupt(check: Interrupt) {
    let _ = INTERRUPT.set(check);
}

/// Makes the check, for a wait of another kind.
///
/// # Errors
/// Whatever it says.
pub fn interrupted() -> Result<()> {
    match INTERRUPT.get() {
        Some(check) if !UNATTENDED.get() => check(),
        _ => Ok(()),
    }
}

/// Works without the check: in a thread of the engine's own, whose waits no user ends, and which must not
/// wait for the host program, as the check may.
pub fn unattended<T>(work: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            UNATTENDED.set(self.0);
        }
    }
    let _restore = Restore(UNATTENDED.replace(true));
    work()
}

/// One wait, from its first pause to its limit.
#[derive(Debug)]
pub struct Wait {
    began: Instant,
    checked: Instant,
    limit: Duration,
    pause: Duration,
}

impl Wait {
    /// A wait of at most `limit`.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        let now = Instant::now();
        Self { began: now, checked: now, limit, pause: Duration::from_micros(20) }
    }

    /// Sleeps a little, a little longer each time (20 µs to 2 ms).
    ///
    /// # Errors
    /// `StoreBusy` when the limit is reached, naming `what` is waited for; whatever the
    /// interrupt check says.
    pub fn pause(&mut self, what: &dyn Display) -> Result<()> {
        self.check(what)?;
        thread::sleep(self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }

    /// The checks of [`pause`](Wait::pause) without the sleep, for a wait that is woken.
    ///
    /// # Errors
    /// As [`pause`](Wait::pause).
    pub fn check(&mut self, what: &dyn Display) -> Result<()> {
        let waited = self.began.elapsed();
        if waited >= self.limit {
            let seconds = self.limit.as_secs_f64();
            return Err(Error::new(
                ErrorKind::StoreBusy,
                format!("{what} was held by someone else for {seconds} s; try again, or allow a longer wait"),
            ));
        }
        if self.checked.elapsed() >= CHECK_EVERY {
            self.checked = Instant::now();
            interrupted()?;
        }
        Ok(())
    }
}
