//! What the backends share below: locks between processes, waits that can be interrupted, sleeping until a file is written to, and
//! what must happen when the process forks.

#[cfg(unix)]
pub mod close_in_child;
pub mod fork;
pub mod lock;
pub mod reserve;
pub mod wait;
pub mod watch;
