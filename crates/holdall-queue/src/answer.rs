//! An answer that another thread gives.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use holdall_backend::os::wait::interrupted;
use holdall_types::Result;

/// So often whoever waits looks whether he was interrupted.
const LOOK: Duration = Duration::from_millis(50);

/// A place for one answer.
pub(crate) struct Answer<T> {
    answer: Mutex<Option<Result<T>>>,
    given: Condvar,
}

impl<T> Default for Answer<T> {
    fn default() -> Self {
        Self { answer: Mutex::new(None), given: Condvar::new() }
    }
}

impl<T> Answer<T> {
    /// Gives the answer.
    pub(crate) fn set(&self, answer: Result<T>) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        self.given.notify_all();
    }

    /// Waits for it. `Interrupted` may end the wait before there is one.
    pub(crate) fn wait(&self) -> Result<T> {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(answer) = answer.take() {
                return answer;
            }
            let (held, timeout) =
                self.given.wait_timeout(answer, LOOK).unwrap_or_else(PoisonError::into_inner);
            answer = held;
            if timeout.timed_out() && answer.is_none() {
                // The check may wait for the interpreter, and whoever answers must not wait for that.
                drop(answer);
                interrupted()?;
                answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}
