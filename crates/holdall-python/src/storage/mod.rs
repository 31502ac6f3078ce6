//! What the storages of workflows stand on: entries, and where they lie as files.

mod claim;
mod entries;
mod kept;
mod shelf;

pub use claim::Claim;
pub use entries::Entries;
pub use kept::Kept;
pub use shelf::Shelf;
