//! What registered serializers write beside results: it comes and goes with its task.

use std::time::Duration;

use holdall_backend::Jobs;
use holdall_frame::Frame;
use holdall_store::beside::{Gone, Place, token_of};
use holdall_types::{Codec, Result};

use crate::envelope::Cargo;

/// Nobody holds a place's lock for longer than a few steps, unless they are stopped.
pub const LIMIT: Duration = Duration::from_secs(10);

/// Takes out what a task's result does not name; `own` too, whose writer is asking.
///
/// # Errors
/// Those of the backend and of the disk; `StoreBusy`.
pub fn prune(place: &Place, jobs: &dyn Jobs, id: &str, own: &str) -> Result<Vec<Gone>> {
    place.prune(id, Some(own), LIMIT, &|id| named(jobs, id))
}

/// Takes out all that no result names and nobody is writing: of tasks that are gone, and of workers that
/// were killed.
///
/// # Errors
/// As [`prune`].
pub fn sweep(place: &Place, jobs: &dyn Jobs) -> Result<Vec<Gone>> {
    place.sweep(LIMIT, &|id| named(jobs, id))
}

/// Which token the result of a task names. What cannot be read names what it did, whatever that was.
fn named(jobs: &dyn Jobs, id: &str) -> Result<Option<String>> {
    let Some(result) = jobs.outcome(id)?.and_then(|outcome| outcome.result) else { return Ok(None) };
    token_in(&result.bytes).map(|token| token.map(str::to_owned))
}

/// The token that the frame of a result names.
///
/// # Errors
/// `CorruptFrame` and `UnsupportedVersion` for what is no such frame.
pub fn token_in(frame: &[u8]) -> Result<Option<&str>> {
    let frame = Frame::read_front(frame)?;
    Ok(match Cargo::read_result(frame.payload)? {
        Cargo::Encoded(Codec::Pickle, bytes) => token_of(bytes),
        _ => None,
    })
}
