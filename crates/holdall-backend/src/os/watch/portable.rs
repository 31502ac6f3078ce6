//! By looking again and again.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use holdall_types::Result;

use crate::jobs::{Waker, Watch};
use crate::os::fork::PerProcess;

use super::stamp;

const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A sleeper on one file.
#[derive(Debug)]
pub struct FileWatch {
    path: PathBuf,
    bell: Arc<PerProcess<Bell>>,
    seen: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Bell {
    rung: Mutex<bool>,
    call: Condvar,
}

impl Bell {
    fn rung(&self) -> MutexGuard<'_, bool> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FileWatch {
    /// What is written from now on ends the first wait.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        let seen = stamp(&path);
        Self { path, bell: Arc::default(), seen }
    }
}

impl Watch for FileWatch {
    fn wait(&mut self, limit: Duration) -> Result<()> {
        let began = Instant::now();
        let bell = self.bell.get_or_try_init(|| Ok(Bell::default()))?;
        loop {
            let now = stamp(&self.path);
            let changed = now != self.seen;
            self.seen = now;
            let mut rung = bell.rung();
            let left = limit.saturating_sub(began.elapsed());
            if changed || *rung || left.is_zero() {
                *rung = false;
                return Ok(());
            }
            let _ = bell.call.wait_timeout(rung, left.min(LOOK_EVERY));
        }
    }

    fn waker(&self) -> Waker {
        let bell = Arc::clone(&self.bell);
        Arc::new(move || {
            if let Ok(bell) = bell.get_or_try_init(|| Ok(Bell::default())) {
                *bell.rung() = true;
                bell.call.notify_all();
            }
        })
    }
}
