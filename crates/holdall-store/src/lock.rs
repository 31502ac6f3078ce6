//! Locks between threads and processes: a lease in the store, kept alive by its holder.
//!
//! A lease is a small record that names its holder and says when it runs out. The holder's own
//! thread extends it, so that it lasts as long as the holder lives, however long the work takes.
//! When the holder dies, the next one takes over: at once where it can see that the process is
//! gone (the same boot of the same machine), else when the lease has run out. Times are the boot
//! clock's, so turning the wall clock expires nothing; a lease from another boot is judged by
//! wall time.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use holdall_backend::LeaseChange;
use holdall_backend::os::{fork, wait::Wait};
use holdall_types::{Error, ErrorKind, Result};

use crate::store::Store;

/// A held lock. It is let go of when dropped, or by [`release`](Lock::release), which says whether
/// it was held to the end.
#[derive(Debug)]
pub struct Lock {
    lease: Arc<Lease>,
    keeper: Option<thread::JoinHandle<()>>,
    generation: u64,
}

#[derive(Debug)]
struct Lease {
    store: Store,
    name: String,
    token: String,
    ttl: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    released: bool,
    lost: bool,
}

impl Store {
    /// Takes the lock of a name, waiting for at most `timeout` (`None`: for ever). `ttl` is how
    /// long the lock outlives a holder that is not seen to die.
    ///
    /// # Errors
    /// `StoreBusy` when somebody else holds it for longer; `Validation` for a ttl of nothing;
    /// those of the backend.
    pub fn lock(&self, name: &str, ttl: Duration, timeout: Option<Duration>) -> Result<Lock> {
        if ttl < Duration::from_millis(10) {
            return Err(Error::new(ErrorKind::Validation, "a lock's ttl must be at least 0.01 seconds"));
        }
        self.writable()?;
        let token = token()?;
        let what = format!("the lock {name:?}");
        let mut wait = Wait::new(timeout.unwrap_or(Duration::MAX));
        let lease = Lease {
            store: self.clone(),
            name: name.to_owned(),
            token,
            ttl,
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        while !lease.take()? {
            wait.pause(&what)?;
        }
        let lease = Arc::new(lease);
        let kept = Arc::clone(&lease);
        let keeper = thread::Builder::new().name("holdall-lock".into()).spawn(move || kept.keep());
        let keeper = keeper.map_err(|error| {
            let _ = lease.give_back();
            Error::io(error, "cannot start the thread that keeps the lock alive")
        })?;
        Ok(Lock { lease, keeper: Some(keeper), generation: fork::generation() })
    }
}

impl Lock {
    /// Lets go.
    ///
    /// # Errors
    /// `LeaseLost` when the lock was taken over meanwhile, because this process was stopped for
    /// longer than the ttl or could not reach the store.
    pub fn release(mut self) -> Result<()> {
        self.let_go()
    }

    fn let_go(&mut self) -> Result<()> {
        let Some(keeper) = self.keeper.take() else { return Ok(()) };
        if self.generation != fork::generation() {
            // The lock is the parent's; this process has neither the lease nor the thread.
            std::mem::forget(keeper);
            return Ok(());
        }
        self.lease.state().released = true;
        self.lease.changed.notify_all();
        let _ = keeper.join();
        let lost = self.lease.state().lost;
        if self.lease.give_back()? && !lost {
            return Ok(());
        }
        let Lease { name, ttl, .. } = &*self.lease;
        let seconds = ttl.as_secs_f64();
        let message = format!(
            "the lock {name:?} was lost before it was released: this process could not renew it for {seconds} s; \
             what it did meanwhile may have been done twice, so check it, and allow a longer ttl"
        );
        Err(Error::new(ErrorKind::LeaseLost, message))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.let_go();
    }
}

impl Lease {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the lease if it is free, and says whether it is ours.
    fn take(&self) -> Result<bool> {
        let mut ours = false;
        self.store.backend.lease(&self.name, &mut |record| {
            ours = !record.is_some_and(|record| self.held(record));
            if ours { LeaseChange::Set(self.record()) } else { LeaseChange::Keep }
        })?;
        Ok(ours)
    }

    /// Makes the lease last another ttl, and says whether it was still ours.
    fn extend(&self) -> Result<bool> {
        let mut ours = false;
        self.store.backend.lease(&self.name, &mut |record| {
            ours = record.is_some_and(|record| self.is_ours(record));
            if ours { LeaseChange::Set(self.record()) } else { LeaseChange::Keep }
        })?;
        Ok(ours)
    }

    fn give_back(&self) -> Result<bool> {
        let mut ours = false;
        self.store.backend.lease(&self.name, &mut |record| {
            ours = record.is_some_and(|record| self.is_ours(record));
            if ours { LeaseChange::Remove } else { LeaseChange::Keep }
        })?;
        Ok(ours)
    }

    /// The keeper's loop: a third of the ttl leaves room for two failures.
    fn keep(&self) {
        let mut state = self.state();
        while !state.released {
            let woken = self.changed.wait_timeout(state, self.ttl / 3);
            let (next, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
            state = next;
            if state.released || !timeout.timed_out() {
                continue;
            }
            drop(state);
            // A store that is busy or gone for a moment is tried again in time.
            let lost = matches!(self.extend(), Ok(false));
            state = self.state();
            if lost {
                state.lost = true;
                return;
            }
        }
    }

    fn record(&self) -> Vec<u8> {
        let machine = Machine::this();
        let (boot, wall) = (self.store.clock.boot() + self.ttl, self.store.now());
        let ttl = u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX);
        let mut record = String::new();
        // Writing to a String cannot fail.
        let _ = write!(
            record,
            "{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            self.token,
            machine.boot,
            machine.processes,
            std::process::id(),
            started(std::process::id()).unwrap_or_default(),
            boot.as_millis(),
            wall.saturating_add(ttl),
        );
        record.into_bytes()
    }

    fn is_ours(&self, record: &[u8]) -> bool {
        record.split(|byte| *byte == b'\n').next() == Some(self.token.as_bytes())
    }

    /// Whether a record is that of a holder who lives. One that cannot be read holds nothing.
    fn held(&self, record: &[u8]) -> bool {
        let text = String::from_utf8_lossy(record);
        let fields: Vec<&str> = text.split('\n').collect();
        let [_, boot, processes, pid, start, until, wall_until, ..] = fields.as_slice() else { return false };
        let machine = Machine::this();
        if *boot != machine.boot {
            return wall_until.parse().is_ok_and(|until: u64| self.store.now() < until);
        }
        if let Ok(pid) = pid.parse()
            && *processes == machine.processes
            && !machine.processes.is_empty()
            && started(pid).unwrap_or_default() != *start
        {
            return false;
        }
        until.parse().is_ok_and(|until: u128| self.store.clock.boot().as_millis() < until)
    }
}

/// What tells one boot and one table of processes from another; empty where the system does not say.
struct Machine {
    boot: String,
    processes: String,
}

impl Machine {
    fn this() -> &'static Self {
        static THIS: OnceLock<Machine> = OnceLock::new();
        THIS.get_or_init(|| {
            let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
            let processes = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
            Self { boot: boot.trim().to_owned(), processes: processes.display().to_string() }
        })
    }
}

/// When a process began, as the system counts it: the same number later may be another process.
fn started(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    // The name stands in parentheses and may hold anything; the 20th field behind it is the start.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    if fields.next() == Some("Z") {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

fn token() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Backend, format!("the system gives no random numbers: {error}; try again"))
    })?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
