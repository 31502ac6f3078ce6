//! Things that happened once and that somebody may want to know.

use std::sync::OnceLock;

/// Where notices go.
pub type Listener = fn(&str);

static LISTENER: OnceLock<Listener> = OnceLock::new();

/// Sets where notices go. The first listener stays.
pub fn on_notice(listener: Listener) {
    let _ = LISTENER.set(listener);
}

pub(crate) fn notice(message: &str) {
    if let Some(listener) = LISTENER.get() {
        listener(message);
    }
}
