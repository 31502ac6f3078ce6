//! What a backend can do, so that nobody has to ask for its name.

/// What a backend declares about itself. Asking for what it lacks raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The scheme its URIs begin with: `memory`, `file`, `sqlite`.
    pub name: &'static str,
    /// A place beside the value for its header. Without one the header stands in front of the
    /// value, or the value is bare (`docs/format.md`).
    pub header_beside: bool,
    /// The calls wait for a disk or a network: the caller gives up the GIL meanwhile.
    pub blocking: bool,
    /// Other processes see the same values.
    pub shared: bool,
}
