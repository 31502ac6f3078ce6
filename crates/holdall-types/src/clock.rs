//! Time, behind a trait so that tests can turn it.

use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the time comes from.
pub trait Clock: Send + Sync + Debug {
    /// Wall time in milliseconds since the Unix epoch: expiry and timestamps.
    fn wall_ms(&self) -> u64;

    /// Time since the machine booted, suspended time included: leases. It never jumps.
    fn boot(&self) -> Duration;

    /// Which boot that is: times of two boots cannot be compared. 0 where the system does not say.
    fn boot_id(&self) -> i64 {
        0
    }
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall_ms(&self) -> u64 {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn boot(&self) -> Duration {
        nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn boot(&self) -> Duration {
        use std::sync::OnceLock;
        use std::time::Instant;
        // Without a boot clock the wall clock at start, carried on by the monotonic one: two
        // processes agree as far as their wall clocks did when they started.
        static START: OnceLock<(Duration, Instant)> = OnceLock::new();
        let (wall, instant) = START.get_or_init(|| {
            let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            (wall, Instant::now())
        });
        *wall + instant.elapsed()
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn boot_id(&self) -> i64 {
        use std::sync::OnceLock;
        static ID: OnceLock<i64> = OnceLock::new();
        *ID.get_or_init(|| {
            let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
            let digits: String = text.chars().filter(char::is_ascii_hexdigit).take(15).collect();
            i64::from_str_radix(&digits, 16).unwrap_or_default()
        })
    }
}
