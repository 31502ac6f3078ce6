//! Sleeping until something changes.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use holdall_types::Result;

/// Ends a [`Watch::wait`] from any thread, the one under way or else the next.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// One sleeper. What changed before the last [`wait`](Watch::wait) ended may have been missed by
/// it; what changes after that ends the next one at once.
pub trait Watch: Send + Debug {
    /// Sleeps until something may have changed, the waker is called, or `limit` has passed. It may
    /// also end for no reason.
    ///
    /// # Errors
    /// `Backend` if the system refuses; the interrupt check is not made.
    fn wait(&mut self, limit: Duration) -> Result<()>;

    /// What ends the wait from outside.
    fn waker(&self) -> Waker;
}
