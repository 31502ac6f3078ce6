//! The ids of tasks that were given none: ULIDs, in the order in which one process made them.

use std::sync::{LazyLock, Mutex, PoisonError};

use holdall_backend::os::fork::PerProcess;
use holdall_types::{Error, ErrorKind, Result};
use ulid::Ulid;

use crate::template::RESERVED;

/// An id holds so many bytes at most.
pub const MAX_ID: usize = 255;

/// A new id, greater than any that this process made before.
///
/// # Errors
/// `Backend` if the system gives no random numbers.
pub fn new(wall_ms: u64) -> Result<String> {
    // Each process begins with random bits of its own: a forked child that went on counting where its
    // parent stood would make its parent's ids.
    static LAST: LazyLock<PerProcess<Mutex<Ulid>>> = LazyLock::new(PerProcess::new);
    let last = LAST.get_or_try_init(|| Ok(Mutex::new(Ulid::nil())))?;
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let next = if last.timestamp_ms() >= wall_ms { last.increment().ok() } else { None };
    *last = match next {
        Some(next) => next,
        None => Ulid::from_parts(wall_ms.max(last.timestamp_ms() + 1), random()?),
    };
    Ok(last.to_string())
}

/// An id that somebody gives.
///
/// # Errors
/// `Validation` if it is empty or too long, or begins as those of a schedule's tasks do.
pub fn check(id: &str) -> Result<()> {
    if id.starts_with(RESERVED) {
        let message = format!("the id {id:?} begins as those of schedules' tasks; let it begin otherwise");
        return Err(Error::new(ErrorKind::Validation, message));
    }
    if (1..=MAX_ID).contains(&id.len()) {
        return Ok(());
    }
    let message = format!("the id of a task has 1 to {MAX_ID} bytes, not {}: {id:?}", id.len());
    Err(Error::new(ErrorKind::Validation, message))
}

fn random() -> Result<u128> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Backend, format!("the system gives no random numbers: {error}"))
    })?;
    // Half of the room at most is taken at once, so that what is counted up from there does not overflow.
    Ok(u128::from_le_bytes(bytes) >> 49)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_only_grow_whatever_the_clock_does() {
        let mut last = String::new();
        for wall in [5000, 5000, 5001, 4000, 5001, u64::from(u32::MAX), 0] {
            for _ in 0..100 {
                let id = new(wall).unwrap();
                assert_eq!(id.len(), 26);
                assert!(id > last, "{id} after {last}");
                last = id;
            }
        }
    }

    #[test]
    fn what_an_id_may_be() {
        assert!(check("a").is_ok() && check(&"é".repeat(127)).is_ok());
        for id in ["", &"x".repeat(256), "cron:a:5"] {
            assert_eq!(check(id).unwrap_err().kind(), ErrorKind::Validation);
        }
    }
}
