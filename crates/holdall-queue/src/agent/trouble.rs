//! How long a backend that failed is left alone.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(2);

/// A backend that fails: it is asked again at once a little later, then less and less often.
#[derive(Debug)]
pub(super) struct Trouble {
    pause: Duration,
    until: Instant,
}

impl Trouble {
    pub fn new() -> Self {
        Self { pause: FIRST, until: Instant::now() + FIRST }
    }

    pub fn again(&mut self) {
        self.pause = (self.pause * 2).min(LONGEST);
        self.until = Instant::now() + self.pause;
    }

    /// How long it is still to be left alone; `None` if it is not.
    pub fn rest(&self) -> Option<Duration> {
        let rest = self.until.saturating_duration_since(Instant::now());
        (!rest.is_zero()).then_some(rest)
    }

    pub fn is_fresh(&self) -> bool {
        self.rest().is_some()
    }
}
